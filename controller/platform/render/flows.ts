import { APP } from '../desired.ts'
import type { EffectiveService } from '../effective-service.ts'
import { childName } from '../names.ts'
import { TOPICS } from '../providers/external-topics.ts'
import { strimziCluster } from '../providers/strimzi.ts'
import type { Context } from './context.ts'
import { asksOperator } from './environment.ts'
import { MIGRATIONS } from './migrations.ts'
import { PORT } from './pods.ts'
import { hasSidecar } from './sidecar.ts'

/** One end of a connection. */
export type Peer =
  /** Pods of ours. */
  | { component: string }
  /** Pods of others. No namespace: the platform's own; `any`: all. */
  | { labels: Record<string, string>; namespace?: string | 'any' }
  /** Every pod of some namespaces. */
  | { namespaces: string[] }
  /** Addresses outside the cluster. */
  | { cidr: string; except?: string[] }
  | 'anywhere'

export interface Flow {
  from: Peer
  to: Peer
  ports: { port: number; protocol: 'TCP' | 'UDP' }[]
}

const tcp = (...ports: number[]): Flow['ports'] => ports.map(port => ({ port, protocol: 'TCP' as const }))

const SIDECAR_METRICS_PORT = 9090
const SIDECAR_INTERNAL_PORT = 50_002
const POSTGRES_PORT = 5432
const KAFKA_TLS_PORT = 9093

/** Ports of Dapr's control plane as its pods open them (charts/dapr at 1.18), by the `app` label of the pods. */
const CONTROL_PLANE: readonly [app: string, port: number][] = [
  ['dapr-sentry', 50_001],
  ['dapr-operator', 6500],
  ['dapr-placement-server', 50_005],
  ['dapr-scheduler-server', 50_006],
]

/** CoreDNS by the label it has everywhere, and the address that NodeLocal DNSCache listens on. */
const NAME_SERVERS: Peer[] = [
  { labels: { 'k8s-app': 'kube-dns' }, namespace: 'kube-system' },
  { cidr: '169.254.20.10/32' },
]

/** Every address outside but the link-local ones, where clouds hand out credentials to whoever asks. */
const OUTSIDE: Peer[] = [
  { cidr: '0.0.0.0/0', except: ['169.254.0.0/16'] },
  { cidr: '::/0', except: ['fe80::/10'] },
]

/** Every connection that pods of the platform open or accept; policies are made from this list and from nothing else. Pure. */
export function flows(context: Context): Flow[] {
  const { effective, platform } = context
  const { networkPolicy, monitoring, services } = effective
  const jobs: Peer[] = [{ component: MIGRATIONS }, ...(effective.external ? [{ component: TOPICS }] : [])]
  const everyPod = [...services.map(component), ...jobs]
  const withDatabase = services.filter(({ contract }) => contract.usesDatabase).map(component)
  return [
    ...each(everyPod, NAME_SERVERS, [
      { port: 53, protocol: 'UDP' },
      { port: 53, protocol: 'TCP' },
    ]),
    ...each([{ component: 'web' }], services.filter(isNotWeb).map(component), tcp(PORT)),
    ...issuerFlows(context),
    ...[...withDatabase, { component: MIGRATIONS }].flatMap(from => databaseFlows(context, from)),
    ...services.filter(hasSidecar).flatMap(service => sidecarFlows(context, service)),
    ...(effective.external ? kafkaFlows(context, { component: TOPICS }) : []),
    ...notificationFlows(context),
    ...chatFlows(context),
    // The operator asks every service that has to do with events whether they reach it.
    ...each([operator(context)], services.filter(hasSidecar).map(component), tcp(PORT)),
    ...each(services.filter(service => asksOperator(context, service)).map(component), [operator(context)], tcp(PORT)),
    ...(platform.spec.ingress
      ? each([inbound(networkPolicy.ingressNamespaces)], [{ component: 'web' }], tcp(PORT))
      : []),
    ...(monitoring.enabled
      ? services.flatMap(service =>
          each(
            [scrapers(networkPolicy.monitoringNamespaces)],
            [component(service)],
            tcp(PORT, ...(hasSidecar(service) ? [SIDECAR_METRICS_PORT] : [])),
          ),
        )
      : []),
  ]
}

/** The operator by the labels its chart gives it. */
const operator = ({ settings }: Context): Peer => ({
  labels: { 'app.kubernetes.io/name': APP, 'app.kubernetes.io/component': 'controller' },
  namespace: settings.operatorNamespace ?? 'todo-system',
})

const component = ({ contract }: EffectiveService): Peer => ({ component: contract.service })
const isNotWeb = ({ contract }: EffectiveService): boolean => contract.service !== 'web'

const each = (from: Peer[], to: Peer[], ports: Flow['ports']): Flow[] =>
  from.flatMap(one => to.map(other => ({ from: one, to: other, ports })))

const inbound = (namespaces: string[]): Peer => (namespaces.length > 0 ? { namespaces } : 'anywhere')

const scrapers = (namespaces: string[]): Peer =>
  namespaces.length > 0 ? { namespaces } : { labels: { 'app.kubernetes.io/name': 'prometheus' }, namespace: 'any' }

