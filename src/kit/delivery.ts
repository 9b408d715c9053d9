import type { Registry } from 'prom-client'
import { type EventType, type Normalised, normalise, type TodoEvent } from '../contracts/events/index.ts'
import type { BulkEntry } from './bulk.ts'
import type { Database, Sql } from './db.ts'
import { deliveryMeters } from './delivery-meters.ts'
import { fingerprint, userOf } from './fingerprint.ts'
import { claim, type Failure, recordFailure } from './inbox.ts'
import type { Logger } from './log.ts'
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

export interface DeliveryOptions {
  /** Name under which events are claimed: the app-id. */
  consumer: string
  /** Keyed by short type; a type without a handler is acknowledged. */
  handlers: Partial<Record<EventType, Handler>>
  db: Database
  log: Logger
  metrics: Registry
}

/** Exactly the statuses Dapr knows; any other word means "deliver again, for ever". */
export type Status = 'SUCCESS' | 'RETRY' | 'DROP'

/** Of a request, its headers; of an entry of a bulk, its metadata: the same names. */
export type About = Readonly<Record<string, unknown>>

type Outcome = 'handled' | 'duplicate' | 'ignored' | 'unknown' | 'invalid' | 'failed'

const statuses: Record<Outcome, Status> = {
  handled: 'SUCCESS',
  duplicate: 'SUCCESS',
  ignored: 'SUCCESS',
  unknown: 'SUCCESS',
  invalid: 'DROP',
  failed: 'RETRY',
}

/** An event with an effect. */
interface Work {
  event: TodoEvent
  type: EventType
  handler: Handler
  /** As it came alone, or would have. */
  body: string
  outcome?: Outcome
}

/** People whose events of one bulk are worked on at once: each takes a connection, and the pool has other guests. */
const PARALLEL = 4

export interface Deliveries {
  event(topic: string, body: string, about: About): Promise<Status>
  /** @returns statuses in the order of the entries */
  bulk(topic: string, entries: readonly BulkEntry[]): Promise<Status[]>
}

/**
 * What becomes of events that are delivered. One event is one transaction: claim, effect, events that follow from it. Of a
 * bulk, the events of one person share one, in their order; when any of them fails, each has its own after all.
 */
