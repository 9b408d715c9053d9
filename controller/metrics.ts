import { Counter, Gauge, Histogram, Registry } from 'prom-client'

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
    leader: new Gauge({
      name: 'leader_election_master_status',
      help: '1 while this process leads.',
      labelNames: ['name'] as const,
      registers,
    }),
  }
  const controller = 'todoeventplatform'
  for (const result of ['success', 'error', 'requeue']) metrics.reconciles.inc({ controller, result }, 0)
  metrics.errors.inc({ controller }, 0)
  metrics.leader.set({ name: LEASE_NAME }, 0)
  return metrics
}

export const LEASE_NAME = 'todo-event-platform'
export type Metrics = ReturnType<typeof createMetrics>
