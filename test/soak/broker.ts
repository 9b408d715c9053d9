import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TodoEvent } from '../../src/contracts/events/index.ts'
import type { Random } from '../fault/random.ts'
import { httpClient } from '../support/http-client.ts'
import { type Publication, publicationOf } from './checker.ts'

/** Probabilities of what a network and a broker may do, each between 0 and 1. */
export interface Faults {
  /** An event is delivered once more, later. */
  duplicates: number
  /** An event is delivered after others of its partition that came later. */
  reorder: number
  /** Nobody hears whether what a request asks for was done: it was, or (of what is sent to the sidecar) as often it was not. */
  lostReplies: number
}

export interface Broker {
  port: number
  /** Every publication of a version of a task in the order it came, repetitions too. */
  published: Publication[]
  /** What was injected. */
  injected: { duplicates: number; reordered: number; lostReplies: number }
  /** @param types full types; absent: all */
  subscribe(topic: string, service: string, types?: readonly string[]): void
  /** Deliveries that are not done yet, and alarms of the coming minute: what was moved or cancelled may have left one for later. */
  pending(): number
  stop(): Promise<void>
}

const RETRY_MS = 40
/** As the subscriptions have it: partitions of a topic, events of one request, and how long they are waited for. */
const PARTITIONS = 6
const BULK = { events: 50, awaitMs: 100 }
const SOON_MS = 60_000

interface Subscriber {
  topic: string
  service: string
  types: readonly string[] | undefined
}

/** A partition as one of its consumers has read it. */
interface Lane {
  queue: TodoEvent[]
  /** To be delivered behind those that come next. */
  late: TodoEvent[]
  running: boolean
}

/** Of a service: `word` where there is no other one; the status of one event, or of each of a bulk. */
interface Answer {
  word: string
  status?: string
  statuses?: { entryId: string; status: string }[]
}

/**
 * Dapr's publish and jobs endpoints in front of a log that misbehaves: at least once, in order of a key but for what is
 * injected. Nothing is ever given up on, so whatever is missing at the end was lost by somebody else.
 * @param portOf where a service listens now; undefined while it is down
 */
