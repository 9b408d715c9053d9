import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TodoEvent } from '../../src/contracts/events/index.ts'

export interface Published {
  topic: string
  key: string
  event: TodoEvent
}

interface Subscriber {
  topic: string
  url: string
}

export interface FakeDapr {
  port: number
  published: Published[]
  jobs: Map<string, { dueTime: string; data: unknown; overwrite?: boolean; failurePolicy?: unknown }>
  /** Each publish request as it came: the keys of its entries. */
  requests: string[][]
  /** What it says of itself. */
  metadata: object
  /** What is kept in the state store. */
  state: Map<string, { value: unknown; etag: string }>
  /** While true, the state store fails. */
  stateDown: boolean
  /** While true, publishing fails. */
  down: boolean
  /** Entries of these keys fail while the others of their request succeed. */
  refusedKeys: Set<string>
  /** Answers 500 although the events were taken, as when the answer is lost. */
  loseAnswers: boolean
  /** Delivers every published event of a topic to an app, until it acknowledges. */
  deliver(topic: string, port: number): void
  /** Resolves when `count` events matching the filter were published. */
  waitFor(count: number, filter?: (published: Published) => boolean): Promise<Published[]>
  /** Resolves when every delivery is acknowledged. */
  settled(): Promise<void>
  stop(): Promise<void>
}

/** The sidecar's publish and jobs endpoints, on a real port, recording everything; delivers like Dapr when asked to. */
export async function startFakeDapr(): Promise<FakeDapr> {
  const subscribers: Subscriber[] = []
  const lanes = new Map<string, Promise<void>>()
  const stopping = new AbortController()
  let waiters: (() => void)[] = []

  const server = createServer(async (request, response) => {
    let text = ''
    for await (const chunk of request) text += chunk
    const url = new URL(request.url ?? '/', 'http://localhost')
    const [, , kind, name] = url.pathname.split('/')
    if (kind === 'healthz') return response.writeHead(204).end()
    if (kind === 'metadata') return response.end(JSON.stringify(dapr.metadata))
    if (kind === 'jobs') {
      if (request.method === 'DELETE') dapr.jobs.delete(decodeURIComponent(name!))
      else dapr.jobs.set(decodeURIComponent(name!), JSON.parse(text))
      return response.writeHead(204).end()
    }
    if (kind === 'state')
      return void keepState(request, response, decodeURIComponent(url.pathname.split('/')[4] ?? ''), text)
    if (dapr.down) return response.writeHead(500).end(JSON.stringify({ errorCode: 'ERR_PUBSUB_PUBLISH_MESSAGE' }))
    const topic = decodeURIComponent(url.pathname.split('/').at(-1)!)
    const entries = JSON.parse(text) as { entryId: string; event: TodoEvent; metadata: { partitionKey: string } }[]
    dapr.requests.push(entries.map(({ metadata }) => metadata.partitionKey))
    const failedEntries: { entryId: string; error: string }[] = []
    for (const { entryId, event, metadata } of entries) {
      if (dapr.refusedKeys.has(metadata.partitionKey)) failedEntries.push({ entryId, error: 'refused' })
      else take({ topic, key: metadata.partitionKey, event })
    }
    for (const waiter of waiters.splice(0)) waiter()
    if (dapr.loseAnswers) return response.writeHead(500).end('lost')
    if (failedEntries.length) return response.writeHead(500).end(JSON.stringify({ failedEntries }))
    return response.writeHead(204).end()
  })

  /** As Dapr's state API: 204 for no item, 409 for another's ETag, 500 for a first write that came second. */
  function keepState(request: IncomingMessage, response: ServerResponse, key: string, text: string): unknown {
    if (dapr.stateDown) return response.writeHead(500).end('{"errorCode":"ERR_STATE_STORE"}')
    if (request.method === 'DELETE') {
      dapr.state.delete(key)
      return response.writeHead(204).end()
    }
    if (request.method === 'GET') {
      const item = dapr.state.get(key)
      if (!item) return response.writeHead(204).end()
      return response.writeHead(200, { etag: item.etag }).end(JSON.stringify(item.value))
    }
    const [one] = JSON.parse(text) as { key: string; value: unknown; etag?: string }[]
    const present = dapr.state.get(one!.key)
    if (one!.etag && one!.etag !== present?.etag) return response.writeHead(409).end('{"errorCode":"ERR_STATE_SAVE"}')
    if (!one!.etag && present) return response.writeHead(500).end('{"message":"no item was updated"}')
    dapr.state.set(one!.key, { value: one!.value, etag: randomUUID() })
    return response.writeHead(204).end()
  }

  function take(published: Published): void {
    dapr.published.push(published)
    for (const { topic, url } of subscribers) {
      if (topic !== published.topic) continue
      const lane = `${url} ${published.key}`
      lanes.set(
        lane,
        (lanes.get(lane) ?? Promise.resolve()).then(() => push(url, published.event)),
      )
    }
  }

  async function push(url: string, event: TodoEvent): Promise<void> {
    for (let attempt = 0; attempt < 200 && !stopping.signal.aborted; attempt++) {
      const status = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/cloudevents+json' },
        body: JSON.stringify({ ...event, pubsubname: 'kafka-pubsub', traceid: event.traceparent }),
      }).then(
        async response => ((await response.json()) as { status?: string }).status,
        () => 'RETRY',
      )
      if (status === 'SUCCESS' || status === 'DROP') return
      await new Promise(resolve => setTimeout(resolve, 20))
    }
  }

  const dapr: FakeDapr = {
    port: 0,
    published: [],
    jobs: new Map(),
    requests: [],
    metadata: {},
    down: false,
    state: new Map(),
    stateDown: false,
    refusedKeys: new Set(),
    loseAnswers: false,
    deliver: (topic, port) => subscribers.push({ topic, url: `http://127.0.0.1:${port}/events/${topic}` }),
    async waitFor(count, filter = () => true) {
      for (;;) {
        const found = dapr.published.filter(filter)
        if (found.length >= count) return found
        await new Promise<void>(resolve => {
          waiters.push(resolve)
        })
      }
    },
    async settled() {
      for (let before = -1; before !== dapr.published.length; ) {
        before = dapr.published.length
        await Promise.all(lanes.values())
      }
    },
    stop: async () => {
      stopping.abort()
      waiters = []
      server.closeAllConnections()
      await new Promise(done => server.close(done))
    },
  }
  await new Promise<void>(up => server.listen(0, '127.0.0.1', up))
  dapr.port = (server.address() as AddressInfo).port
  return dapr
}
