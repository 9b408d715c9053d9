import { timingSafeEqual } from 'node:crypto'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Counter, Histogram, type Registry } from 'prom-client'
import {
  canonicalJson,
  createEvent,
  type EventType,
  type Normalised,
  normalise,
  type TodoEvent,
  unwrap,
  uuidv5,
} from '../contracts/events/index.ts'
import { deadLetterRoute, eventRoute, IGNORE_ROUTE, SERVICES } from '../contracts/topology.ts'
import type { Dapr } from './dapr.ts'
import type { Database, Sql } from './db.ts'
import { type FlowOptions, serveFlow } from './flow.ts'
import { claim, type Failure, recordDeadLetter, recordFailure } from './inbox.ts'
import type { Logger } from './log.ts'
import { append } from './outbox.ts'
import { Problem } from './problem.ts'
import type { Receipts } from './receipts.ts'

/** What a handler gets besides the event. */
export interface Handling {
  sql: Sql
  topic: string
  log: Logger
  /** Runs after the commit; its failure is logged and changes nothing. */
  afterCommit(work: () => Promise<void> | void): void
}

/** The effect of one event, in the transaction that also claims it. A throw rolls back and asks for another delivery. */
export type Handler = (event: TodoEvent, handling: Handling) => Promise<void>

export interface SubscriberOptions {
  /** Name under which events are claimed: the app-id. */
  consumer: string
  topics: readonly string[]
  /** Keyed by short type; a type without a handler is acknowledged. */
  handlers: Partial<Record<EventType, Handler>>
  db: Database
  dapr: Pick<Dapr, 'metadata'>
  log: Logger
  metrics: Registry
  appApiToken?: string
  /** Of the app that publishes. */
  publishing?: FlowOptions['publishing']
}

/** Exactly the statuses Dapr knows; any other word means "deliver again, for ever". */
type Reply = { status: 'SUCCESS' | 'RETRY' | 'DROP' }

/** Routes the seed documents subscribe with, beside the canonical one. */
const ROUTE_ALIASES: Record<string, readonly string[]> = {
  'task-events': ['/task-events', '/events/task', '/events/task-created'],
  reminders: ['/reminders', '/events/reminder', '/events/reminder-due'],
}

const BODY_LIMIT = 2 * 1024 * 1024

/**
 * Serves the routes Dapr delivers to. Written here because DaprServer acknowledges a handler that throws and hides the
 * event's id. One event is one transaction: claim, effect, events that follow from it.
 */
