import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { type DataPlane, eventually, startDataPlane } from '../../../test/support/data-plane.ts'
import type { RunningService } from '../../kit/service.ts'
import { startBackend } from './main.ts'

/** The server as the official client of the protocol sees it, by each revision that is spoken. */

let plane: DataPlane
let replicas: RunningService[]
const clients: Client[] = []

beforeAll(async () => {
  plane = await startDataPlane()
  replicas = await Promise.all([0, 1].map(() => startBackend(plane.config('backend-service'))))
})

afterAll(async () => {
  for (const client of clients) await client.close()
  for (const replica of replicas ?? []) await replica.stop()
  await plane?.stop()
})

type Options = ConstructorParameters<typeof Client>[1]

/**
 * Requests go to one replica after the other, as behind a load balancer.
 * @param tamper changes the body of each request, as a client that is not honest could
 */
async function connect(user: string, options: Options = {}, tamper = (body: string) => body): Promise<Client> {
  const token = await plane.token(user)
  let turn = 0
  const balanced = (url: string | URL, init?: RequestInit): Promise<Response> => {
    const target = new URL(url)
    target.port = String(replicas[turn++ % replicas.length]!.port)
    return fetch(target, typeof init?.body === 'string' ? { ...init, body: tamper(init.body) } : init)
  }
  const client = new Client({ name: 'test', version: '1.0.0' }, options)
  clients.push(client)
  await client.connect(
    new StreamableHTTPClientTransport(new URL(`http://127.0.0.1:${replicas[0]!.port}/mcp`), {
      fetch: balanced,
      requestInit: { headers: { authorization: `Bearer ${token}` } },
    }),
  )
  return client
}

// biome-ignore lint/suspicious/noExplicitAny: what tools answer differs by tool
type Result = any

const NEGOTIATED = { auto: { versionNegotiation: { mode: 'auto' } }, legacy: {} } as const satisfies Record<
  string,
  Options
>

async function call(client: Client, name: string, input: object): Promise<Result> {
  const result = await client.callTool({ name, arguments: input as Record<string, unknown> })
  const [content] = result.content as { text: string }[]
  return result.isError ? { isError: true, text: content!.text } : JSON.parse(content!.text)
}

test.each([
  ['auto', '2026-07-28'],
  ['legacy', '2025-11-25'],
] as const)('%s negotiation speaks %s, and every tool does its work', async (mode, version) => {
  const person = `mcp-${mode}`
  const client = await connect(person, NEGOTIATED[mode])
  expect(client.getNegotiatedProtocolVersion()).toBe(version)
  const { tools } = await client.listTools()
  const used = new Set<string>()
  const tool = (name: string, input: object = {}): Promise<Result> => {
    used.add(name)
    return call(client, name, input)
  }

  const { task, now, timezone } = await tool('create_task', {
    title: 'Passport',
    due: '5 May 2031 at 9am',
    reminders: [{ before: 'PT1H' }],
  })
  expect([Number.isNaN(Date.parse(now)), timezone]).toEqual([false, 'UTC'])
  expect(task).toMatchObject({ title: 'Passport', due_at: '2031-05-05T09:00:00.000Z' })
  const { task: water } = await tool('quick_add', { text: 'Water plants every day at 8am #home' })
  expect(water).toMatchObject({ title: 'Water plants', tags: ['home'], recurrence: { rrule: 'FREQ=DAILY' } })
  expect((await tool('search_tasks', { q: 'pass' })).items).toMatchObject([{ id: task.id }])
  expect((await tool('update_task', { task: 'passport', priority: 'high' })).task.priority).toBe('high')
  expect((await tool('skip_occurrence', { task: water.id })).task.due_at > water.due_at).toBe(true)
  expect((await tool('complete_task', { task: 'Passport' })).task.status).toBe('done')
  expect((await tool('reopen_task', { task: 'Passport' })).task.status).toBe('open')
  expect((await tool('agenda', { view: 'upcoming' })).items.map(({ id }: Result) => id)).toContain(water.id)
  expect((await tool('list_reminders', { task: 'Passport' })).items).toMatchObject([{ title: 'Passport' }])
  const snoozed = await tool('snooze_reminder', { task: 'Passport', minutes: 30 })
  expect(snoozed.reminder.task_id).toBe(task.id)
  expect((await tool('fire_reminder', { task: 'Passport' })).reminder.task_id).toBe(task.id)
  const { items: next } = await tool('preview_series', { recurrence: { rrule: 'FREQ=WEEKLY' }, due_at: '2031-01-01' })
  expect(next.length).toBeGreaterThan(1)
  const { items: made } = await tool('batch_tasks', { operations: [{ op: 'create', task: { title: 'of a batch' } }] })
  expect(made).toMatchObject([{ title: 'of a batch' }])
  const { needs_confirmation: asked } = await tool('delete_task', { task: 'of a batch' })
  expect(asked.summary).toBe('Delete “of a batch”')
  expect((await tool('confirm', { token: asked.token })).task.deleted_at).not.toBeNull()
  expect((await tool('restore_task', { task: 'of a batch' })).task.deleted_at).toBeNull()

  expect([...used].sort()).toEqual(tools.map(({ name }) => name).sort())
  const hints = Object.fromEntries(tools.map(({ name, annotations }) => [name, annotations]))
  expect(hints['search_tasks']).toMatchObject({ readOnlyHint: true, destructiveHint: false })
  expect(hints['delete_task']).toMatchObject({ readOnlyHint: false, destructiveHint: true })
  const rest = await plane.as(person, replicas[0]!.port)('GET', '/api/v1/tasks')
  expect(rest.body.items.map(({ title }: Result) => title).sort()).toEqual(['Passport', 'Water plants', 'of a batch'])
})

