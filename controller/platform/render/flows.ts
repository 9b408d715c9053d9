import type { EffectiveService } from '../effective-service.ts'
import { childName } from '../names.ts'
import { strimziCluster } from '../providers/strimzi.ts'
import type { Context } from './context.ts'
import { MIGRATIONS } from './migrations.ts'
import { PORT } from './pods.ts'
import { hasSidecar } from './sidecar.ts'

/** One end of a connection. */
export type Peer =
  /** Pods of ours, by component. */
  | { component: string }
  /** Pods of others. No namespace: the platform's own; `any`: all. */
  | { labels: Record<string, string>; namespace?: string | 'any' }
  /** Every pod of some namespaces. */
  | { namespaces: string[] }
  /** Addresses outside, as CIDR. */
  | { cidr: string }
  /** What cannot be said in labels or addresses: a host name, or nobody in particular. */
  | 'anywhere'

export interface Flow {
  from: Peer
  to: Peer
  ports: { port: number; protocol: 'TCP' | 'UDP' }[]
}

const tcp = (...ports: number[]): Flow['ports'] => ports.map(port => ({ port, protocol: 'TCP' as const }))

export const SIDECAR_METRICS_PORT = 9090
const SIDECAR_INTERNAL_PORT = 50_002
const POSTGRES_PORT = 5432

/** Ports of Dapr's control plane as its pods open them (charts/dapr at 1.18), by the `app` label of the pods. */
const CONTROL_PLANE: readonly [app: string, port: number][] = [
  ['dapr-sentry', 50_001],
  ['dapr-operator', 6500],
  ['dapr-placement-server', 50_005],
  ['dapr-scheduler-server', 50_006],
]

/** Every connection that pods of the platform open or accept; policies are made from this list and from nothing else. Pure. */
export function flows(context: Context): Flow[] {
  const { effective, facts, platform } = context
  const { services } = effective
  const component = ({ contract }: EffectiveService): Peer => ({ component: contract.service })
  const withSidecar = services.filter(hasSidecar)
  const withDatabase = services.filter(({ contract }) => contract.usesDatabase)
  const each = (from: Peer[], to: Peer[], ports: Flow['ports']): Flow[] =>
    ports.length === 0 ? [] : from.flatMap(one => to.map(other => ({ from: one, to: other, ports })))
  const everyPod = [...services.map(component), { component: MIGRATIONS }]
  return [
    ...each(everyPod, NAME_SERVERS, [
      { port: 53, protocol: 'UDP' },
      { port: 53, protocol: 'TCP' },
    ]),
    ...each(
      [{ component: 'web' }],
      services.filter(({ contract }) => contract.service !== 'web').map(component),
      tcp(PORT),
    ),
    ...issuerFlows(context),
    ...each(
      [...withDatabase.map(component), { component: MIGRATIONS }],
      [databasePeer(context)],
      tcp(databasePort(context)),
    ),
    ...withSidecar.flatMap(service => [
      ...CONTROL_PLANE.flatMap(([app, port]) =>
        each([component(service)], [{ labels: { app }, namespace: daprNamespace(context) }], tcp(port)),
      ),
      ...kafkaFlows(context, component(service)),
      ...tracingFlows(context, component(service)),
      ...services
        .filter(({ contract }) => service.contract.invokes.includes(contract.appId))
        .flatMap(callee => each([component(service)], [component(callee)], tcp(SIDECAR_INTERNAL_PORT))),
    ]),
    ...notificationFlows(context),
    ...(platform.spec.ingress
      ? each([inbound(effective.networkPolicy.ingressNamespaces)], [{ component: 'web' }], tcp(PORT))
      : []),
    ...(effective.monitoring.enabled
      ? services.flatMap(service =>
          each(
            [scrapers(effective.networkPolicy.monitoringNamespaces)],
            [component(service)],
            tcp(PORT, ...(hasSidecar(service) ? [SIDECAR_METRICS_PORT] : [])),
          ),
        )
      : []),
  ]

  function databasePort(_: Context): number {
    return effective.database.cloudnativepg ? POSTGRES_PORT : (facts.ports.database ?? POSTGRES_PORT)
  }
}

