import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import fc from 'fast-check'
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose'
import { WebSocket } from 'ws'
import { createEvent, uuidv7 } from '../../contracts/events/index.ts'
import { loadConfig } from '../../kit/config.ts'
import type { RunningService } from '../../kit/service.ts'
import { startRealtime } from './main.ts'
import { type Hello, MAX_PENDING, Outlet, type Transport } from './outlet.ts'
import { formatPosition, LIMITS, parsePosition, UserStream } from './stream.ts'

const { publicKey, privateKey } = await generateKeyPair('ES256')
const tokenFor = (sub: string, claims: JWTPayload = {}, expires = '1h') =>
  new SignJWT(claims)
    .setProtectedHeader({ alg: 'ES256', kid: '1' })
    .setSubject(sub)
    .setExpirationTime(expires)
    .sign(privateKey)

let surroundings: Server
let sidecarReady: boolean
let service: RunningService
const open: { close(): void }[] = []

const start = async (): Promise<void> => {
  const { port } = surroundings.address() as AddressInfo
  const config = loadConfig({
    APP_ID: 'realtime-service',
    PORT: '0',
    HOST: '127.0.0.1',
    DAPR_HTTP_PORT: String(port),
    AUTH_JWKS_URI: `http://127.0.0.1:${port}/jwks`,
    APP_API_TOKEN: 'sidecar',
    LOG_LEVEL: 'silent',
  })
  service = await startRealtime(config, 0)
}

/** Until the service is warm a second greeting may come at any time. */
const warm = async (): Promise<void> => {
  for (;;) {
    const metrics = await (await fetch(url('/metrics'))).text()
    if (/^realtime_warm(\{.*\})? 1$/m.test(metrics)) return
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}

beforeEach(async () => {
  sidecarReady = true
  const jwk = { ...(await exportJWK(publicKey)), kid: '1', alg: 'ES256' }
  surroundings = createServer((request, response) => {
    if (request.url === '/jwks')
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: [jwk] }))
    else response.writeHead(sidecarReady ? 204 : 500).end()
  })
  await new Promise<void>(resolve => surroundings.listen(0, '127.0.0.1', resolve))
  await start()
  await warm()
})
afterEach(async () => {
  for (const one of open.splice(0)) one.close()
  await service.stop()
  await new Promise(resolve => {
    surroundings.close(resolve)
    surroundings.closeAllConnections()
  })
})

const url = (path: string) => `http://127.0.0.1:${service.port}${path}`
const uiEvent = (user: string, id?: string) => {
  const task = uuidv7()
  const event = createEvent({
    type: 'ui.task_list_changed',
    appId: 'backend-service',
    subject: `task/${task}`,
    data: { task_id: task, user_id: user, version: 1, action: 'update' } as never,
  })
  return { ...event, ...(id && { id }) }
}
const deliver = async (event: object | string, topic = 'task-updates', token = 'sidecar') => {
  const answer = await fetch(url(`/events/${topic}`), {
    method: 'POST',
    headers: { 'content-type': 'application/cloudevents+json', 'dapr-api-token': token },
    body: typeof event === 'string' ? event : JSON.stringify(event),
  })
  return { status: answer.status, body: await answer.json() }
}

interface Block {
  event?: string
  id?: string
  data?: Record<string, unknown>
}

/** An SSE client: `next()` gives the next block that carries data. */
async function listen(user: string, headers: Record<string, string> = {}, query = '') {
  const stop = new AbortController()
  open.push({ close: () => stop.abort() })
  const authorization = `Bearer ${await tokenFor(user)}`
  const response = await fetch(url(`/api/v1/events/stream${query}`), {
    headers: { authorization, ...headers },
    signal: stop.signal,
  })
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream; charset=utf-8'])
  const reader = response
    .body!.pipeThrough(new TextDecoderStream() as never)
    .getReader() as ReadableStreamDefaultReader<string>
  let rest = ''
  const next = async (): Promise<Block | undefined> => {
    for (;;) {
      const end = rest.indexOf('\n\n')
      if (end !== -1) {
        const fields = rest
          .slice(0, end)
          .split('\n')
          .map(line => line.split(/: (.*)/s) as [string, string])
        rest = rest.slice(end + 2)
        const block = Object.fromEntries(fields)
        if (block['data']) return { ...block, data: JSON.parse(block['data']) }
        continue
      }
      const { done, value } = await reader.read()
      if (done) return undefined
      rest += value
    }
  }
  return { next, stop: () => stop.abort() }
}

