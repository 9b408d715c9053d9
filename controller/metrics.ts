import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { Manager } from './kube/manager.ts'
import type { QueueObserver } from './kube/queue.ts'
import type { Transport } from './kube/transport.ts'

/** Named as controller-runtime names them, so that its dashboards work; every series begins at 0. */
export function createMetrics() {
  const registry = new Registry()
  const registers = [registry]
  const metrics = {
    registry,
    reconciles: new Counter({
      name: 'controller_runtime_reconcile_total',
      help: 'Reconciles by result.',
      labelNames: ['controller', 'result'] as const,
      registers,
    }),
    errors: new Counter({
      name: 'controller_runtime_reconcile_errors_total',
      help: 'Reconciles that failed.',
      labelNames: ['controller'] as const,
      registers,
    }),
    duration: new Histogram({
      name: 'controller_runtime_reconcile_time_seconds',
      help: 'Duration of a reconcile.',
      labelNames: ['controller'] as const,
      buckets: [0.005, 0.02, 0.1, 0.5, 2, 10],
      registers,
    }),
    writes: new Counter({
      name: 'todo_writes_total',
      help: 'Writes to the API server by verb, kind and reason.',
      labelNames: ['verb', 'kind', 'reason', 'ok'] as const,
      registers,
    }),
    watchTroubles: new Counter({
      name: 'todo_watch_troubles_total',
      help: 'Watches that broke and were resumed.',
      labelNames: ['kind', 'code'] as const,
      registers,
    }),
    staleness: new Gauge({
      name: 'todo_watch_staleness_seconds',
      help: 'Seconds since the API server was last heard on the watch of a kind; above 330 the watch is stale.',
      labelNames: ['kind', 'namespace'] as const,
      registers,
    }),
    crdOutdated: new Gauge({
      name: 'todo_crd_outdated',
      help: '1 while the served CRD lacks fields that this operator was built with.',
      registers,
    }),
    requests: new Counter({
      name: 'rest_client_requests_total',
      help: 'Requests to the API server by method and status; `<error>` where no answer came.',
      labelNames: ['code', 'method'] as const,
      registers,
    }),
    workers: new Gauge({
      name: 'controller_runtime_max_concurrent_reconciles',
      help: 'Keys that are reconciled at once at most.',
      labelNames: ['controller'] as const,
      registers,
    }),
    adds: new Counter({
      name: 'workqueue_adds_total',
      help: 'Keys added to the queue.',
      labelNames: ['name'] as const,
      registers,
    }),
    retries: new Counter({
      name: 'workqueue_retries_total',
      help: 'Failures that are tried again.',
      labelNames: ['name'] as const,
      registers,
    }),
    waited: new Histogram({
      name: 'workqueue_queue_duration_seconds',
      help: 'How long a key waits before it is reconciled.',
      labelNames: ['name'] as const,
      buckets: [0.001, 0.01, 0.1, 1, 10],
      registers,
    }),
    worked: new Histogram({
      name: 'workqueue_work_duration_seconds',
      help: 'How long a key is worked on.',
      labelNames: ['name'] as const,
      buckets: [0.001, 0.01, 0.1, 1, 10],
      registers,
    }),
    queue: new Gauge({
      name: 'workqueue_depth',
      help: 'Keys that wait to be reconciled.',
      labelNames: ['name'] as const,
      registers,
    }),
    delayed: new Gauge({
      name: 'workqueue_delayed',
      help: 'Keys that wait for a time, after a failure or by request.',
      labelNames: ['name'] as const,
      registers,
    }),
    active: new Gauge({
      name: 'controller_runtime_active_workers',
      help: 'Keys that are being reconciled.',
      labelNames: ['controller'] as const,
      registers,
    }),
    leader: new Gauge({
      name: 'leader_election_master_status',
      help: '1 while this process leads.',
      labelNames: ['name'] as const,
      registers,
    }),
  }
  const controller = CONTROLLER
  metrics.workers.set({ controller }, WORKERS)
  metrics.adds.inc({ name: controller }, 0)
  metrics.retries.inc({ name: controller }, 0)
  metrics.waited.zero({ name: controller })
  metrics.worked.zero({ name: controller })
  metrics.duration.zero({ controller })
  metrics.queue.set({ name: controller }, 0)
  metrics.delayed.set({ name: controller }, 0)
  metrics.active.set({ controller }, 0)
  for (const result of ['success', 'error', 'requeue']) metrics.reconciles.inc({ controller, result }, 0)
  metrics.errors.inc({ controller }, 0)
  metrics.leader.set({ name: LEASE_NAME }, 0)
  return metrics
}

/** The controller's name in metrics. */
export const CONTROLLER = 'todoeventplatform'
/** Keys reconciled at once. */
export const WORKERS = 2
export const LEASE_NAME = 'todo-event-platform'

/** What the queue tells while it works. */
export const queueObserver = (metrics: Metrics): Required<QueueObserver> => {
  const name = { name: CONTROLLER }
  return {
    added: () => metrics.adds.inc(name),
    taken: waitedMs => metrics.waited.observe(name, waitedMs / 1_000),
    done: tookMs => metrics.worked.observe(name, tookMs / 1_000),
    retried: () => metrics.retries.inc(name),
  }
}

/** A transport whose requests are counted. */
export const counted =
  (transport: Transport, metrics: Metrics): Transport =>
  async request => {
    const count = (code: string): void => metrics.requests.inc({ code, method: request.method })
    try {
      const answer = await transport(request)
      count(String(answer.status))
      return answer
    } catch (error) {
      count('<error>')
      throw error
    }
  }

/** What the manager knows at the moment of a scrape. */
export function observeManager(metrics: Metrics, manager: Pick<Manager, 'queue' | 'staleness'>): void {
  const { depth, delayed, active } = manager.queue
  metrics.queue.set({ name: CONTROLLER }, depth)
  metrics.delayed.set({ name: CONTROLLER }, delayed)
  metrics.active.set({ controller: CONTROLLER }, active)
  for (const { kind, namespace = '', seconds } of manager.staleness())
    metrics.staleness.set({ kind, namespace }, seconds)
}

export type Metrics = ReturnType<typeof createMetrics>
