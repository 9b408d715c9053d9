/** Metrics that exist, for alerts and dashboards to be held to. */
import { pino } from 'pino'
import type { Registry } from 'prom-client'
import { createMetrics } from '../../controller/metrics.ts'
import { createHttp } from '../../src/kit/http.ts'
import { startRelay } from '../../src/kit/relay.ts'
import { subscribe } from '../../src/kit/subscriber.ts'
import { createAlarms } from '../../src/services/notification/alarms.ts'

/** A metric is whatever a selector follows. */
export const metricsIn = (expr: string): string[] =>
  [...expr.matchAll(/([a-z_:][a-z0-9_:]*)\{/g)].map(([, name]) => name!)

/** Names of all series that the services and the operator expose. */
export async function exposed(): Promise<Set<string>> {
  const log = pino({ level: 'silent' }) as never
  const { app, metrics } = createHttp({ service: 'backend', log })
  subscribe(app, {
    consumer: 'c',
    topics: ['task-events'],
    handlers: {},
    dapr: {} as never,
    db: {} as never,
    log,
    metrics,
  })
  createAlarms({ metrics } as never)
  const relay = startRelay({ databaseUrl: 'postgresql://127.0.0.1:1/none', service: 'backend', metrics, log } as never)
  await relay.stop()
  await app.close()
  const names = async (registry: Registry): Promise<string[]> =>
    (await registry.getMetricsAsJSON()).flatMap(({ name, type }) =>
      String(type) === 'histogram' ? [`${name}_bucket`, `${name}_count`, `${name}_sum`] : [name],
    )
  return new Set([...(await names(metrics)), ...(await names(createMetrics().registry))])
}