/** CoreDNS by the label it has everywhere, and the address that NodeLocal DNSCache listens on. */
const NAME_SERVERS: Peer[] = [
  { labels: { 'k8s-app': 'kube-dns' }, namespace: 'kube-system' },
  { cidr: '169.254.20.10/32' },
]

const daprNamespace = ({ settings }: Context): string => settings.daprNamespace ?? 'dapr-system'

const inbound = (namespaces: string[]): Peer => (namespaces.length > 0 ? { namespaces } : 'anywhere')

const scrapers = (namespaces: string[]): Peer =>
  namespaces.length > 0 ? { namespaces } : { labels: { 'app.kubernetes.io/name': 'prometheus' }, namespace: 'any' }

function databasePeer({ platform, effective }: Context): Peer {
  return effective.database.cloudnativepg
    ? { labels: { 'cnpg.io/cluster': childName(platform.metadata.name, 'db') } }
    : 'anywhere'
}

/** Whoever checks tokens fetches the issuer's keys: from our web service in Development, else over the network. */
function issuerFlows({ effective }: Context): Flow[] {
  const { auth, services } = effective
  const checkers = services.filter(({ contract }) => contract.service !== 'web')
  const from = checkers.map(({ contract }): Peer => ({ component: contract.service }))
  if (auth.builtIn) return from.map(one => ({ from: one, to: { component: 'web' }, ports: tcp(PORT) }))
  const ports = [...new Set([auth.issuer, auth.jwksUri].filter(url => URL.canParse(url)).map(portOfUrl))].sort()
  return ports.length === 0 ? [] : from.map(one => ({ from: one, to: 'anywhere', ports: tcp(...ports) }))
}

const portOfUrl = (url: string): number => {
  const { port, protocol } = new URL(url)
  return port ? Number(port) : protocol === 'http:' ? 80 : 443
}

function kafkaFlows(context: Context, from: Peer): Flow[] {
  const { effective, facts, platform } = context
  if (effective.kafka.provider === 'strimzi') {
    const { name, namespace } = strimziCluster(context)
    const labels = { 'strimzi.io/cluster': name, 'strimzi.io/kind': 'Kafka' }
    return [{ from, to: { labels, ...(namespace !== platform.metadata.namespace && { namespace }) }, ports: tcp(9093) }]
  }
  const servers = (facts.kafka.bootstrapServers ?? '').split(',').filter(Boolean)
  return distinct(servers.map(server => ({ from, ...address(server.trim(), 9092) })))
}

function tracingFlows({ effective }: Context, from: Peer): Flow[] {
  const { tracing } = effective.dapr
  return tracing ? [{ from, ...address(tracing.endpoint, 4317) }] : []
}

/** Mail goes to the server its Secret names; webhooks and push services are any host on the web. */
function notificationFlows({ effective, facts, platform }: Context): Flow[] {
  if (!effective.services.some(({ contract }) => contract.service === 'notification')) return []
  const { smtpSecretRef, vapidSecretRef, webhookAllowedHosts } = platform.spec.notifications ?? {}
  const ports = [
    ...(smtpSecretRef && facts.ports.smtp ? [facts.ports.smtp] : []),
    ...(vapidSecretRef || webhookAllowedHosts?.length ? [443] : []),
  ]
  return ports.length === 0 ? [] : [{ from: { component: 'notification' }, to: 'anywhere', ports: tcp(...ports) }]
}

/** `host:port` as far as a policy can say it: a Service of this cluster by its namespace, anything else anywhere. */
function address(server: string, defaultPort: number): Pick<Flow, 'to' | 'ports'> {
  const [, host = server, port] = /^(?:[a-z]+:\/\/)?(.*?)(?::(\d+))?\/?$/.exec(server) ?? []
  const ports = tcp(port ? Number(port) : defaultPort)
  const [, namespace] = /^[^.]+\.([^.]+)\.svc(?:\.|$)/.exec(host) ?? []
  if (namespace) return { to: { namespaces: [namespace] }, ports }
  // A bare name is a Service next to us.
  return { to: host.includes('.') ? 'anywhere' : { labels: {} }, ports }
}

const distinct = (all: Flow[]): Flow[] => [...new Map(all.map(flow => [JSON.stringify(flow), flow])).values()]
