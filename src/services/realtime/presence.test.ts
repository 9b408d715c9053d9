import fc from 'fast-check'
import { WebSocket } from 'ws'
import { type DataPlane, eventually, startDataPlane } from '../../../test/support/data-plane.ts'
import { EventStream } from '../../../test/support/event-stream.ts'
import type { RunningService } from '../../kit/service.ts'
import { startRealtime } from './main.ts'
import { type Announcement, type Change, type Client, EXPIRE_MS, Presence, RENEW_MS } from './presence.ts'

const client = (id: string): Client => ({ client: id, transport: 'sse', since: '2030-01-01T00:00:00.000Z' })
const ids = (clients: readonly Client[]): string[] => clients.map(each => each.client).sort()

/** Replicas that hear each other, as far as `lost` lets them, on one clock. */
function world(count: number, lost: () => boolean = () => false) {
  let now = 1_000_000
  const changes: Change[][] = []
  const replicas: Presence[] = []
  const queue: { from: number; announcement: Announcement; at: number }[] = []
  for (let from = 0; from < count; from++) {
    changes.push([])
    replicas.push(
      new Presence({
        announce: announcement => queue.push({ from, announcement: structuredClone(announcement), at: now }),
        changed: (_, change) => changes[from]!.push(change),
        now: () => now,
      }),
    )
  }
  return {
    replicas,
    changes,
    settle: () => {
      let steps = 0
      for (let next = queue.shift(); next; next = queue.shift()) {
        if (++steps > 10_000) throw new Error('announcements answer each other without end')
        for (const [to, replica] of replicas.entries())
          if (to !== next.from && !lost()) replica.heard(next.announcement, next.at)
      }
    },
    pass: (ms: number) => {
      now += ms
    },
    now: () => now,
  }
}

describe('replicas', () => {
  test('whatever is lost on the way, after one renewal that is heard all see the same, and only the person’s own', () => {
    const step = fc.record({ replica: fc.nat(2), user: fc.nat(2), leave: fc.boolean() })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), fc.array(fc.boolean(), { maxLength: 200 }), (steps, losses) => {
        const { replicas, settle, pass } = world(3, () => losses.pop() ?? false)
        const expected = new Map<string, string[]>()
        for (const [n, { replica, user, leave }] of steps.entries()) {
          const name = `u${user}`
          const mine = expected.get(name) ?? []
          const own = mine.find(id => id.startsWith(`${replica}-`))
          if (leave && own) {
            replicas[replica]!.leave(name, own)
            expected.set(
              name,
              mine.filter(id => id !== own),
            )
          } else {
            replicas[replica]!.join(name, client(`${replica}-${n}`))
            expected.set(name, [...mine, `${replica}-${n}`])
          }
          settle()
          pass(1)
        }
        losses.length = 0
        // Who left last and was not heard expires; everybody else is renewed meanwhile.
        for (let passed = 0; passed <= EXPIRE_MS + RENEW_MS; passed += RENEW_MS) {
          for (const replica of replicas) replica.renew()
          settle()
          pass(RENEW_MS)
        }
        for (const replica of replicas)
          for (const [user, clients] of expected) expect(ids(replica.of(user))).toEqual([...clients].sort())
      }),
    )
  })

  test('one that is new is told by the others as soon as its person is with them too', () => {
    const { replicas, settle } = world(2, () => lost)
    let lost = true
    replicas[0]!.join('u', client('a'))
    settle()
    lost = false
    replicas[1]!.join('u', client('b'))
    settle()
    expect(ids(replicas[1]!.of('u'))).toEqual(['a', 'b'])
    expect(ids(replicas[0]!.of('u'))).toEqual(['a', 'b'])
  })

  test('the clients of one that was killed are gone after a minute, and told so once', () => {
    const { replicas, changes, settle, pass } = world(2)
    replicas[0]!.join('u', client('a'))
    replicas[1]!.join('u', client('b'))
    settle()
    pass(EXPIRE_MS - 1)
    replicas[0]!.renew()
    expect(ids(replicas[0]!.of('u'))).toEqual(['a', 'b'])
    pass(1)
    replicas[0]!.renew()
    replicas[0]!.renew()
    expect(ids(replicas[0]!.of('u'))).toEqual(['a'])
    expect(changes[0]!.map(({ joined, left }) => [ids(joined), ids(left)])).toEqual([
      [['a'], []],
      [['b'], []],
      [[], ['b']],
    ])
  })

  test('what was said before, and comes later, changes nothing', () => {
    const { replicas, changes, now } = world(1)
    const say = (at: number, ...clients: string[]) =>
      replicas[0]!.heard({ user_id: 'u', replica: 'other', clients: clients.map(client) }, at)
    say(now(), 'a', 'b')
    say(now() - 10, 'a')
    say(now() - EXPIRE_MS, 'c')
    expect(ids(replicas[0]!.of('u'))).toEqual(['a', 'b'])
    expect(changes[0]).toHaveLength(1)
  })
})

