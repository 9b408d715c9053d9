import type { FastifyInstance } from 'fastify'
import { Counter, type Registry } from 'prom-client'
import { normalise } from '../../contracts/events/index.ts'
import { eventRoute, IGNORE_ROUTE } from '../../contracts/topology.ts'
import type { Dapr } from '../../kit/dapr.ts'
import { serveFlow } from '../../kit/flow.ts'
import type { Logger } from '../../kit/log.ts'
import { requireToken } from '../../kit/subscriber.ts'
import type { Hub } from './hub.ts'
import type { Announcement, Presence } from './presence.ts'

export interface DeliveryOptions {
  appId: string
  dapr: Pick<Dapr, 'metadata'>
  topics: readonly string[]
  hub: Hub
  presence: Presence
  log: Logger
  metrics: Registry
  appApiToken: string | undefined
}

/** What concerns the user in front of a screen; dead letters and the like share the topic and do not. */
const SHOWN = /^(ui|notification)\./

/**
 * Serves the routes Dapr delivers to. Every delivery is acknowledged: a view keeps no dead letters, and an event that
 * cannot be read would come again for ever.
 */
export function serveDeliveries(app: FastifyInstance, options: DeliveryOptions): void {
  const { hub, presence, log } = options
  const receipts = serveFlow(app, options)
  const consumed = new Counter({
    name: 'events_consumed_total',
    help: 'Deliveries by outcome.',
    labelNames: ['topic', 'outcome'],
    registers: [options.metrics],
  })
  const take = (topic: string, body: string): string => {
    const result = normalise(body, { topic })
    if (result.outcome !== 'event') {
      log.warn({ topic, outcome: result.outcome }, 'event is left out')
      return result.outcome
    }
    if (result.type === 'canary.sent') {
      receipts.arrived(topic, result.event.time)
      return 'canary'
    }
    if (result.type === 'presence.changed') {
      presence.heard(result.event.data as Announcement, Date.parse(result.event.time))
      return 'presence'
    }
    if (!SHOWN.test(result.type)) return 'ignored'
    const { id, type, time, subject, sequence, data } = result.event
    const shown = JSON.stringify({ id, type, time, subject, sequence, data })
    return hub.publish(data.user_id, id, shown) ? 'sent' : 'duplicate'
  }
  app.register(async scope => {
    // The body must arrive whatever it is: a parse error would be a 400, which Dapr would repeat without end.
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body))
    scope.addHook('onRequest', async request => requireToken(request, options.appApiToken))
    for (const topic of options.topics) {
      scope.post(eventRoute(topic), async request => {
        consumed.inc({ topic, outcome: take(topic, String(request.body ?? '')) })
        return { status: 'SUCCESS' }
      })
    }
    scope.post(IGNORE_ROUTE, async () => ({ status: 'SUCCESS' }))
    // Subscriptions are declared as resources; an empty list says that there are none beside them.
    scope.get('/dapr/subscribe', async () => [])
  })
}