export async function startBroker(
  faults: Faults,
  random: Random,
  portOf: (service: string) => number | undefined,
): Promise<Broker> {
  const subscribers: Subscriber[] = []
  const lanes = new Map<string, Lane>()
  const jobs = new Map<string, { dueTime: string; data: unknown }>()
  const stopping = new AbortController()
  const client = httpClient()
  let open = 0

  const server = createServer(async (request, response) => {
    let text = ''
    for await (const chunk of request) text += chunk
    const path = new URL(request.url ?? '/', 'http://localhost').pathname.split('/').map(decodeURIComponent)
    const unheard = injects('lostReplies')
    if (unheard && random.chance(0.5)) return response.socket?.destroy()
    if (path[2] === 'jobs') {
      if (request.method === 'DELETE') jobs.delete(path[3]!)
      else jobs.set(path[3]!, JSON.parse(text))
    } else {
      for (const { event } of JSON.parse(text) as { event: TodoEvent }[]) take(path.at(-1)!, event)
    }
    if (unheard) return response.socket?.destroy()
    return response.writeHead(204).end()
  })

  function injects(fault: 'duplicates' | 'lostReplies'): boolean {
    const hit = random.chance(faults[fault])
    if (hit) broker.injected[fault]++
    return hit
  }

  function take(topic: string, event: TodoEvent): void {
    const publication = publicationOf(event)
    if (publication) broker.published.push(publication)
    for (const subscriber of subscribers) {
      if (subscriber.topic !== topic || subscriber.types?.includes(event.type) === false) continue
      const name = `${subscriber.service} ${topic} ${partitionOf(event.partitionkey)}`
      const lane = lanes.get(name) ?? { queue: [], late: [], running: false }
      lanes.set(name, lane)
      lane.queue.push(event)
      if (!lane.running) void run(lane, subscriber)
    }
  }

  async function run(lane: Lane, to: Subscriber) {
    lane.running = true
    open++
    while (lane.queue.length + lane.late.length && !stopping.signal.aborted) {
      if (lane.queue.length < BULK.events) await pause(BULK.awaitMs)
      const next = lane.queue.splice(0, BULK.events - lane.late.length)
      const late = next.filter(() => random.chance(faults.reorder))
      const bulk = [...next.filter(event => !late.includes(event)), ...lane.late]
      if (bulk.length > lane.late.length) broker.injected.reordered += lane.late.length
      lane.late = late
      await deliver(to, bulk)
      for (const event of bulk) if (injects('duplicates')) lane.queue.splice(random.int(0, lane.queue.length), 0, event)
    }
    lane.running = false
    open--
  }

  /** Until each of them is done. */
  async function deliver({ topic, service }: Subscriber, events: readonly TodoEvent[]): Promise<void> {
    for (let left = events; left.length && !stopping.signal.aborted; ) {
      const words =
        left.length === 1 ? await deliverOne(service, topic, left[0]!) : await deliverBulk(service, topic, left)
      if (!injects('lostReplies'))
        left = left.filter((_, index) => words[index] !== 'SUCCESS' && words[index] !== 'DROP')
      if (left.length) await pause(RETRY_MS)
    }
  }

  async function deliverOne(service: string, topic: string, event: TodoEvent): Promise<string[]> {
    const body = JSON.stringify({ ...event, pubsubname: 'kafka-pubsub', topic })
    const { word, status } = await post(service, `/events/${topic}`, body, 'application/cloudevents+json')
    return [status ?? word]
  }

  async function deliverBulk(service: string, topic: string, events: readonly TodoEvent[]): Promise<string[]> {
    const entries = events.map((event, index) => ({
      entryId: String(index),
      event: { ...event, pubsubname: 'kafka-pubsub', topic },
      contentType: 'application/cloudevents+json',
      metadata: {},
    }))
    const body = JSON.stringify({
      id: '1',
      entries,
      topic,
      pubsubname: 'kafka-pubsub',
      type: 'com.dapr.event.sent.bulk',
    })
    const { statuses } = await post(service, `/events/${topic}`, body, 'application/json')
    const words = new Map(statuses?.map(({ entryId, status }) => [entryId, status]))
    return entries.map(({ entryId }) => words.get(entryId) ?? 'RETRY')
  }

  async function post(service: string, path: string, body: string, type: string): Promise<Answer> {
    const port = portOf(service)
    if (port === undefined) return { word: 'down' }
    try {
      const headers = { 'content-type': type }
      const { status, text } = await client.send('POST', `http://127.0.0.1:${port}${path}`, { headers, body })
      return status < 300 ? { word: 'SUCCESS', ...(JSON.parse(text) as object) } : { word: String(status) }
    } catch {
      return { word: 'unreachable' }
    }
  }

  const clock = setInterval(() => {
    for (const [name, job] of jobs) {
      if (Date.parse(job.dueTime) > Date.now()) continue
      jobs.delete(name)
      void ring(name, job.data)
    }
  }, 50)

  async function ring(name: string, data: unknown): Promise<void> {
    open++
    for (let rings = injects('duplicates') ? 2 : 1; rings > 0 && !stopping.signal.aborted; ) {
      const { word } = await post('notification', `/job/${name}`, JSON.stringify(data), 'application/json')
      if (word === 'SUCCESS' && !injects('lostReplies')) rings--
      else await pause(RETRY_MS)
    }
    open--
  }

  const pause = (ms: number): Promise<void> => new Promise(done => setTimeout(done, ms))

  const broker: Broker = {
    port: 0,
    published: [],
    injected: { duplicates: 0, reordered: 0, lostReplies: 0 },
    subscribe: (topic, service, types) => subscribers.push({ topic, service, types }),
    pending: () => open + [...jobs.values()].filter(({ dueTime }) => Date.parse(dueTime) < Date.now() + SOON_MS).length,
    stop: async () => {
      clearInterval(clock)
      stopping.abort()
      client.close()
      server.closeAllConnections()
      await new Promise(done => server.close(done))
    },
  }
  await new Promise<void>(up => server.listen(0, '127.0.0.1', up))
  broker.port = (server.address() as AddressInfo).port
  return broker
}

const partitionOf = (key: string): number => createHash('md5').update(key).digest()[0]! % PARTITIONS