export function deliveries({ consumer, handlers, db, log, metrics }: DeliveryOptions, receipts: Receipts): Deliveries {
  const count = deliveryMeters(metrics)

  const event = async (topic: string, body: string, about: About): Promise<Status> =>
    (await deliver(topic, [{ result: readDelivery(topic, body, about), body: () => body }]))[0]!

  const bulk = (topic: string, entries: readonly BulkEntry[]): Promise<Status[]> =>
    deliver(
      topic,
      entries.map(entry => ({
        result: readDelivery(topic, entry.event, entry.metadata),
        body: () => (typeof entry.event === 'string' ? entry.event : (JSON.stringify(entry.event) ?? '')),
      })),
    )

  async function deliver(
    topic: string,
    delivered: readonly { result: Normalised; body(): string }[],
  ): Promise<Status[]> {
    const end = count.duration.startTimer({ topic })
    const works: Work[] = []
    const outcomes: (() => Outcome | undefined)[] = []
    for (const { result, body } of delivered) {
      if (result.outcome !== 'event') {
        const outcome = result.outcome === 'unknown' ? 'unknown' : await refuse(topic, result, body())
        outcomes.push(() => outcome)
      } else if (result.type === 'canary.sent') {
        // It has no effect, so there is nothing to claim, and it is not counted as work.
        receipts.arrived(topic, result.event.time)
        outcomes.push(() => undefined)
      } else {
        if (result.legacy) count.legacy(result.legacy)
        const handler = handlers[result.type]
        const work: Work | undefined = handler && { event: result.event, type: result.type, handler, body: body() }
        if (work) works.push(work)
        outcomes.push(() => (work ? work.outcome : 'ignored'))
      }
    }
    const people = [...Map.groupBy(works, work => work.event.data.user_id).values()]
    const next = async (): Promise<void> => {
      for (let person = people.shift(); person; person = people.shift()) await together(topic, person)
    }
    await Promise.all(Array.from({ length: Math.min(PARALLEL, people.length) }, next))
    const settled = outcomes.map(outcome => outcome())
    if (settled.some(outcome => outcome !== undefined)) end()
    for (const [index, outcome] of settled.entries()) {
      const { result } = delivered[index]!
      if (outcome)
        count.consumed.inc({ topic, type: result.outcome === 'event' ? result.type : result.outcome, outcome })
    }
    return settled.map(outcome => (outcome ? statuses[outcome] : 'SUCCESS'))
  }

  /** Events of one person in the order they came. */
  async function together(topic: string, works: readonly Work[]): Promise<void> {
    if (works.length > 1) {
      try {
        return await transact(topic, works)
      } catch (error) {
        log.warn({ err: error, topic, events: works.length }, 'a bulk failed; its events are handled one by one')
        // Each of them would wait for the database in turn, and in vain.
        if (error instanceof Problem && error.code === 'TEP4202') return fail(works)
      }
    }
    for (const work of works) await alone(topic, work)
  }

  async function alone(topic: string, work: Work): Promise<void> {
    const { event, type, body } = work
    try {
      await transact(topic, [work])
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      logOf(topic, work).error({ err: error }, 'event handler failed; it will be delivered again')
      const of = { eventId: event.id, userId: event.data.user_id, fingerprint: fingerprint(body) }
      work.outcome = await store({ consumer, topic, body, type, reason, ...of, code: 'TEP4105' }, 'failed')
    }
  }

  const fail = (works: readonly Work[]): void => {
    for (const work of works) work.outcome = 'failed'
  }

  async function transact(topic: string, works: readonly Work[]): Promise<void> {
    let after: { work: Work; then: () => Promise<void> | void }[] = []
    let handled = new Set<Work>()
    await db.tx({ userId: works[0]!.event.data.user_id }, async sql => {
      ;[after, handled] = [[], new Set()]
      const fresh = await claim(
        sql,
        consumer,
        works.map(({ event }) => event.id),
      )
      for (const work of works) {
        // The same event may be there twice.
        if (!fresh.delete(work.event.id)) continue
        handled.add(work)
        const afterCommit: Handling['afterCommit'] = then => after.push({ work, then })
        await work.handler(work.event, {
          sql,
          topic,
          get log() {
            return logOf(topic, work)
          },
          afterCommit,
        })
      }
    })
    for (const work of works) work.outcome = handled.has(work) ? 'handled' : 'duplicate'
    for (const { work, then } of after) {
      await Promise.resolve()
        .then(then)
        .catch(error => logOf(topic, work).warn({ err: error }, 'work after the commit failed'))
    }
  }

  const logOf = (topic: string, { event: { id, traceparent }, type }: Work): Logger =>
    log.child({ event: id, type, topic, traceparent })

  async function refuse(
    topic: string,
    { code, reason, field, id, type }: Extract<Normalised, { outcome: 'invalid' }>,
    body: string,
  ): Promise<Outcome> {
    log.warn({ topic, code, field, reason }, 'event is invalid')
    const of = { eventId: id ?? null, userId: userOf(body), type: type ?? '', fingerprint: fingerprint(body) }
    return store({ consumer, topic, body, code, ...of, reason: field ? `${field}: ${reason}` : reason }, 'invalid')
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

  return { event, bulk }
}

export function readDelivery(topic: string, body: unknown, about: About): Normalised {
  const word = (name: string): string | undefined => (typeof about[name] === 'string' ? about[name] : undefined)
  const [partition, offset] = [word('__partition'), word('__offset')]
  const timestamp = Number(word('__timestamp'))
  return normalise(body, {
    topic: word('__topic') ?? topic,
    ...(partition === undefined ? {} : { partition }),
    ...(offset === undefined ? {} : { offset }),
    ...(timestamp > 0 ? { receivedAt: new Date(timestamp) } : {}),
  })
}
