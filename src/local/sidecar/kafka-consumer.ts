import {
  type Claim,
  type Clock,
  type Connection,
  type EventLog,
  type InitialOffset,
  LogError,
  type LogRecord,
  pause,
} from '../log/index.ts'
import type { Metadata } from './cloudevents.ts'
import type { Message } from './delivery.ts'
import { describe } from './errors.ts'

/** What is done with the messages of a topic. A rejection, or an outcome that is an error, makes the component retry. */
export interface TopicHandler {
  /** The topic as the app names it. */
  topic?: string
  bulk: { maxMessages: number; maxAwait: number } | undefined
  one(message: Message, signal: AbortSignal): Promise<void>
  many(messages: readonly Message[], signal: AbortSignal): Promise<(Error | undefined)[]>
}

export interface ConsumerOptions {
  group: string
  clientId: string
  initialOffset: InitialOffset
  retry: { enabled: boolean; interval: number }
  escapeHeaders: boolean
  clock: Clock
  eventLog: EventLog
  connect: () => { connection: Connection }
  log: (level: string, message: string) => void
}

/** How long to wait before joining again when nothing changed that would wake us earlier. */
const REJOIN_INTERVAL = 5000

/** The consumer group session of one component instance, for all its topics (components-contrib kafka/subscriber.go). */
export class KafkaConsumer {
  readonly #options: ConsumerOptions
  #handlers: ReadonlyMap<string, TopicHandler> = new Map()
  #stop = new AbortController()
  #running: Promise<void> = Promise.resolve()

  constructor(options: ConsumerOptions) {
    this.#options = options
  }

  /** Restarts the session with these topics. Resolves when the group was joined, or could not be for now. */
  async consume(handlers: ReadonlyMap<string, TopicHandler>): Promise<void> {
    await this.stop()
    this.#handlers = handlers
    this.#stop = new AbortController()
    if (handlers.size === 0) return
    await new Promise<void>(resolve => {
      this.#running = this.#run(this.#stop.signal, resolve)
    })
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#running
  }

  async #run(stopped: AbortSignal, tried: () => void): Promise<void> {
    const { connect, group, initialOffset, clientId, log, eventLog, clock } = this.#options
    while (!stopped.aborted) {
      const wake = new AbortController()
      const unlisten = eventLog.onChange(() => wake.abort())
      try {
        const { connection } = connect()
        const member = await connection.join(group, {
          topics: [...this.#handlers.keys()],
          initialOffset,
          clientId,
          onClaim: claim => this.#claim(claim),
        })
        tried()
        const leave = (): void => void member.leave()
        stopped.addEventListener('abort', leave, { once: true })
        if (stopped.aborted) leave()
        const reason = await member.closed
        stopped.removeEventListener('abort', leave)
        if (reason !== undefined) throw reason
      } catch (error) {
        tried()
        log('error', `error consuming from group ${group}: ${describe(error)}`)
        const either = AbortSignal.any([stopped, wake.signal])
        await pause(clock, REJOIN_INTERVAL, either)
      } finally {
        unlisten()
      }
    }
  }

  async #claim(claim: Claim): Promise<void> {
    const handler = this.#handlers.get(claim.topic)
    if (handler === undefined) return
    try {
      if (handler.bulk) await this.#claimBulk(claim, handler, handler.bulk)
      else await this.#claimOne(claim, handler)
    } catch (error) {
      // The group has moved on while the last message was in hand: it comes again, to whoever owns the partition now.
      if (!(error instanceof LogError && error.name === 'IllegalGenerationException')) throw error
    }
  }

  async #claimOne(claim: Claim, handler: TopicHandler): Promise<void> {
    for await (const record of claim.records()) {
      const message = this.#message(record, handler)
      if (!(await this.#retry(claim, () => handler.one(message, claim.signal).then(() => true)))) return
      await claim.commit(record.offset + 1)
    }
  }

  async #claimBulk(
    claim: Claim,
    handler: TopicHandler,
    bulk: { maxMessages: number; maxAwait: number },
  ): Promise<void> {
    const records = claim.records()
    let next: ReturnType<typeof records.next> | undefined
    for (;;) {
      // Where nothing comes, nobody is woken: the wait for more begins with the first.
      const first = await (next ?? records.next())
      next = undefined
      if (first.done) return
      const batch: LogRecord[] = [first.value]
      const done = new AbortController()
      const deadline = pause(this.#options.clock, bulk.maxAwait, AbortSignal.any([done.signal, claim.signal]))
      while (batch.length < bulk.maxMessages) {
        next ??= records.next()
        const arrived = await Promise.race([next, deadline])
        if (!arrived) break
        next = undefined
        if (arrived.done) break
        batch.push(arrived.value)
      }
      done.abort()
      if (claim.signal.aborted) return
      const messages = batch.map(record => this.#message(record, handler))
      const handled = await this.#retry(claim, async () => {
        const outcomes = await handler.many(messages, claim.signal)
        // Only what precedes the first failure may be marked: an offset covers all before it.
        const failed = outcomes.findIndex(outcome => outcome !== undefined)
        if (failed === -1) return true
        if (failed > 0) await claim.commit(batch[failed - 1]!.offset + 1)
        throw outcomes[failed]
      })
      if (!handled) return
      await claim.commit(batch.at(-1)!.offset + 1)
    }
  }

  /** The component's own retry: constant, for ever, holding the partition (retry.NotifyRecover, backOffDuration 5 s). */
  async #retry(claim: Claim, attempt: () => Promise<boolean>): Promise<boolean> {
    const { retry, clock, log } = this.#options
    for (;;) {
      try {
        return await attempt()
      } catch (error) {
        if (claim.signal.aborted) return false
        const where = `${claim.topic}/${claim.partition}`
        log('warn', `Error processing Kafka message: ${where}. Error: ${describe(error)}. Retrying...`)
        if (!retry.enabled) return true
        await pause(clock, retry.interval, claim.signal)
        if (claim.signal.aborted) return false
      }
    }
  }

  #message(record: LogRecord, handler: TopicHandler): Message {
    const encode = (value: string): string => (this.#options.escapeHeaders ? encodeURIComponent(value) : value)
    const metadata: Metadata = {
      __offset: String(record.offset),
      __topic: record.topic,
      __timestamp: String(record.timestamp),
      __partition: String(record.partition),
    }
    if (record.key !== null) metadata['__key'] = encode(Buffer.from(record.key).toString())
    for (const [name, value] of record.headers) metadata[name] = encode(value)
    return { topic: handler.topic ?? record.topic, data: record.value, metadata }
  }
}
