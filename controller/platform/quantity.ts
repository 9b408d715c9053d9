const UNITS: Record<string, number> = {
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
}

/** `100Gi` and the like (the CRD admits nothing else) in bytes; `NaN` for what is no quantity. */
export function bytesOf(quantity: string): number {
  const [, amount, unit = ''] = /^([0-9]+(?:\.[0-9]+)?)([A-Za-z]*)$/.exec(quantity) ?? []
  return amount === undefined ? Number.NaN : Number(amount) * (UNITS[unit] ?? Number.NaN)
}