test('a client is greeted, then sees its own events as they come, and nobody else’s', async () => {
  const client = await listen('anna')
  expect(await client.next()).toMatchObject({ event: 'hello', data: { offset: 0, recovered: false } })
  expect(await deliver(uiEvent('bert'))).toEqual({ status: 200, body: { status: 'SUCCESS' } })
  const event = uiEvent('anna')
  await deliver(event)
  const block = await client.next()
  expect(block).toMatchObject({
    data: { id: event.id, type: 'com.taskmanager.ui.task_list_changed', data: { user_id: 'anna' } },
  })
  expect(block!.event).toBeUndefined()
  expect(block!.id).toMatch(/^[0-9a-f-]{36}:1$/)
})

test.each(['last-event-id', 'since'])(
  'a client that comes back with %s misses nothing and gets nothing twice',
  async how => {
    const first = await listen('anna')
    await first.next()
    await deliver(uiEvent('anna'))
    const { id } = (await first.next())!
    first.stop()
    const missed = [uiEvent('anna'), uiEvent('anna')]
    for (const event of missed) await deliver(event)
    const again =
      how === 'since' ? await listen('anna', {}, `?since=${id}`) : await listen('anna', { 'last-event-id': id! })
    expect(await again.next()).toMatchObject({ event: 'hello', data: { recovered: true, offset: 3 } })
    const live = uiEvent('anna')
    await deliver(live)
    for (const event of [...missed, live]) expect((await again.next())!.data).toMatchObject({ id: event.id })
  },
)

test.each(['00000000-0000-0000-0000-000000000000:1', 'nonsense', '', ':', 'x'.repeat(5000)])(
  'the position %.40s is not recovered from',
  async id => {
    await deliver(uiEvent('anna'))
    expect((await (await listen('anna', { 'last-event-id': id })).next())!.data).toMatchObject({
      recovered: false,
      offset: 1,
    })
  },
)

test('after a restart of the service a position is not recovered from', async () => {
  const before = await listen('anna')
  const { id } = (await before.next())!
  await service.stop()
  expect(await before.next()).toBeUndefined()
  await start()
  await warm()
  expect((await (await listen('anna', { 'last-event-id': id! })).next())!.data).toMatchObject({ recovered: false })
})

test('who connects before the service is sure to see every event is told to fetch once more', async () => {
  await service.stop()
  sidecarReady = false
  await start()
  const early = await listen('anna')
  expect((await early.next())!.data).toMatchObject({ recovered: false })
  sidecarReady = true
  expect(await early.next()).toMatchObject({ event: 'hello', data: { recovered: false } })
  await warm()
  const late = await listen('anna')
  await late.next()
  await deliver(uiEvent('anna', 'one'))
  expect((await late.next())!.data).toMatchObject({ id: 'one' })
})

test('an event that is delivered twice is shown once', async () => {
  const client = await listen('anna')
  await client.next()
  for (const id of ['one', 'one', 'two']) await deliver(uiEvent('anna', id))
  expect((await client.next())!.data).toMatchObject({ id: 'one' })
  expect((await client.next())!.data).toMatchObject({ id: 'two' })
})

test.each([
  '',
  '{',
  '[]',
  '{"specversion":"1.0","type":"com.taskmanager.ui.task_list_changed","data":{}}',
  '{"specversion":"1.0","id":"1","source":"/x","type":"com.taskmanager.future.thing","data":{}}',
])('what cannot be shown is acknowledged: %s', async body => {
  expect(await deliver(body)).toEqual({ status: 200, body: { status: 'SUCCESS' } })
})

