import { WebSocket } from 'ws'
import { createEvent, uuidv7 } from '../../src/contracts/events/index.ts'
import { SERVICES } from '../../src/contracts/topology.ts'
import type { RunningService } from '../../src/kit/service.ts'
import { startAnalytics } from '../../src/services/analytics/main.ts'
import { startAudit } from '../../src/services/audit/main.ts'
import { startBackend } from '../../src/services/backend/main.ts'
import { startNotification } from '../../src/services/notification/main.ts'
import { startRealtime } from '../../src/services/realtime/main.ts'
import { startRecurring } from '../../src/services/recurring/main.ts'
import { Random } from '../fault/random.ts'
import { type Call, startDataPlane } from '../support/data-plane.ts'
import { EventStream } from '../support/event-stream.ts'
import { httpClient } from '../support/http-client.ts'
import { restAttempt, toolAttempt } from './attempts.ts'
import { prepareVictims, rowsOf, secretOf } from './victims.ts'

export interface IsolationResult {
  attempts: { rest: number; replay: number; mcp: number; sse: number; websocket: number }
  leaks: number
  /** Tables in which rows of others were changed. */
  changed: string[]
  seed: number
  examples: string[]
}

const STARTERS = {
  backend: startBackend,
  recurring: startRecurring,
  notification: startNotification,
  audit: startAudit,
  analytics: startAnalytics,
  realtime: startRealtime,
} as const
type Service = keyof typeof STARTERS

const VICTIMS = ['vera', 'viktor', 'vlad']
const ATTACKERS = ['mallory', 'eve', 'trudy', 'oscar']

/**
 * Lets strangers try, with all ids, titles and tokens of others known to them, whatever an interface offers; each answer
 * and each stream is searched for the secret words of the others, and at the end every row of theirs compared.
 * @param progress is told how many attempts were made
 */
export async function tryAll(
  attempts: number,
  seed: number,
  progress: (made: number) => void = () => {},
): Promise<IsolationResult> {
  const random = new Random(seed)
  const plane = await startDataPlane()
  const client = httpClient()
  const running = {} as Record<Service, RunningService>
  const listening: (() => void)[] = []
  const made = { rest: 0, replay: 0, mcp: 0, sse: 0, websocket: 0 }
  const examples: string[] = []
  let leaks = 0
  try {
    for (const { service, appId, consumes } of SERVICES) {
      if (!(service in STARTERS)) continue
      running[service as Service] = await STARTERS[service as Service](plane.config(appId))
      for (const { topic } of consumes) plane.dapr.deliver(topic, running[service as Service].port)
    }
    const call = (user: string, service: string): Call => plane.as(user, running[service as Service].port)
    const victims = await prepareVictims(plane, VICTIMS, call)
    const before = await rowsOf(plane, VICTIMS)
    const tokens = new Map(await Promise.all(ATTACKERS.map(async name => [name, await plane.token(name)] as const)))
    const secrets = new RegExp(victims.secrets.join('|'))
    const search = (text: string, what: string): void => {
      if (!secrets.test(text)) return
      leaks++
      if (examples.length < 5) examples.push(`${what}: ${text.slice(0, 300)}`)
    }
    const base = (service: Service, scheme = 'http'): string => `${scheme}://127.0.0.1:${running[service].port}`

    const request = async (user: string, url: string, method: string, body?: object, headers = {}): Promise<string> => {
      const { status, text } = await client.send(method, url, {
        headers: {
          authorization: `Bearer ${tokens.get(user)}`,
          ...(body && { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body && { body: JSON.stringify(body) }),
      })
      return `${status} ${text}`
    }
    const rest = async (user: string): Promise<void> => {
      const { service, method, path, body } = restAttempt(random, victims)
      made[path.startsWith('/api/v1/dead-letters') ? 'replay' : 'rest']++
      const headers = random.chance(0.3) ? { 'x-user-id': random.pick(VICTIMS), 'if-match': '*' } : {}
      search(await request(user, base(service as Service) + path, method, body, headers), `${user}: ${method} ${path}`)
    }
    const mcp = async (user: string): Promise<void> => {
      made.mcp++
      const { name, input } = toolAttempt(random, victims)
      const body = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: input } }
      const headers = { accept: 'application/json, text/event-stream', 'mcp-protocol-version': '2025-06-18' }
      const text = await request(user, `${base('backend')}/mcp`, 'POST', body, headers)
      search(text, `${user}: ${name} ${JSON.stringify(input)}`)
    }
    const streamQuery = (): string =>
      new URLSearchParams({
        presence: 'true',
        since: random.pick([...victims.positions, ...ATTACKERS]),
        user_id: random.pick(VICTIMS),
      }).toString()
    /** Follows until the service has greeted; what comes later, the streams see that stay open. */
    const sse = async (user: string): Promise<void> => {
      made.sse++
      const stop = new AbortController()
      const response = await fetch(`${base('realtime')}/api/v1/events/stream?${streamQuery()}`, {
        headers: { authorization: `Bearer ${tokens.get(user)}`, 'last-event-id': random.pick(victims.positions) },
        signal: stop.signal,
      })
      const { value } = await response.body!.getReader().read()
      search(Buffer.from(value ?? []).toString(), `${user}: server-sent events`)
      stop.abort()
    }
    const websocket = async (user: string): Promise<void> => {
      made.websocket++
      const socket = new WebSocket(`${base('realtime', 'ws')}/api/v1/events/ws?${streamQuery()}`, [
        'bearer',
        tokens.get(user)!,
      ])
      const first = await new Promise<string>(done => {
        socket.once('message', data => done(String(data)))
        socket.once('error', error => done(error.message))
      })
      search(first, `${user}: WebSocket`)
      await new Promise<void>(closed => {
        socket.once('close', () => closed())
        socket.close()
      })
    }
    for (const user of ATTACKERS) {
      const stream = await EventStream.open(`${base('realtime')}/api/v1/events/stream?presence=true`, tokens.get(user)!)
      listening.push(() => {
        stream.close()
        search(JSON.stringify(stream.events), `${user}: a stream that was open all the time`)
      })
    }
    const kinds = [rest, rest, rest, rest, mcp, mcp, sse, websocket]
    const worker = async (): Promise<void> => {
      for (;;) {
        const total = Object.values(made).reduce((sum, count) => sum + count, 0)
        if (total >= attempts) return
        if (total % 500 === 0) progress(total)
        // Something happens to the others meanwhile, for streams to leak.
        if (random.chance(0.02)) await happen(random.pick(VICTIMS))
        await random.pick(kinds)(random.pick(ATTACKERS))
      }
    }
    const happen = async (user: string): Promise<void> => {
      const event = createEvent({
        type: 'ui.task_list_changed',
        appId: 'backend-service',
        data: { task_id: uuidv7(), user_id: user, action: 'add', task: { title: secretOf(user) } },
      })
      await call(user, 'realtime')('POST', '/events/task-updates', event)
    }
    await Promise.all(Array.from({ length: 4 }, worker))
    await plane.dapr.settled()
    for (const look of listening.splice(0)) look()
    const after = await rowsOf(plane, VICTIMS)
    const changed = [...before].filter(([table, rows]) => after.get(table) !== rows).map(([table]) => table)
    return { attempts: made, leaks, changed, seed, examples }
  } finally {
    for (const close of listening) close()
    client.close()
    for (const service of Object.values(running)) await service.stop()
    await plane.stop()
  }
}
