import { CANARY_SECONDS } from '../src/contracts/flow.ts'
import { CrdCheck } from './crd/check.ts'
import { KubeClient } from './kube/client.ts'
import type { Clock } from './kube/clock.ts'
import { isKubeError, KubeError } from './kube/errors.ts'
import { eventRecorder } from './kube/events.ts'
import { LeaderLease } from './kube/lease.ts'
import { Manager } from './kube/manager.ts'
import type { Random } from './kube/random.ts'
import type { Transport } from './kube/transport.ts'
import { CONTROLLER, counted, LEASE_NAME, type Metrics, queueObserver, WORKERS } from './metrics.ts'
import { askDirectly, askThroughApiServer } from './platform/flow/door.ts'
import { Prober } from './platform/flow/prober.ts'
import { FIELD_MANAGER, KINDS, platformKey } from './platform/platform.ts'
import { INDEXES, project } from './platform/project.ts'
import { Reconciler } from './platform/reconciler.ts'
import type { Settings } from './settings.ts'
import { type AnswerView, createViews } from './views.ts'
import { watchesOf } from './watches.ts'

export type Log = (level: 'info' | 'warn' | 'error', message: string, fields?: object) => void

export interface ControllerOptions {
  transport: Transport
  clock: Clock
  random: Random
  settings: Pick<Settings, 'version' | 'servicesImage' | 'namespaces' | 'leaseNamespace' | 'leaderElection'> &
    Partial<Pick<Settings, 'daprNamespace' | 'url' | 'probe' | 'canarySeconds' | 'healAfterCanaries'>>
  metrics: Metrics
  log: Log
  /** Whether to look if the served CRD is as old as this operator. Defaults to false. */
  checkCrd?: boolean
}

export interface Controller {
  readonly manager: Manager
  readonly lease: LeaderLease
  /** What the console of a platform is told; whoever stands by knows as much as whoever leads. */
  readonly view: AnswerView
  /** True once every kind was listed, or is known to be absent. */
  ready(): boolean
  /** Resolves when the controller is over: stopped, killed, or without its lease, in which case `error` says why. */
  readonly ended: Promise<{ error?: KubeError }>
  /** Finishes what is at work, writes nothing more, gives the lease back. */
  stop(): Promise<void>
  /** As a process that dies: no request leaves any more, no answer arrives. */
  kill(): void
}