test('only the sidecar may deliver', async () => {
  expect(await deliver(uiEvent('anna'), 'task-updates', 'guess')).toMatchObject({
    status: 401,
    body: { code: 'TEP4003' },
  })
})

describe('admission', () => {
  test.each<[string, () => Promise<Record<string, string>>]>([
    ['no token', async () => ({})],
    ['a token that is none', async () => ({ authorization: 'Bearer x.y.z' })],
    ['an expired token', async () => ({ authorization: `Bearer ${await tokenFor('anna', {}, '-1h')}` })],
  ])('%s is refused', async (_what, headers) => {
    const answer = await fetch(url('/api/v1/events/stream'), { headers: await headers() })
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([401, 'TEP4003'])
    const socket = new WebSocket(url('/api/v1/events/ws').replace('http', 'ws'), { headers: await headers() })
    const status = await new Promise(resolve =>
      socket.on('unexpected-response', (_request, response) => resolve(response.statusCode)),
    )
    expect(status).toBe(401)
  })

  test('a page that can set no header gives the token in the query', async () => {
    const stop = new AbortController()
    const answer = await fetch(url(`/api/v1/events/stream?access_token=${await tokenFor('anna')}`), {
      signal: stop.signal,
    })
    expect(answer.status).toBe(200)
    stop.abort()
  })

  test('too many connections of one user are refused', async () => {
    const token = await tokenFor('anna')
    for (let n = 0; n < 32; n += 1) await listen('anna')
    const answer = await fetch(url('/api/v1/events/stream'), { headers: { authorization: `Bearer ${token}` } })
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([429, 'TEP4011'])
    await (await listen('bert')).next()
  })

  test('a stream ends with its token', async () => {
    const stop = new AbortController()
    open.push({ close: () => stop.abort() })
    const token = await new SignJWT({ exp: Math.floor(Date.now() / 1000) })
      .setProtectedHeader({ alg: 'ES256', kid: '1' })
      .setSubject('anna')
      .sign(privateKey)
    const answer = await fetch(url('/api/v1/events/stream'), {
      headers: { authorization: `Bearer ${token}` },
      signal: stop.signal,
    })
    expect(await answer.text()).toContain('event: hello')
  })
})

describe('WebSocket', () => {
  async function connect(user: string, query = '', how: 'header' | 'protocol' = 'header') {
    const token = await tokenFor(user)
    const address = url(`/api/v1/events/ws${query}`).replace('http', 'ws')
    const socket =
      how === 'header'
        ? new WebSocket(address, { headers: { authorization: `Bearer ${token}` } })
        : new WebSocket(address, ['bearer', token])
    open.push({ close: () => socket.terminate() })
    const messages: Record<string, unknown>[] = []
    const waiting: (() => void)[] = []
    socket.on('message', data => {
      messages.push(JSON.parse(String(data)))
      waiting.shift()?.()
    })
    const next = async () => {
      if (messages.length === 0) await new Promise<void>(resolve => waiting.push(resolve))
      return messages.shift()!
    }
    const closed = new Promise<number>(resolve => socket.on('close', resolve))
    return { socket, next, closed }
  }

  test.each(['header', 'protocol'] as const)('greets, sends and resumes, with the token by %s', async how => {
    const first = await connect('anna', '', how)
    expect(await first.next()).toMatchObject({ type: 'hello', offset: 0, recovered: false })
    if (how === 'protocol') expect(first.socket.protocol).toBe('bearer')
    await deliver(uiEvent('anna', 'one'))
    const { epoch, offset, ...message } = await first.next()
    expect(message).toMatchObject({ type: 'event', event: { id: 'one' } })
    first.socket.terminate()
    await deliver(uiEvent('anna', 'two'))
    const again = await connect('anna', `?since=${epoch}:${offset}`, how)
    expect(await again.next()).toMatchObject({ type: 'hello', recovered: true, offset: 2 })
    expect(await again.next()).toMatchObject({ type: 'event', offset: 2, event: { id: 'two' } })
  })

  test('is closed as going away when the service stops', async () => {
    const client = await connect('anna')
    await client.next()
    await service.stop()
    expect(await client.closed).toBe(1001)
  })
})

