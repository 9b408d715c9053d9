/**
 * resourceVersions are decimal numbers that order the changes of a kind, also across objects (KEP-5504, Kubernetes 1.35;
 * true of etcd always). Positive when `a` is newer, negative when it is older, 0 when equal; `undefined` when a server
 * uses something else, which must then be taken as it comes.
 */
export function compareVersions(a: string | undefined, b: string | undefined): number | undefined {
  if (!a || !b || !DECIMAL.test(a) || !DECIMAL.test(b)) return undefined
  if (a.length !== b.length) return a.length - b.length
  return a < b ? -1 : a > b ? 1 : 0
}

const DECIMAL = /^[1-9]\d*$/

export const isOlder = (a: string | undefined, b: string | undefined): boolean => (compareVersions(a, b) ?? 0) < 0