describe('over HTTP, two replicas', () => {
  let plane: DataPlane
  let services: RunningService[] = []

  beforeAll(async () => {
    plane = await startDataPlane()
    services = await Promise.all([0, 1].map(() => startRealtime(plane.config('realtime-service'), 0)))
    for (const { port } of services) plane.dapr.deliver('task-updates', port)
  })
  afterAll(async () => {
    for (const service of services) await service.stop()
    await plane?.stop()
  })

  const present = async (user: string, replica: number): Promise<Client[]> =>
    (await plane.as(user, services[replica]!.port)('GET', '/api/v1/events/presence')).body.clients
  const follow = async (user: string, replica: number, query = '?presence=true') =>
    EventStream.open(
      `http://127.0.0.1:${services[replica]!.port}/api/v1/events/stream${query}`,
      await plane.token(user),
    )
  const told = (stream: EventStream) =>
    stream.events
      .filter(({ event }) => event === 'presence')
      .flatMap(({ data }) => [
        ...data.joined.map((each: Client) => `joined ${each.client}`),
        ...data.left.map((each: Client) => `left ${each.client}`),
      ])
  const greeted = (stream: EventStream): Promise<string> =>
    eventually(async () => stream.events.find(({ event }) => event === 'hello')?.data.client, 'a greeting')

  test('a person sees their clients on all replicas, and who joins and leaves; nobody else does', async () => {
    const first = await follow('anna', 0)
    const own = await greeted(first)
    const second = await follow('anna', 1)
    const other = await greeted(second)
    const stranger = await follow('eve', 0)
    await greeted(stranger)
    for (const replica of [0, 1])
      await eventually(async () => (await present('anna', replica)).length === 2, `both clients at replica ${replica}`)
    expect(await present('anna', 1)).toEqual(
      expect.arrayContaining([
        { client: own, transport: 'sse', since: expect.stringMatching(/Z$/) },
        { client: other, transport: 'sse', since: expect.stringMatching(/Z$/) },
      ]),
    )
    second.close()
    await eventually(async () => told(first).includes(`left ${other}`), 'the one who left')
    expect(told(first)).toEqual([`joined ${other}`, `left ${other}`])
    expect(told(stranger)).toEqual([])
    expect(ids(await present('eve', 1))).not.toContain(own)
    first.close()
    stranger.close()
    await eventually(async () => (await present('anna', 1)).length === 0, 'nobody to be left')
  })

  test('a WebSocket is one too; who did not ask is told of nobody', async () => {
    const quiet = await follow('ben', 0, '')
    await greeted(quiet)
    const socket = new WebSocket(
      `ws://127.0.0.1:${services[1]!.port}/api/v1/events/ws?presence=true&access_token=${await plane.token('ben')}`,
    )
    const messages: { type: string; joined?: Client[] }[] = []
    socket.on('message', data => messages.push(JSON.parse(String(data))))
    await eventually(async () => messages.some(({ type }) => type === 'presence'), 'the other client to be told')
    expect(messages.map(({ type }) => type)).toEqual(['hello', 'presence'])
    await eventually(async () => (await present('ben', 0)).length === 2, 'both at the other replica')
    expect((await present('ben', 0)).map(({ transport }) => transport).sort()).toEqual(['sse', 'websocket'])
    expect(told(quiet)).toEqual([])
    socket.close()
    quiet.close()
  })

  test('a replica that stops takes its clients along at once', async () => {
    const staying = await follow('cleo', 0)
    await greeted(staying)
    const leaving = await follow('cleo', 1)
    const gone = await greeted(leaving)
    await eventually(async () => (await present('cleo', 0)).length === 2, 'both clients')
    await services[1]!.stop()
    await eventually(async () => (await present('cleo', 0)).length === 1, 'the client to be gone')
    await eventually(async () => told(staying).at(-1) === `left ${gone}`, 'the one who stays to be told')
    staying.close()
    await leaving.closed
  })

  test('without a token there is nothing to see', async () => {
    const answer = await fetch(`http://127.0.0.1:${services[0]!.port}/api/v1/events/presence`)
    expect(answer.status).toBe(401)
  })
})