/** Whoever checks tokens fetches the issuer's keys: from our web service in Development, else over the network. */
function issuerFlows({ effective }: Context): Flow[] {
  const { auth, services } = effective
  const checkers = services.filter(isNotWeb).map(component)
  if (auth.builtIn) return each(checkers, [{ component: 'web' }], tcp(PORT))
  const urls = [auth.issuer, auth.jwksUri].filter(url => URL.canParse(url))
  return distinct(checkers.flatMap(from => urls.flatMap(url => to(from, hostAndPort(url), 443))))
}

const hostAndPort = (url: string): string => {
  const { hostname, port, protocol } = new URL(url)
  return `${hostname}:${port || (protocol === 'http:' ? 80 : 443)}`
}

function databaseFlows({ platform, effective, facts }: Context, from: Peer): Flow[] {
  if (!effective.database.cloudnativepg) return to(from, facts.addresses.database ?? '', POSTGRES_PORT)
  const labels = { 'cnpg.io/cluster': childName(platform.metadata.name, 'db') }
  return [{ from, to: { labels }, ports: tcp(POSTGRES_PORT) }]
}

function sidecarFlows(context: Context, service: EffectiveService): Flow[] {
  const { effective, settings } = context
  const from = component(service)
  const { tracing } = effective.dapr
  const namespace = settings.daprNamespace ?? 'dapr-system'
  const callees = effective.services.filter(({ contract }) => service.contract.invokes.includes(contract.appId))
  return [
    ...CONTROL_PLANE.flatMap(([app, port]) => each([from], [{ labels: { app }, namespace }], tcp(port))),
    ...kafkaFlows(context, from),
    ...(tracing ? to(from, tracing.endpoint, 4317) : []),
    ...each([from], callees.map(component), tcp(SIDECAR_INTERNAL_PORT)),
  ]
}

function kafkaFlows(context: Context, from: Peer): Flow[] {
  const { effective, facts, platform } = context
  if (effective.kafka.provider === 'strimzi') {
    const { name, namespace } = strimziCluster(context)
    const labels = { 'strimzi.io/cluster': name, 'strimzi.io/kind': 'Kafka' }
    const isElsewhere = namespace !== platform.metadata.namespace
    const port = Number(facts.kafka.bootstrapServers?.split(':').at(-1) ?? KAFKA_TLS_PORT)
    return [{ from, to: { labels, ...(isElsewhere && { namespace }) }, ports: tcp(port) }]
  }
  const servers = (facts.kafka.bootstrapServers ?? '').split(',').filter(Boolean)
  return distinct(servers.flatMap(server => to(from, server.trim(), 9092)))
}

/** Mail goes to the server its Secret names; webhooks and push services are any host on the web. */
function notificationFlows({ effective, facts, platform }: Context): Flow[] {
  const service = effective.services.find(({ contract }) => contract.service === 'notification')
  if (!service) return []
  const { smtpSecretRef, vapidSecretRef, webhookAllowedHosts } = platform.spec.notifications ?? {}
  const from = component(service)
  return [
    ...(smtpSecretRef && facts.addresses.smtp ? to(from, facts.addresses.smtp, 587) : []),
    ...(vapidSecretRef || webhookAllowedHosts?.length ? each([from], OUTSIDE, tcp(443)) : []),
  ]
}

/** The language model behind the chat; only a component of Dapr's knows where that is. */
function chatFlows({ effective, platform }: Context): Flow[] {
  const service = effective.services.find(({ contract }) => contract.service === 'backend')
  const { baseUrl, component: ofDapr } = platform.spec.chat ?? {}
  if (!service) return []
  const address = URL.parse(baseUrl ?? '')
  return [
    ...(address ? to(component(service), address.host, address.protocol === 'http:' ? 80 : 443) : []),
    ...(ofDapr ? each([component(service)], OUTSIDE, tcp(443)) : []),
  ]
}

/** To `host:port`, as far as a policy can say it: a Service by its namespace, an address by itself, any other name outside. */
function to(from: Peer, server: string, defaultPort: number): Flow[] {
  const [, host = '', port] = /^(?:[a-z]+:\/\/)?(.*?)(?::(\d+))?\/?$/.exec(server) ?? []
  return each([from], peersOf(host), tcp(port ? Number(port) : defaultPort))
}

function peersOf(host: string): Peer[] {
  if (/^\d+\.\d+\.\d+\.\d+$/.test(host)) return [{ cidr: `${host}/32` }]
  const labels = host.split('.').filter(Boolean)
  // A bare name is a Service next to us; of two labels the second may be its namespace.
  if (labels.length === 1) return [{ labels: {} }]
  const isService = labels[2] === 'svc'
  const inCluster: Peer[] = isService || labels.length === 2 ? [{ namespaces: [labels[1]!] }] : []
  return isService ? inCluster : [...inCluster, ...OUTSIDE]
}

const distinct = (all: Flow[]): Flow[] => [...new Map(all.map(flow => [JSON.stringify(flow), flow])).values()]
