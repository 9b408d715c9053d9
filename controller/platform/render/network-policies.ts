import type { Desired } from '../desired.ts'
import { childName } from '../names.ts'
import { KINDS } from '../platform.ts'
import { type Context, child } from './context.ts'
import { type Flow, flows, type Peer } from './flows.ts'
import { MIGRATIONS } from './migrations.ts'
import { podSelector } from './pods.ts'

/** The label that the API server itself puts on every namespace. */
const NAMESPACE_NAME = 'kubernetes.io/metadata.name'

/** One policy that closes every pod of the platform, and one for each component that opens what its flows need. */
export function renderNetworkPolicies(context: Context): Desired[] {
  if (!context.effective.networkPolicy.enabled) return []
  const all = flows(context)
  const components = [...context.effective.services.map(({ contract }) => contract.service), MIGRATIONS]
  return [
    policy(context, 'default-deny', podSelector(context), {}),
    ...components.map(component => {
      const is = (peer: Peer): boolean =>
        typeof peer === 'object' && 'component' in peer && peer.component === component
      const ingress = all.filter(({ to }) => is(to))
      const egress = all.filter(({ from }) => is(from))
      return policy(context, component, podSelector(context, component), {
        ingress: rules(context, ingress, 'from'),
        egress: rules(context, egress, 'to'),
      })
    }),
  ]
}

function policy(context: Context, component: string, matchLabels: Record<string, string>, rest: object): Desired {
  return child(context, {
    kind: KINDS.networkPolicy,
    name: childName(context.platform.metadata.name, component),
    component,
    part: 'foundation',
    body: { spec: { podSelector: { matchLabels }, policyTypes: ['Ingress', 'Egress'], ...rest } },
  })
}

/** Flows with the same ports become one rule. */
function rules(context: Context, some: Flow[], end: 'from' | 'to'): object[] {
  const byPorts = new Map<string, { ports: Flow['ports']; peers: Peer[] }>()
  for (const flow of some) {
    // No peer at all means everybody: that cannot stand beside others in one rule.
    const key = JSON.stringify([flow.ports, flow[end] === 'anywhere'])
    const rule = byPorts.get(key) ?? { ports: flow.ports, peers: [] }
    byPorts.set(key, rule)
    rule.peers.push(flow[end])
  }
  return [...byPorts.values()].map(({ ports, peers }) => {
    const named = peers.filter(peer => peer !== 'anywhere')
    return { ports, ...(named.length > 0 && { [end]: named.flatMap(peer => peerOf(context, peer)) }) }
  })
}

function peerOf(context: Context, peer: Exclude<Peer, 'anywhere'>): object[] {
  if ('cidr' in peer) return [{ ipBlock: peer }]
  if ('component' in peer) return [{ podSelector: { matchLabels: podSelector(context, peer.component) } }]
  if ('namespaces' in peer) return peer.namespaces.map(namespace => ({ namespaceSelector: inNamespace(namespace) }))
  return [
    {
      podSelector: Object.keys(peer.labels).length > 0 ? { matchLabels: peer.labels } : {},
      ...(peer.namespace && { namespaceSelector: peer.namespace === 'any' ? {} : inNamespace(peer.namespace) }),
    },
  ]
}

const inNamespace = (namespace: string): object => ({ matchLabels: { [NAMESPACE_NAME]: namespace } })