export function subscribe(app: FastifyInstance, options: SubscriberOptions): void {
  const { consumer, topics, dapr, metrics, publishing } = options
  requireContract(consumer, Object.keys(options.handlers))
  const receipts = serveFlow(app, { appId: consumer, topics, dapr, metrics, ...(publishing && { publishing }) })
  const deliver = delivery(options, receipts)
  // Subscriptions are declared as resources; an empty list says that there are none beside them.
  app.get('/dapr/subscribe', async () => [])
  app.register(async scope => {
    // The body must arrive whatever it is: a parse error would be a 400, which Dapr would repeat without end.
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', { parseAs: 'string', bodyLimit: BODY_LIMIT }, (_, body, done) => done(null, body))
    scope.addHook('onRequest', async request => requireToken(request, options.appApiToken))
    for (const topic of topics) {
      for (const route of [eventRoute(topic), ...(ROUTE_ALIASES[topic] ?? [])]) {
        scope.post(route, request => deliver.event(topic, request))
      }
      scope.post(deadLetterRoute(topic), request => deliver.deadLetter(topic, request))
    }
    scope.post('/dead-letters', request => deliver.deadLetter('dead-letters', request))
    scope.post(IGNORE_ROUTE, async (): Promise<Reply> => ({ status: 'SUCCESS' }))
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

function delivery(options: SubscriberOptions, receipts: Receipts) {
  const { consumer, handlers, db, log } = options
  const count = counters(options.metrics)

  async function event(topic: string, request: FastifyRequest): Promise<Reply> {
    const body = String(request.body ?? '')
    const result = normaliseDelivery(topic, request, body)
    // A canary has no effect, so there is nothing to claim, and it is not counted as work.
    if (result.outcome === 'event' && result.type === 'canary.sent') {
      receipts.arrived(topic, result.event.time)
      return { status: 'SUCCESS' }
    }
    const done = count.duration.startTimer({ topic })
    const outcome = await handle(topic, result, body)
    done()
    const type = result.outcome === 'event' ? result.type : result.outcome
    count.consumed.inc({ topic, type, outcome })
    return { status: replies[outcome] }
  }

  async function handle(topic: string, result: Normalised, body: string): Promise<Outcome> {
    if (result.outcome === 'unknown') return 'unknown'
    if (result.outcome === 'invalid') {
      log.warn({ topic, code: result.code, field: result.field, reason: result.reason }, 'event is invalid')
      const { code, reason, field, id } = result
      const failure = {
        consumer,
        topic,
        body,
        code,
        fingerprint: fingerprint(body),
        eventId: id ?? null,
        userId: userOf(body),
        type: result.type ?? '',
      }
      return store({ ...failure, reason: field ? `${field}: ${reason}` : reason }, 'invalid')
    }
    if (result.legacy) count.legacy(result.legacy)
    const handler = handlers[result.type]
    if (!handler) return 'ignored'
    return apply(topic, result.event, result.type, handler, body)
  }

  async function apply(
    topic: string,
    todoEvent: TodoEvent,
    type: EventType,
    handler: Handler,
    body: string,
  ): Promise<Outcome> {
    const child = log.child({ event: todoEvent.id, type, topic, traceparent: todoEvent.traceparent })
    let after: (() => Promise<void> | void)[] = []
    try {
      const fresh = await db.tx({ userId: todoEvent.data.user_id }, async sql => {
        after = []
        if (!(await claim(sql, consumer, todoEvent))) return false
        await handler(todoEvent, { sql, topic, log: child, afterCommit: work => after.push(work) })
        return true
      })
      if (!fresh) return 'duplicate'
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      child.error({ err: error }, 'event handler failed; it will be delivered again')
      const failure = { consumer, topic, body, type, reason, fingerprint: fingerprint(body) }
      const of = { eventId: todoEvent.id, userId: todoEvent.data.user_id }
      return store({ ...failure, ...of, code: 'TEP4105' }, 'failed')
    }
    for (const work of after) {
      await Promise.resolve(work()).catch(error => child.warn({ err: error }, 'work after the commit failed'))
    }
    return 'handled'
  }

  /** A reason that cannot be stored must not be lost: the event is asked for again. */
  async function store(failure: Failure, outcome: Outcome): Promise<Outcome> {
    try {
      await db.tx({}, sql => recordFailure(sql, failure))
      return outcome
    } catch (error) {
      log.error({ err: error }, 'the reason of a failure could not be stored')
      return 'failed'
    }
  }

  async function deadLetter(topic: string, request: FastifyRequest): Promise<Reply> {
    const body = String(request.body ?? '')
    const result = normaliseDelivery(topic, request, body)
    const eventId =
      result.outcome === 'event' ? result.event.id : result.outcome === 'invalid' ? (result.id ?? null) : null
    const type = result.outcome === 'event' ? result.type : (result.type ?? '')
    const userId = result.outcome === 'event' ? result.event.data.user_id : userOf(body)
    const letter = { consumer, topic, body, eventId, userId, type, fingerprint: fingerprint(body) }
    await db.tx({}, async sql => {
      const reason = await recordDeadLetter(sql, { ...letter, code: 'TEP4105', reason: 'no reason was recorded' })
      // A consumer that fails on the news of a parked event must not make news of that.
      if (reason !== undefined && !type.startsWith('dlq.')) await append(sql, [parked(letter, reason)])
    })
    count.deadLetters.inc({ topic })
    return { status: 'SUCCESS' }
  }

  return { event, deadLetter }
}

type Outcome = 'handled' | 'duplicate' | 'ignored' | 'unknown' | 'invalid' | 'failed'

const replies: Record<Outcome, Reply['status']> = {
  handled: 'SUCCESS',
  duplicate: 'SUCCESS',
  ignored: 'SUCCESS',
  unknown: 'SUCCESS',
  invalid: 'DROP',
  failed: 'RETRY',
}

function normaliseDelivery(topic: string, { headers }: FastifyRequest, body: string): Normalised {
  const header = (name: string): string | undefined => (typeof headers[name] === 'string' ? headers[name] : undefined)
  const [partition, offset] = [header('__partition'), header('__offset')]
  const timestamp = Number(header('__timestamp'))
  return normalise(body, {
    topic: header('__topic') ?? topic,
    ...(partition === undefined ? {} : { partition }),
    ...(offset === undefined ? {} : { offset }),
    ...(timestamp > 0 ? { receivedAt: new Date(timestamp) } : {}),
  })
}

const parked = (
  { consumer, topic, eventId, userId, fingerprint: id }: Omit<Failure, 'code' | 'reason'>,
  reason: string,
): TodoEvent =>
  createEvent({
    type: 'dlq.parked',
    appId: consumer,
    subject: `dead-letter/${id}`,
    data: { event_id: eventId ?? id, user_id: userId ?? 'unknown', topic, consumer, reason: reason.slice(0, 1000) },
  })

/** Whose an event is that is not valid. */
function userOf(body: string): string | null {
  const unwrapped = unwrap(body)
  const data =
    unwrapped.kind === 'cloudevent' ? unwrapped.data : unwrapped.kind === 'payload' ? unwrapped.payload : null
  const id = (data as { user_id?: unknown } | null)?.user_id
  return typeof id === 'string' && id !== '' && id.length <= 256 ? id : null
}

/** The same for an event and for its dead letter, though Dapr adds attributes on the way. */
function fingerprint(body: string): string {
  const unwrapped = unwrap(body)
  if (unwrapped.kind === 'unreadable') return uuidv5(`text:${body}`)
  if (unwrapped.kind === 'payload') return uuidv5(`payload:${canonicalJson(unwrapped.payload)}`)
  const { id, source, type } = unwrapped.envelope
  return uuidv5(`event:${canonicalJson([id, source, type, unwrapped.data])}`)
}

function counters(registry: Registry) {
  const registers = [registry]
  const consumed = new Counter({
    name: 'events_consumed_total',
    help: 'Deliveries by what became of them.',
    labelNames: ['topic', 'type', 'outcome'],
    registers,
  })
  const legacy = new Counter({
    name: 'legacy_events_total',
    help: 'Events accepted in a shape of the seed documents.',
    labelNames: ['seed', 'shape'],
    registers,
  })
  const ambiguous = new Counter({
    name: 'legacy_priority_ambiguous_total',
    help: 'Integer priorities read by a guessed scale.',
    registers,
  })
  const deadLetters = new Counter({
    name: 'events_dead_lettered_total',
    help: 'Dead letters received.',
    labelNames: ['topic'],
    registers,
  })
  const duration = new Histogram({
    name: 'event_handling_seconds',
    help: 'Time from delivery to reply.',
    labelNames: ['topic'],
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2],
    registers,
  })
  return {
    consumed,
    deadLetters,
    duration,
    legacy: ({ seed, shape, ambiguousPriority }: { seed: string; shape: string; ambiguousPriority?: true }) => {
      legacy.inc({ seed, shape })
      if (ambiguousPriority) ambiguous.inc()
    },
  }
}
