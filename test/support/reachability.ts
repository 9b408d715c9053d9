import type { KubeObject } from '../../controller/kube/objects.ts'

/**
 * Who reaches whom under a set of NetworkPolicies, by the rules of
 * https://kubernetes.io/docs/concepts/services-networking/network-policies/ and nothing of the code that made them.
 */
export interface Endpoint {
  name: string
  /** Absent: an address outside the cluster. */
  namespace?: string
  labels?: Record<string, string>
  ip?: string
}

interface Selector {
  matchLabels?: Record<string, string>
  matchExpressions?: { key: string; operator: string; values?: string[] }[]
}
interface Peer {
  podSelector?: Selector
  namespaceSelector?: Selector
  ipBlock?: { cidr: string; except?: string[] }
}
interface Rule {
  ports?: { port?: number | string; protocol?: string; endPort?: number }[]
  from?: Peer[]
  to?: Peer[]
}

const selects = ({ matchLabels = {}, matchExpressions = [] }: Selector, labels: Record<string, string>): boolean => {
  if (matchExpressions.length > 0) throw new Error('matchExpressions are not understood here')
  return Object.entries(matchLabels).every(([key, value]) => labels[key] === value)
}

const number = (ip: string): number => ip.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)

function inCidr(ip: string, cidr: string): boolean {
  const [base = '', bits = '32'] = cidr.split('/')
  if (base.includes(':')) return false
  const size = 2 ** (32 - Number(bits))
  return Math.floor(number(ip) / size) === Math.floor(number(base) / size)
}

function isPeer(peer: Peer, other: Endpoint, home: string): boolean {
  // A block speaks of addresses outside the cluster.
  if (peer.ipBlock) {
    const { cidr, except = [] } = peer.ipBlock
    return other.ip !== undefined && inCidr(other.ip, cidr) && !except.some(each => inCidr(other.ip!, each))
  }
  if (other.namespace === undefined) return false
  const inNamespace = peer.namespaceSelector
    ? selects(peer.namespaceSelector, { 'kubernetes.io/metadata.name': other.namespace })
    : other.namespace === home
  return inNamespace && selects(peer.podSelector ?? {}, other.labels ?? {})
}

/** Whether the policies that select `subject` let it speak to (or be spoken to by) `other`; with none, everything is open. */
function opens(
  policies: KubeObject[],
  direction: 'Ingress' | 'Egress',
  subject: Endpoint,
  other: Endpoint,
  port: number,
  protocol: string,
): boolean {
  const own = policies.filter(
    ({ metadata, spec }) =>
      metadata.namespace === subject.namespace &&
      (spec.policyTypes as string[]).includes(direction) &&
      selects(spec.podSelector, subject.labels ?? {}),
  )
  if (own.length === 0) return true
  const end = direction === 'Ingress' ? 'from' : 'to'
  return own.some(({ spec, metadata }) =>
    ((spec[direction.toLowerCase()] ?? []) as Rule[]).some(rule => {
      const ports = rule.ports ?? []
      const peers = rule[end] ?? []
      return (
        (ports.length === 0 || ports.some(each => each.port === port && (each.protocol ?? 'TCP') === protocol)) &&
        (peers.length === 0 || peers.some(peer => isPeer(peer, other, metadata.namespace!)))
      )
    }),
  )
}

/** `from → to: ports` of every pair of which at least one end is closed by a policy and something is open all the same. */
export function reachability(
  policies: KubeObject[],
  endpoints: Endpoint[],
  ports: readonly (readonly [port: number, protocol: 'TCP' | 'UDP'])[],
): Record<string, Record<string, string>> {
  const isClosed = (one: Endpoint): boolean =>
    policies.some(
      ({ metadata, spec }) => metadata.namespace === one.namespace && selects(spec.podSelector, one.labels ?? {}),
    )
  const matrix: Record<string, Record<string, string>> = {}
  for (const from of endpoints) {
    for (const to of endpoints) {
      if (from === to || !(isClosed(from) || isClosed(to))) continue
      const open = ports.filter(
        ([port, protocol]) =>
          (from.namespace === undefined || opens(policies, 'Egress', from, to, port, protocol)) &&
          (to.namespace === undefined || opens(policies, 'Ingress', to, from, port, protocol)),
      )
      if (open.length === 0) continue
      const row = matrix[from.name] ?? {}
      matrix[from.name] = row
      row[to.name] = open.map(([port, protocol]) => (protocol === 'TCP' ? `${port}` : `${port}/${protocol}`)).join(' ')
    }
  }
  return matrix
}
