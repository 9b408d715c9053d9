import { timingSafeEqual } from 'node:crypto'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { deadLetterRoute, eventRoute, IGNORE_ROUTE, SERVICES } from '../contracts/topology.ts'
import { bulkOf } from './bulk.ts'
import type { Dapr } from './dapr.ts'
import { deadLetters } from './dead-letters.ts'
import { type DeliveryOptions, deliveries, type Status } from './delivery.ts'
import { type FlowOptions, serveFlow } from './flow.ts'
import { Problem } from './problem.ts'

export type { Handler, Handling, Together } from './delivery.ts'

export interface SubscriberOptions extends DeliveryOptions {
  topics: readonly string[]
  dapr: Pick<Dapr, 'metadata'>
  appApiToken?: string
  /** Of the app that publishes. */
  publishing?: FlowOptions['publishing']
}

type Reply = { status: Status } | { statuses: { entryId: string; status: Status }[] }

/** Routes the seed documents subscribe with, beside the canonical one. */
const ROUTE_ALIASES: Record<string, readonly string[]> = {
  'task-events': ['/task-events', '/events/task', '/events/task-created'],
  reminders: ['/reminders', '/events/reminder', '/events/reminder-due'],
}

/** Of a bulk of the largest events. */
const BODY_LIMIT = 4 * 1024 * 1024

/**
 * Serves the routes Dapr delivers to. Written here because DaprServer acknowledges a handler that throws and hides the
 * event's id.
 */
export function subscribe(app: FastifyInstance, options: SubscriberOptions): void {
  const { consumer, topics, dapr, metrics, publishing } = options
  requireContract(consumer, Object.keys(options.handlers))
  const receipts = serveFlow(app, { appId: consumer, topics, dapr, metrics, ...(publishing && { publishing }) })
  const { event, bulk } = deliveries(options, receipts)
  const delivered = async (topic: string, { headers, body }: FastifyRequest): Promise<Reply> => {
    const text = String(body ?? '')
    const several = bulkOf(text)
    if (!several) return { status: await event(topic, text, headers) }
    const words = await bulk(topic, several)
    return { statuses: several.map(({ entryId }, index) => ({ entryId, status: words[index]! })) }
  }
  const park = deadLetters(options)
  const parked = async (topic: string, { headers, body }: FastifyRequest): Promise<Reply> => {
    await park(topic, String(body ?? ''), headers)
    return { status: 'SUCCESS' }
  }
  // Subscriptions are declared as resources; an empty list says that there are none beside them.
  app.get('/dapr/subscribe', async () => [])
  app.register(async scope => {
    // The body must arrive whatever it is: a parse error would be a 400, which Dapr would repeat without end.
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', { parseAs: 'string', bodyLimit: BODY_LIMIT }, (_, body, done) => done(null, body))
    scope.addHook('onRequest', async request => requireToken(request, options.appApiToken))
    for (const topic of topics) {
      for (const route of [eventRoute(topic), ...(ROUTE_ALIASES[topic] ?? [])]) {
        scope.post(route, request => delivered(topic, request))
      }
      scope.post(deadLetterRoute(topic), request => parked(topic, request))
    }
    scope.post('/dead-letters', request => parked('dead-letters', request))
    scope.post(IGNORE_ROUTE, async ({ body }): Promise<Reply> => {
      const several = bulkOf(String(body ?? ''))
      return several
        ? { statuses: several.map(({ entryId }) => ({ entryId, status: 'SUCCESS' })) }
        : { status: 'SUCCESS' }
    })
  })
}

/** The console tells from the contract who is behind with what: a handler that it does not know would be work unseen. */
function requireContract(consumer: string, handled: readonly string[]): void {
  const handles = SERVICES.find(({ appId }) => appId === consumer)?.handles
  if (!handles || handles === 'all') return
  const [wanted, there] = [[...handles].sort(), [...handled].sort()].map(types => types.join(', '))
  if (wanted !== there) throw new Error(`${consumer} handles ${there}; its contract (topology.ts) says ${wanted}`)
}

/** @throws Problem TEP4003 when a token is configured and the caller does not send it */
export function requireToken(request: FastifyRequest, token: string | undefined): void {
  if (!token) return
  const sent = Buffer.from(String(request.headers['dapr-api-token'] ?? ''))
  const wanted = Buffer.from(token)
  if (sent.length !== wanted.length || !timingSafeEqual(sent, wanted)) {
    throw new Problem('TEP4003', 'This route is for the sidecar alone: the header dapr-api-token is missing or wrong.')
  }
}
