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
  /** An event is delivered after the next one of its key. */
  reorder: number
  /** Nobody hears whether something was done: it was, or (of what is sent to the sidecar) as often it was not. */
  lostReplies: number
}

export interface Broker {
  port: number
  /** Every publication of a version of a task in the order it came, repetitions too. */
  published: Publication[]
  /** What was injected. */
  injected: { duplicates: number; reordered: number; lostReplies: number }
  subscribe(topic: string, service: string): void
  /** Deliveries that are not done yet, and alarms of the coming minute: what was moved or cancelled may have left one for later. */
  pending(): number
  stop(): Promise<void>
}

const RETRY_MS = 40
const SOON_MS = 60_000

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
  const subscribers: { topic: string; service: string }[] = []
  const lanes = new Map<string, { queue: TodoEvent[]; running: boolean }>()
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
      if (subscriber.topic !== topic) continue
      const name = `${subscriber.service} ${topic} ${event.partitionkey}`
      const lane = lanes.get(name) ?? { queue: [], running: false }
      lanes.set(name, lane)
      lane.queue.push(event)
      if (!lane.running) void run(lane, subscriber)
    }
  }

  async function run(lane: { queue: TodoEvent[]; running: boolean }, to: { topic: string; service: string }) {
    lane.running = true
    open++
    while (lane.queue.length && !stopping.signal.aborted) {
      if (random.chance(faults.reorder)) {
        // A moment for the next one to come, which then goes first.
        await pause(RETRY_MS)
        if (lane.queue.length > 1) {
          ;[lane.queue[0], lane.queue[1]] = [lane.queue[1]!, lane.queue[0]!]
          broker.injected.reordered++
        }
      }
      const event = lane.queue.shift()!
      await deliver(to, event)
      if (injects('duplicates')) lane.queue.splice(random.int(0, lane.queue.length), 0, event)
    }
    lane.running = false
    open--
  }

  async function deliver({ topic, service }: { topic: string; service: string }, event: TodoEvent): Promise<void> {
    const body = JSON.stringify({ ...event, pubsubname: 'kafka-pubsub', topic })
    while (!stopping.signal.aborted) {
      const status = await post(service, `/events/${topic}`, body, 'application/cloudevents+json')
      if ((status === 'SUCCESS' || status === 'DROP') && !injects('lostReplies')) return
      await pause(RETRY_MS)
    }
  }

  /** The word of the answer, or its status. */
  async function post(service: string, path: string, body: string, type: string): Promise<string> {
    const port = portOf(service)
    if (port === undefined) return 'down'
    try {
      const headers = { 'content-type': type }
      const { status, text } = await client.send('POST', `http://127.0.0.1:${port}${path}`, { headers, body })
      return status < 300 ? ((JSON.parse(text) as { status?: string }).status ?? 'SUCCESS') : String(status)
    } catch {
      return 'unreachable'
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
      const status = await post('notification', `/job/${name}`, JSON.stringify(data), 'application/json')
      if (status === 'SUCCESS' && !injects('lostReplies')) rings--
      else await pause(RETRY_MS)
    }
    open--
  }

  const pause = (ms: number): Promise<void> => new Promise(done => setTimeout(done, ms))

  const broker: Broker = {
    port: 0,
    published: [],
    injected: { duplicates: 0, reordered: 0, lostReplies: 0 },
    subscribe: (topic, service) => subscribers.push({ topic, service }),
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