describe('errors', () => {
  test.each([
    ['a task that is not there', 'complete_task', { task: 'nothing like it' }, 'TEP4005'],
    ['a field that is none', 'create_task', { title: 'x', titel: 'y' }, 'TEP4001: titel: is not a known field'],
    ['a time that is none', 'create_task', { title: 'x', due: 'whenever' }, 'due: whenever is no time'],
    ['a token that is none', 'confirm', { token: 'guess' }, 'TEP4005'],
  ])('%s is told to the model, with the way out', async (_, name, input, text) => {
    const client = await connect('mcp-errors', NEGOTIATED.auto)
    const answer = await call(client, name, input)
    expect(answer).toMatchObject({ isError: true, text: expect.stringContaining(text) })
  })

  test('a tool that is none is a fault of the protocol', async () => {
    const client = await connect('mcp-errors', NEGOTIATED.auto)
    await expect(client.callTool({ name: 'drop_tables', arguments: {} })).rejects.toThrow(/drop_tables/)
  })

  test('a revision nobody speaks is refused, and the ones that are spoken named', async () => {
    await expect(connect('mcp-errors', { versionNegotiation: { mode: { pin: '2027-01-01' } } })).rejects.toThrow(
      /2026-07-28|2027-01-01/,
    )
  })
})

describe('a client that can ask its person', () => {
  const asking = async (
    user: string,
    answer: () => { action: 'accept' | 'decline'; content?: object },
    tamper?: (body: string) => string,
  ) => {
    const questions: string[] = []
    const client = await connect(user, { ...NEGOTIATED.auto, capabilities: { elicitation: { form: {} } } }, tamper)
    client.setRequestHandler('elicitation/create', async ({ params }) => {
      questions.push(params.message)
      return answer() as never
    })
    return { client, questions }
  }
  const rest = (user: string) => plane.as(user, replicas[0]!.port)
  const waiting = async (): Promise<number> => (await plane.db.query('SELECT FROM backend.confirmations')).length

  test('asks within the call: what was agreed to is done, by whichever replica the answer reaches', async () => {
    const { client, questions } = await asking('elicit-yes', () => ({ action: 'accept', content: {} }))
    const { body: task } = await rest('elicit-yes')('POST', '/api/v1/tasks', { title: 'old list' })
    expect((await call(client, 'delete_task', { task: 'old list' })).task.id).toBe(task.id)
    expect(questions).toEqual(['Delete “old list”?'])
    expect((await rest('elicit-yes')('GET', '/api/v1/tasks')).body.items).toEqual([])
  })

  test('does nothing when the person declines, and keeps no question open', async () => {
    const before = await waiting()
    const { client } = await asking('elicit-no', () => ({ action: 'decline' }))
    await rest('elicit-no')('POST', '/api/v1/tasks', { title: 'precious' })
    expect(await call(client, 'delete_task', { task: 'precious' })).toEqual({
      done: false,
      reason: 'The person did not agree.',
    })
    expect((await rest('elicit-no')('GET', '/api/v1/tasks')).body.items).toHaveLength(1)
    await eventually(async () => (await waiting()) === before, 'the question to be taken back')
  })

  test('an answer is good for the person who was asked, and once', async () => {
    const yes = () => ({ action: 'accept' as const, content: {} })
    const owner = await connect('elicit-own', NEGOTIATED.auto)
    for (const user of ['elicit-own', 'elicit-eve']) await rest(user)('POST', '/api/v1/tasks', { title: 'mine' })
    const { needs_confirmation: asked } = await call(owner, 'delete_task', { task: 'mine' })
    let swaps = 0
    const swap = (body: string): string => {
      const message = JSON.parse(body)
      if (message.params?.requestState === undefined) return body
      swaps++
      return JSON.stringify({ ...message, params: { ...message.params, requestState: asked.token } })
    }
    const { client: eve } = await asking('elicit-eve', yes, swap)
    const refused = { isError: true, text: expect.stringContaining('Nothing waits for this confirmation') }
    expect(await call(eve, 'delete_task', { task: 'mine' })).toMatchObject(refused)
    expect((await rest('elicit-own')('GET', '/api/v1/tasks')).body.items).toHaveLength(1)
    const { client: own } = await asking('elicit-own', yes, swap)
    expect((await call(own, 'delete_task', { task: 'mine' })).task.title).toBe('mine')
    await rest('elicit-own')('POST', '/api/v1/tasks', { title: 'mine' })
    expect(await call(own, 'delete_task', { task: 'mine' })).toMatchObject(refused)
    expect(swaps).toBe(3)
  })
})
