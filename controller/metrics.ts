import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { Manager } from './kube/manager.ts'

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
export const LEASE_NAME = 'todo-event-platform'
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