/** Wires a whole controller over one transport and begins to watch; it reconciles once it leads. */
export function startController({
  transport,
  clock,
  random,
  settings,
  metrics,
  log,
  checkCrd = false,
}: ControllerOptions): Controller {
  const dead = new AbortController()
  const leaving = new AbortController()
  const ended = Promise.withResolvers<{ error?: KubeError }>()
  const living = mortal(counted(transport, metrics), dead.signal)

  const client = new KubeClient(living, {
    clock,
    observer: {
      before: () => {
        if (settings.leaderElection) lease.fence()
      },
      after: ({ verb, kind, namespace, name, reason, ok }) => {
        metrics.writes.inc({ verb, kind: kind.kind, reason, ok: String(ok) })
        if (kind.kind !== 'Event') log('info', 'write', { verb, kind: kind.kind, namespace, name, reason, ok })
      },
    },
  })
  // The lease itself must be written before it is held: it alone goes through a client without the fence.
  const lease = new LeaderLease(client.unobserved(), {
    namespace: settings.leaseNamespace,
    name: LEASE_NAME,
    clock,
    random,
    onAcquired: () => {
      metrics.leader.set({ name: LEASE_NAME }, 1)
      log('info', 'leading', { identity: lease.identity })
      void lead()
    },
    onLost: () => {
      // Whoever leads now must not meet writes of a process that is not sure to have stopped.
      metrics.leader.set({ name: LEASE_NAME }, 0)
      log('error', 'the lease is lost', { identity: lease.identity })
      kill(new KubeError('NotLeader', `the lease ${LEASE_NAME} is lost`, 'backoff'))
    },
    onTrouble: error => log('warn', 'the lease could not be had', { code: error.code, error: error.message }),
  })

  const record = eventRecorder(
    client,
    FIELD_MANAGER,
    error => log('warn', 'an Event could not be recorded', { error: String(error) }),
    clock,
  )
  const manager = new Manager({
    client,
    watches: watchesOf(settings.namespaces, () => manager.cache),
    project,
    indexes: INDEXES,
    queue: { workers: WORKERS, observer: queueObserver(metrics) },
    clock,
    random,
    reconcile: async key => {
      const started = clock.monotonic()
      try {
        const result = await reconciler.reconcile(key)
        metrics.reconciles.inc({
          controller: CONTROLLER,
          result: result?.requeueAfterMs === undefined ? 'success' : 'requeue',
        })
        return result
      } finally {
        metrics.duration.observe({ controller: CONTROLLER }, (clock.monotonic() - started) / 1_000)
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
  const { probe = 'none', canarySeconds = CANARY_SECONDS, version, leaseNamespace: operatorNamespace } = settings
  const prober =
    probe === 'none'
      ? undefined
      : new Prober({
          cache: manager.cache,
          ask: probe === 'direct' ? askDirectly : askThroughApiServer(client),
          clock,
          version,
          canarySeconds,
          onTurn: key => manager.enqueue(key),
          onTrouble: (key, error) =>
            log('warn', 'whether events flow could not be looked at', { key, error: String(error) }),
        })
  const crd = checkCrd
    ? new CrdCheck({
        transport: living,
        clock,
        onTurn: missing => {
          metrics.crdOutdated.set(missing.length > 0 ? 1 : 0)
          if (missing.length > 0) log('warn', 'CRDOutdated: the served CRD is older than this operator', { missing })
          for (const { metadata } of manager.cache.list(KINDS.platform))
            manager.enqueue(platformKey(metadata.namespace!, metadata.name))
        },
        onTrouble: error => log('warn', 'the served CRD could not be looked at', { error: error.message }),
      })
    : undefined
  const world = { cache: manager.cache, settings: { ...settings, operatorNamespace }, random }
  const reconciler = new Reconciler({
    client,
    record,
    clock,
    ...world,
    healAfterMs: (settings.healAfterCanaries ?? 0) * canarySeconds * 1_000,
    ...(prober && { flowOf: ({ metadata }) => prober.flowOf(metadata.uid) }),
    ...(crd && { crdMissing: () => crd.missing }),
  })

  /** Whoever stands by asks nobody: what it would learn is for the status, which it may not write. */
  async function lead(): Promise<void> {
    await manager.lead()
    if (!leaving.signal.aborted) prober?.start()
  }

  function kill(error?: KubeError): void {
    dead.abort()
    leaving.abort()
    prober?.stop()
    crd?.stop()
    void manager.stop()
    ended.resolve(error ? { error } : {})
  }

  manager.start()
  void crd?.look()
  const leading = settings.leaderElection ? lease.run(leaving.signal) : lead()
  leading.catch((error: unknown) =>
    kill(isKubeError(error) ? error : new KubeError('Unexpected', String(error), 'never', {}, error)),
  )
  return {
    manager,
    lease,
    view: createViews(world, () => crd?.missing),
    ready: () => manager.synced,
    ended: ended.promise,
    async stop() {
      prober?.stop()
      crd?.stop()
      await manager.stop()
      if (!settings.leaderElection || lease.held)
        await reconciler
          .leave(operatorNamespace)
          .catch((error: unknown) => log('error', 'a platform could not be let go of', { error: String(error) }))
      // Last, so that nobody leads while something is still being written here.
      leaving.abort()
      await leading
      ended.resolve({})
    },
    kill: () => kill(),
  }
}

/** A transport that dies with the signal: nothing is sent any more, and answers still under way are dropped. */
function mortal(transport: Transport, dead: AbortSignal): Transport {
  const alive = (): void => {
    if (dead.aborted) throw new KubeError('Unreachable', 'the controller is stopped', 'never')
  }
  return async request => {
    alive()
    const answer = await transport(request)
    if (dead.aborted) answer.body.destroy()
    alive()
    return answer
  }
}
