import { KubeConfig } from '@kubernetes/client-node/dist/config.js'
import packageJson from '../package.json' with { type: 'json' }
import { serveHealth } from './health.ts'
import { KubeClient } from './kube/client.ts'
import { isKubeError, KubeError } from './kube/errors.ts'
import { eventRecorder } from './kube/events.ts'
import { LeaderLease } from './kube/lease.ts'
import { Manager, type Watched } from './kube/manager.ts'
import type { KubeObject } from './kube/objects.ts'
import { kubeConfigTransport } from './kube/transport.ts'
import { createMetrics, LEASE_NAME } from './metrics.ts'
import {
  CHILD_KINDS,
  FIELD_MANAGER,
  KINDS,
  PLATFORM_LABEL,
  PLATFORM_NAMESPACE_LABEL,
  platformKey,
} from './platform/platform.ts'
import { Reconciler } from './platform/reconciler.ts'
import { parseSettings } from './settings.ts'

const CONTROLLER = 'todoeventplatform'

const log = (level: 'info' | 'warn' | 'error', message: string, fields: object = {}): void =>
  console.log(JSON.stringify({ time: new Date().toISOString(), level, message, ...fields }))

const settings = parseSettings(process.argv, packageJson.version)
const kubeConfig = new KubeConfig()
kubeConfig.loadFromDefault()
const metrics = createMetrics()
const transport = kubeConfigTransport(kubeConfig)
const stop = new AbortController()

// The lease itself must be written before it is held: it alone goes through a client without the fence.
const lease = new LeaderLease(new KubeClient(transport), {
  namespace: settings.leaseNamespace,
  name: LEASE_NAME,
  onAcquired: () => {
    metrics.leader.set({ name: LEASE_NAME }, 1)
    log('info', 'leading', { identity: lease.identity })
    void manager.lead()
  },
  onLost: () => {
    // Whoever leads now must not meet writes of a process that is not sure to have stopped.
    log('error', 'the lease is lost; exiting')
    process.exit(1)
  },
})

const client = new KubeClient(transport, {
  before: settings.leaderElection ? lease.fence : () => {},
  after: ({ verb, kind, namespace, name, reason, ok }) => {
    metrics.writes.inc({ verb, kind: kind.kind, reason, ok: String(ok) })
    if (kind.kind !== 'Event') log('info', 'write', { verb, kind: kind.kind, namespace, name, reason, ok })
  },
})

const record = eventRecorder(client, FIELD_MANAGER, error =>
  log('warn', 'an Event could not be recorded', { error: String(error) }),
)

/** A child leads to its platform by label; Secrets and Kafkas of others may be inputs of any platform that refers to them. */
const keysOf = (object: KubeObject): string[] => {
  const { labels, namespace, name } = object.metadata
  if (object.kind === KINDS.platform.kind)
    return manager.cache
      .list(KINDS.platform, other => other.metadata.namespace === namespace)
      .map(other => platformKey(namespace!, other.metadata.name))
      .concat(platformKey(namespace!, name))
  const platform = labels?.[PLATFORM_LABEL]
  const home = labels?.[PLATFORM_NAMESPACE_LABEL]
  if (platform && home) return [platformKey(home, platform)]
  if (object.kind !== 'Secret' && object.kind !== 'Kafka') return []
  const uses = (candidate: KubeObject): boolean =>
    candidate.metadata.namespace === namespace || candidate['spec']?.kafka?.strimzi?.clusterRef?.namespace === namespace
  return manager.cache.list(KINDS.platform, uses).map(({ metadata }) => platformKey(metadata.namespace!, metadata.name))
}

const INPUT_KINDS: string[] = [KINDS.secret.kind, KINDS.kafka.kind, KINDS.topic.kind]
const namespaces = settings.namespaces.length > 0 ? settings.namespaces : [undefined]
const watches: Watched[] = namespaces.flatMap(namespace => [
  { ...KINDS.platform, keysOf, ...(namespace && { namespace }) },
  ...CHILD_KINDS.map(kind => ({
    ...kind,
    keysOf,
    ...(namespace && { namespace }),
    ...(!INPUT_KINDS.includes(kind.kind) && { labelSelector: PLATFORM_LABEL }),
  })),
])

const manager = new Manager({
  client,
  watches,
  reconcile: async key => {
    const end = metrics.duration.startTimer({ controller: CONTROLLER })
    try {
      const result = await reconciler.reconcile(key)
      metrics.reconciles.inc({
        controller: CONTROLLER,
        result: result?.requeueAfterMs === undefined ? 'success' : 'requeue',
      })
      return result
    } finally {
      end()
    }
  },
  onTrouble: (kind, error) => {
    metrics.watchTroubles.inc({ kind, code: error.code })
    log('warn', 'watch resumes', { kind, code: error.code, error: error.message })
  },
  onError: (key, error) => {
    metrics.errors.inc({ controller: CONTROLLER })
    metrics.reconciles.inc({ controller: CONTROLLER, result: 'error' })
    log('error', 'reconcile failed and will be tried again', {
      key,
      error: error instanceof Error ? error.message : String(error),
    })
  },
})

const reconciler = new Reconciler({ client, cache: manager.cache, record, settings })

const server = await serveHealth(
  { ready: () => manager.synced, metrics: metrics.registry },
  settings.healthHost,
  settings.healthPort,
).catch((error: NodeJS.ErrnoException) => {
  log(
    'error',
    `cannot listen on ${settings.healthHost}:${settings.healthPort} (${error.code}): choose another with --port`,
  )
  process.exit(1)
})

const shutDown = async (signal: string): Promise<void> => {
  log('info', 'stopping', { signal })
  await manager.stop()
  // Last, so that nobody leads while something is still being written here.
  stop.abort()
  await leading
  server.close()
  process.exit(0)
}
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void shutDown(signal))

log('info', 'starting', {
  version: settings.version,
  servicesImage: settings.servicesImage,
  namespaces: settings.namespaces,
})
manager.start()
const leading = settings.leaderElection ? lease.run(stop.signal) : manager.lead()
leading.catch((error: unknown) => {
  const known = isKubeError(error) ? error : new KubeError('Unexpected', String(error), 'never')
  log('error', 'leader election failed; exiting', { code: known.code, error: known.message })
  process.exit(1)
})
