/** The API server's own CEL types: quantities, URLs and IP addresses (k8s.io/apiserver/pkg/cel/library). */
import { isIP } from 'node:net'
import type { Environment } from '@marcbachmann/cel-js'
import { quantity as quantityPattern } from './formats.ts'

const powers: Readonly<Record<string, readonly [base: bigint, exponent: number]>> = {
  n: [10n, -9],
  u: [10n, -6],
  m: [10n, -3],
  '': [10n, 0],
  k: [10n, 3],
  M: [10n, 6],
  G: [10n, 9],
  T: [10n, 12],
  P: [10n, 15],
  E: [10n, 18],
  Ki: [2n, 10],
  Mi: [2n, 20],
  Gi: [2n, 30],
  Ti: [2n, 40],
  Pi: [2n, 50],
  Ei: [2n, 60],
}
const nano = 10n ** 9n

/** A resource quantity, exact to the billionth as in Go. */
class Quantity {
  readonly #nanos: bigint

  constructor(nanos: bigint) {
    this.#nanos = nanos
  }

  static parse(text: string): Quantity {
    const [, sign, whole, fraction = '', suffix = ''] =
      (quantityPattern.test(text) && /^([+-]?)(\d*)(?:\.(\d*))?(.*)$/.exec(text)) || []
    if (whole === undefined) throw new Error(`quantity: cannot parse ${JSON.stringify(text)}`)
    const decimal = /^[eE]([+-]?\d+)$/.exec(suffix)
    const [base, exponent] = decimal ? ([10n, Number(decimal[1])] as const) : powers[suffix]!
    const digits = BigInt(`${whole}${fraction}` || '0') * nano
    const scale = 10n ** BigInt(fraction.length)
    const nanos =
      exponent >= 0 ? (digits * base ** BigInt(exponent)) / scale : digits / (scale * base ** BigInt(-exponent))
    return new Quantity(sign === '-' ? -nanos : nanos)
  }

  compareTo(other: Quantity): bigint {
    return this.#nanos < other.#nanos ? -1n : this.#nanos > other.#nanos ? 1n : 0n
  }

  plus(other: Quantity): Quantity {
    return new Quantity(this.#nanos + other.#nanos)
  }

  minus(other: Quantity): Quantity {
    return new Quantity(this.#nanos - other.#nanos)
  }

  get isInteger(): boolean {
    return this.#nanos % nano === 0n
  }

  asInteger(): bigint {
    if (!this.isInteger) throw new Error('cannot convert value to integer')
    return this.#nanos / nano
  }

  asFloat(): number {
    return Number(this.#nanos) / 1e9
  }

  get sign(): bigint {
    return this.#nanos < 0n ? -1n : this.#nanos > 0n ? 1n : 0n
  }
}

/** Absolute, or a path from the root (Go's url.ParseRequestURI). */
class ParsedUrl {
  readonly #url: URL
  readonly #absolute: boolean

  constructor(text: string) {
    this.#absolute = !text.startsWith('/')
    this.#url = new URL(text, 'http://localhost')
    if (this.#absolute && !/^[A-Za-z][-+.A-Za-z0-9]*:/.test(text))
      throw new Error(
        `URL parse error during conversion from string: parse ${JSON.stringify(text)}: invalid URI for request`,
      )
  }

  get scheme(): string {
    return this.#absolute ? this.#url.protocol.slice(0, -1) : ''
  }
  get host(): string {
    return this.#absolute ? this.#url.host : ''
  }
  get hostname(): string {
    return this.#absolute ? this.#url.hostname.replace(/^\[|\]$/g, '') : ''
  }
  get port(): string {
    return this.#url.port
  }
  get path(): string {
    return this.#url.pathname
  }
  get query(): Record<string, string[]> {
    const query: Record<string, string[]> = {}
    for (const [name, value] of this.#url.searchParams) query[name] = [...(query[name] ?? []), value]
    return query
  }
}

const parses = (make: () => unknown): boolean => {
  try {
    make()
    return true
  } catch {
    return false
  }
}

/** Adds them to an environment, which is returned. */
export function withKubernetesLibraries(environment: Environment): Environment {
  return environment
    .registerType('Quantity', Quantity)
    .registerFunction('quantity(string): Quantity', (text: string) => Quantity.parse(text))
    .registerFunction('isQuantity(string): bool', (text: string) => quantityPattern.test(text))
    .registerFunction('Quantity.isGreaterThan(Quantity): bool', (a: Quantity, b: Quantity) => a.compareTo(b) > 0n)
    .registerFunction('Quantity.isLessThan(Quantity): bool', (a: Quantity, b: Quantity) => a.compareTo(b) < 0n)
    .registerFunction('Quantity.compareTo(Quantity): int', (a: Quantity, b: Quantity) => a.compareTo(b))
    .registerFunction('Quantity.add(Quantity): Quantity', (a: Quantity, b: Quantity) => a.plus(b))
    .registerFunction('Quantity.sub(Quantity): Quantity', (a: Quantity, b: Quantity) => a.minus(b))
    .registerFunction('Quantity.isInteger(): bool', (a: Quantity) => a.isInteger)
    .registerFunction('Quantity.asInteger(): int', (a: Quantity) => a.asInteger())
    .registerFunction('Quantity.asApproximateFloat(): double', (a: Quantity) => a.asFloat())
    .registerFunction('Quantity.sign(): int', (a: Quantity) => a.sign)
    .registerType('URL', ParsedUrl)
    .registerFunction('url(string): URL', (text: string) => new ParsedUrl(text))
    .registerFunction('isURL(string): bool', (text: string) => parses(() => new ParsedUrl(text)))
    .registerFunction('URL.getScheme(): string', (url: ParsedUrl) => url.scheme)
    .registerFunction('URL.getHost(): string', (url: ParsedUrl) => url.host)
    .registerFunction('URL.getHostname(): string', (url: ParsedUrl) => url.hostname)
    .registerFunction('URL.getPort(): string', (url: ParsedUrl) => url.port)
    .registerFunction('URL.getEscapedPath(): string', (url: ParsedUrl) => url.path)
    .registerFunction('URL.getQuery(): map<string, list<string>>', (url: ParsedUrl) => url.query)
    .registerFunction('isIP(string): bool', (text: string) => isIP(text) !== 0)
}