test('while it drains the service is not ready', async () => {
  expect((await fetch(url('/healthz/ready'))).status).toBe(200)
  const stopping = service.stop()
  await expect(fetch(url('/api/v1/events/stream'))).rejects.toThrow()
  await stopping
})

describe('an outlet', () => {
  const position = { epoch: 'e', offset: 7 }
  function outlet() {
    const sent: string[] = []
    let pending = 0
    const transport: Transport = {
      hello: (hello: Hello) => sent.push(hello.recovered ? 'recovered' : 'fetch'),
      frame: at => sent.push(String(at.offset)),
      presence: () => sent.push('presence'),
      ping: () => sent.push('ping'),
      pending: () => pending,
      close: why => sent.push(why),
    }
    const made = new Outlet(transport, { ...position, recovered: true, client: 'c' }, [], false)
    return {
      outlet: made,
      sent,
      fill: (bytes: number) => {
        pending = bytes
      },
    }
  }

  test('leaves frames out for a slow reader, and tells it to fetch when it has caught up', () => {
    const { outlet: it, sent, fill } = outlet()
    it.send({ offset: 1, event: '{}' })
    fill(MAX_PENDING + 1)
    it.send({ offset: 2, event: '{}' })
    it.tell({ type: 'presence', joined: [], left: [] })
    it.send({ offset: 3, event: '{}' })
    fill(0)
    it.send({ offset: 4, event: '{}' })
    it.drained({ epoch: 'e', offset: 4 })
    it.send({ offset: 5, event: '{}' })
    expect(sent).toEqual(['recovered', '1', 'fetch', '5'])
  })

  test('pings who reads, lets in who caught up, cuts off who does not', () => {
    const { outlet: it, sent, fill } = outlet()
    it.beat(position)
    fill(MAX_PENDING + 1)
    it.send({ offset: 1, event: '{}' })
    fill(0)
    it.beat(position)
    fill(MAX_PENDING + 1)
    it.send({ offset: 2, event: '{}' })
    it.beat(position)
    expect(sent).toEqual(['recovered', 'ping', 'fetch', 'slow'])
  })
})

describe('a stream', () => {
  test('recovers all that was missed or nothing, whatever was forgotten', () => {
    const limits = { frames: 10, age: 100, recoveryBytes: 200 }
    const event = fc.record({ size: fc.integer({ min: 1, max: 25 }), wait: fc.integer({ min: 0, max: 20 }) })
    fc.assert(
      fc.property(fc.array(event, { maxLength: 40 }), fc.integer({ min: -2, max: 14 }), (events, back) => {
        const from = Math.max(0, events.length - back)
        let now = 0
        const stream = new UserStream(limits, now)
        const published = events.map(({ size, wait }, n) => {
          now += wait
          stream.append(String(n), 'x'.repeat(size), now)
          return { size, at: now }
        })
        const kept = published.slice(-limits.frames).filter(one => one.at > now - limits.age)
        const missed = published.slice(from)
        const whole =
          missed.length <= kept.length && missed.reduce((sum, one) => sum + one.size, 0) <= limits.recoveryBytes
        const recovered = stream.since({ epoch: stream.position.epoch, offset: from }, now)
        if (from > events.length || !whole) expect(recovered).toBeUndefined()
        else expect(recovered!.map(frame => frame.event.length)).toEqual(missed.map(one => one.size))
      }),
      { numRuns: 1000 },
    )
  })

  test('positions read as they are written', () => {
    const { position } = new UserStream(LIMITS, 0)
    expect(parsePosition(formatPosition(position))).toEqual(position)
  })
})
