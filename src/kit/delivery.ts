import type { Registry } from 'prom-client'
import { type EventType, type Normalised, normalise, type TodoEvent } from '../contracts/events/index.ts'
import type { BulkEntry } from './bulk.ts'
import { become, type Database, type Sql } from './db.ts'
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

/** The effect of events of one person, in the order they came, with fewer statements than one after another. */
export interface Together {
  together(events: readonly TodoEvent[], handling: Handling): Promise<void>
}

export interface DeliveryOptions {
  /** Name under which events are claimed: the app-id. */
  consumer: string
  /** Keyed by short type; a type without a handler is acknowledged. */
  handlers: Partial<Record<EventType, Handler | Together>>
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
  handler: Handler | Together
  /** As it came alone, or would have. */
  body: string
  outcome?: Outcome
}

export interface Deliveries {
  event(topic: string, body: string, about: About): Promise<Status>
  /** @returns statuses in the order of the entries */
  bulk(topic: string, entries: readonly BulkEntry[]): Promise<Status[]>
}

/**
 * What becomes of events that are delivered. One event is one transaction: claim, effect, events that follow from it. Those
 * of a bulk share one, person after person, each person's in their order and with nobody else's rows in sight; when any of
 * them fails, each has its own after all.
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
    if (works.length) await together(topic, works)
    const settled = outcomes.map(outcome => outcome())
    if (settled.some(outcome => outcome !== undefined)) end()
    for (const [index, outcome] of settled.entries()) {
      const { result } = delivered[index]!
      if (outcome)
        count.consumed.inc({ topic, type: result.outcome === 'event' ? result.type : result.outcome, outcome })
    }
    return settled.map(outcome => (outcome ? statuses[outcome] : 'SUCCESS'))
  }

  async function together(topic: string, works: readonly Work[]): Promise<void> {
    if (works.length > 1) {
      try {
        return await transact(topic, works)
      } catch (error) {
        log.warn({ err: error, topic, events: works.length }, 'a bulk failed; its events are handled one by one')
        // Each of them would wait for the database in turn, and in vain.
        if (error instanceof Problem && error.code === 'TEP4202') {
          for (const work of works) work.outcome = 'failed'
          return
        }
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

  async function transact(topic: string, works: readonly Work[]): Promise<void> {
    let after: { work: Work; then: () => Promise<void> | void }[] = []
    let handled = new Set<Work>()
    // Two bulks that share people take them in the same order, so that neither waits for what the other holds.
    const people = [...Map.groupBy(works, work => work.event.data.user_id)].sort(([a], [b]) => (a < b ? -1 : 1))
    await db.tx({ userId: people[0]![0] }, async sql => {
      ;[after, handled] = [[], new Set()]
      const fresh = await claim(
        sql,
        consumer,
        works.map(({ event }) => event.id),
      )
      for (const [userId, theirs] of people) {
        // The same event may be there twice.
        const left = theirs.filter(({ event }) => fresh.delete(event.id))
        if (left.length && userId !== people[0]![0]) await become(sql, userId)
        for (const run of runsOf(left)) {
          await handle(run, {
            sql,
            topic,
            get log() {
              return logOf(topic, run[0]!)
            },
            afterCommit: then => after.push({ work: run[0]!, then }),
          })
          for (const work of run) handled.add(work)
        }
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

/** Neighbours that have their effect together. */
function runsOf(works: readonly Work[]): Work[][] {
  const runs: Work[][] = []
  for (const work of works) {
    const last = runs.at(-1)
    if (last && typeof work.handler === 'object' && last[0]!.handler === work.handler) last.push(work)
    else runs.push([work])
  }
  return runs
}

const handle = (run: readonly Work[], handling: Handling): Promise<void> => {
  const [{ handler, event }] = run as [Work]
  const events = run.map(work => work.event)
  return typeof handler === 'function' ? handler(event, handling) : handler.together(events, handling)
}
