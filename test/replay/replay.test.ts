import { createEvent, uuidv7 } from '../../src/contracts/events/index.ts'
import { SERVICES } from '../../src/contracts/topology.ts'
import type { RunningService } from '../../src/kit/service.ts'
import { startAnalytics } from '../../src/services/analytics/main.ts'
import { startAudit } from '../../src/services/audit/main.ts'
import { startBackend } from '../../src/services/backend/main.ts'
import { startNotification } from '../../src/services/notification/main.ts'
import { startRecurring } from '../../src/services/recurring/main.ts'
import { Random } from '../fault/random.ts'
import { type Acked, type Call, runClient } from '../soak/workload.ts'
import { type DataPlane, eventually, startDataPlane } from '../support/data-plane.ts'

const STARTERS = {
  backend: startBackend,
  recurring: startRecurring,
  notification: startNotification,
  audit: startAudit,
  analytics: startAnalytics,
} as const
type Service = keyof typeof STARTERS

const COMMANDS = 50
const USERS = ['anna', 'ben', 'cleo']

let plane: DataPlane
const running = {} as Record<Service, RunningService>

beforeAll(async () => {
  plane = await startDataPlane()
  for (const { service, appId, consumes } of SERVICES) {
    if (!(service in STARTERS)) continue
    running[service as Service] = await STARTERS[service as Service](plane.config(appId))
    for (const { topic } of consumes) plane.dapr.deliver(topic, running[service as Service].port)
  }
})
afterAll(async () => {
  for (const service of Object.values(running)) await service.stop()
  await plane?.stop()
})

/** Every row of every table, the inboxes and the outbox too: nothing may be written anew, and nothing be published again. */
async function everything(): Promise<Record<string, string>> {
  const tables = await plane.db.query<{ name: string }>(
    `SELECT table_schema || '.' || table_name AS name FROM information_schema.tables
     WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY 1`,
  )
  const found: Record<string, string> = {}
  for (const { name } of tables) {
    const [row] = await plane.db.query<{ text: string }>(
      `SELECT coalesce(string_agg(to_jsonb(t)::text, E'\\n' ORDER BY to_jsonb(t)::text), '') AS text FROM ${name} t`,
    )
    found[name] = row!.text
  }
  return found
}

const call =
  (user: string): Call =>
  async (method, path, body, key) => {
    const answer = await plane.as(user, running.backend.port)(method, path, body, { 'idempotency-key': key })
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
    return answer
  }

async function rest(): Promise<void> {
  await eventually(async () => {
    await plane.dapr.settled()
    // Reminders ring when their jobs fire, and here nobody but this does it.
    for (const [name, { data }] of plane.dapr.jobs)
      await plane.as('x', running.notification.port)('POST', `/job/${name}`, data)
    const [row] = await plane.db.query<{ open: boolean }>(
      `SELECT EXISTS (SELECT FROM messaging.outbox WHERE published_at IS NULL)
         OR EXISTS (SELECT FROM notification.reminders WHERE status = 'scheduled') AS open`,
    )
    return !row!.open
  }, 'everything to come to rest')
  await plane.dapr.settled()
}

test('every topic delivered again from its first event changes nothing, in order, out of order, and all at once', async () => {
  const random = new Random(9)
  const acked: Acked[] = []
  let issued = 0
  await Promise.all(USERS.map(user => runClient(user, call(user), random.fork(), () => issued++ < COMMANDS, acked)))
  await call('anna')('PATCH', '/api/v1/preferences', { timezone: 'Asia/Tokyo' }, 'zone')
  // As an earlier platform published them: without id or version, told apart by what they say.
  const seed = {
    event_type: 'created',
    task_id: 7,
    user_id: 'ben',
    task_data: { title: 'Seed' },
    timestamp: '2030-01-01T00:00:00',
  }
  const wrapped = { specversion: '1.0', id: uuidv7(), source: 'x', type: 'com.dapr.event.sent', data: seed }
  // What clients happen to do may leave no reminder to ring.
  const at = new Date(Date.now() + 1_000).toISOString()
  await call('anna')('POST', '/api/v1/tasks', { title: 'Rings', reminders: [{ at }] }, 'rings')
  await rest()

  const published = plane.dapr.published.map(({ topic, event }) => ({ topic, event: event as object }))
  expect(published.length).toBeGreaterThan(COMMANDS)
  const deliver = async ({ topic, event }: { topic: string; event: object }): Promise<void> => {
    for (const { service, consumes } of SERVICES) {
      if (!(service in running) || !consumes.some(each => each.topic === topic)) continue
      const answer = await plane.as('x', running[service as Service].port)('POST', `/events/${topic}`, event)
      expect(answer.body.status).toBe('SUCCESS')
    }
  }
  const log = [...published, { topic: 'task-events', event: wrapped }]
  await deliver(log.at(-1)!)
  await rest()
  const before = await everything()
  for (const table of [
    'backend.tasks',
    'audit.entries',
    'analytics.tasks',
    'notification.notifications',
    'messaging.inbox',
  ])
    expect(before[table]).not.toBe('')

  for (const entry of log) await deliver(entry)
  await rest()
  expect(await everything()).toEqual(before)

  for (const entry of [...log].reverse()) await deliver(entry)
  await Promise.all(log.map(deliver))
  await rest()
  expect(await everything()).toEqual(before)

  // What is no repetition does have its effect, or the above would say nothing.
  await deliver({
    topic: 'task-events',
    event: createEvent({ type: 'task.created', appId: 'backend-service', data: { task_id: uuidv7(), user_id: 'ben' } }),
  })
  await rest()
  expect((await everything())['audit.entries']).not.toBe(before['audit.entries'])
}, 240_000)
