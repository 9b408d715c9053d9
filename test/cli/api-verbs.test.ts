/** The verbs that talk to the platform's API, through the program itself, against real services on a real database. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RunningService } from '../../src/kit/service.ts'
import { startAudit } from '../../src/services/audit/main.ts'
import { startBackend } from '../../src/services/backend/main.ts'
import { type DataPlane, eventually, startDataPlane } from '../support/data-plane.ts'
import { type Run, tep } from '../support/tep.ts'

let plane: DataPlane
let backend: RunningService
let audit: RunningService
let folder: string
let token: string

beforeAll(async () => {
  plane = await startDataPlane()
  backend = await startBackend(plane.config('backend-service'))
  audit = await startAudit(plane.config('audit-service'))
  plane.dapr.deliver('task-events', audit.port)
  token = await plane.token('root', { roles: ['todo-operator'] })
  folder = await mkdtemp(join(tmpdir(), 'tep-api-'))
})
afterAll(async () => {
  await backend?.stop()
  await audit?.stop()
  await plane?.stop()
  await rm(folder, { recursive: true, force: true })
})

/** As an operator, by the environment; of another service where that answers. */
const ask = (args: string[], port = backend.port): Promise<Run> =>
  tep(args, {
    env: { TEP_SERVER: `http://127.0.0.1:${port}`, TEP_TOKEN: token },
  })
const json = async (args: string[], port?: number) => JSON.parse((await ask([...args, '-o', 'json'], port)).out)
const create = (title: string) => plane.as('anna', backend.port)('POST', '/api/v1/tasks', { title })
const lines = (text: string) =>
  text
    .split('\n')
    .filter(Boolean)
    .map(line => JSON.parse(line))

describe('events', () => {
  test('tail shows the newest, oldest first, and hides what people wrote', async () => {
    await create('Secret plans')
    const { code, out } = await ask(['events', 'tail', '--type', 'task.created', '-o', 'json'])
    expect(code).toBe(0)
    expect(lines(out).at(-1)).toMatchObject({ type: expect.stringContaining('task.created'), schema: 'valid' })
    expect(out).not.toContain('Secret plans')
    expect((await ask(['events', 'tail', '--offset', '0'])).out).toBe('')
  })

  test('tail -f shows each new one once, until it is stopped', async () => {
    const stop = new AbortController()
    await create('before')
    const shown: string[] = []
    const following = tep(
      ['events', 'tail', '-f', '--offset', '1', '--every', '50', '--type', 'task.created', '-o', 'json'],
      {
        env: { TEP_SERVER: `http://127.0.0.1:${backend.port}`, TEP_TOKEN: token },
        signal: stop.signal,
        onOut: text => void shown.push(text),
      },
    )
    await eventually(async () => shown.length === 1, 'the newest event')
    const ids = [(await create('one')).body.id, (await create('two')).body.id]
    await eventually(async () => shown.length >= 3, 'both new events')
    stop.abort()
    const { code, out } = await following
    const subjects = lines(out).map(({ subject }) => subject)
    expect([code, subjects.slice(1)]).toEqual([0, ids.map(id => `task/${id}`)])
  })

  test('grep finds by a pattern across pages, and ends with 1 when nothing is found', async () => {
    const { body } = await create('grep me')
    const found = await ask(['events', 'grep', body.id.toUpperCase(), '-i', '-o', 'json'])
    expect([found.code, lines(found.out)[0].subject]).toEqual([0, `task/${body.id}`])
    expect((await ask(['events', 'grep', 'nowhere to be found'])).code).toBe(1)
    expect(await ask(['events', 'grep', '('])).toMatchObject({ code: 2, err: expect.stringContaining('TEP5015') })
  })

  test('publish holds the data to the schema, is dry without --yes, and goes as a CloudEvent with its key', async () => {
    const got: { url: string; type: string | undefined; event: object }[] = []
    const sidecar = createServer((request, response) => {
      let body = ''
      request.on('data', chunk => (body += chunk))
      request.on('end', () => {
        got.push({ url: request.url!, type: request.headers['content-type'], event: JSON.parse(body) })
        response.writeHead(204).end()
      })
    })
    await new Promise<void>(up => sidecar.listen(0, '127.0.0.1', up))
    const data = {
      task_id: '0f8fad5b-d9cb-469f-a165-70867728950e',
      user_id: 'anna',
      version: 1,
      task: { title: 'Tea' },
    }
    const dapr = `http://127.0.0.1:${(sidecar.address() as AddressInfo).port}`
    const args = ['events', 'publish', '--type', 'task.created', '--dapr', dapr]
    try {
      const wrong = await ask([...args, '--data', JSON.stringify({ ...data, tite: 'x' })])
      expect([wrong.code, wrong.err]).toEqual([2, expect.stringContaining('TEP5017')])
      const dry = await ask([...args, '--data', JSON.stringify(data)])
      expect([dry.code, dry.err, got.length]).toEqual([0, expect.stringContaining('dry run'), 0])
      const file = join(folder, 'data.json')
      await writeFile(file, JSON.stringify(data))
      expect((await ask([...args, '--data', `@${file}`, '--yes'])).code).toBe(0)
      expect(got).toMatchObject([
        {
          url: '/v1.0/publish/kafka-pubsub/task-events?metadata.partitionKey=anna',
          type: 'application/cloudevents+json',
          event: { data, type: 'com.taskmanager.task.created' },
        },
      ])
    } finally {
      sidecar.closeAllConnections()
      await new Promise(done => sidecar.close(done))
    }
    expect(await ask(['events', 'publish', '--type', 'task.flown', '--data', '{}'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('task.created'),
    })
  })
})

test('trace tells where an event went', async () => {
  const { body } = await create('trace me')
  const { id } = await json(['events', 'tail', '--subject', `task/${body.id}`, '--type', 'task.created'])
  const story = await eventually(async () => {
    const run = await ask(['trace', id])
    return run.out.includes('audit-service') && run.out
  }, 'the audit to handle it')
  expect(story).toMatch(/\+0 ms +committed +task-events/)
  expect(story).toMatch(/handled +audit-service/)
  const none = await ask(['trace', '0f8fad5b-d9cb-469f-a165-708677289501'])
  expect([none.code, none.err]).toEqual([1, expect.stringMatching(/TEP5013.*404.*TEP4005/)])
})

describe('dlq', () => {
  const park = async (id: string): Promise<void> => {
    const event = {
      specversion: '1.0',
      id,
      type: 'com.taskmanager.task.created',
      source: '/tasks/backend-service',
      time: '2026-01-01T00:00:00Z',
      partitionkey: 'anna',
      data: { task_id: '0f8fad5b-d9cb-469f-a165-70867728950e', user_id: 'anna', version: 7, task: { title: 'Poison' } },
    }
    await plane.as('x', audit.port)('POST', '/dead-letters/task-events', event)
  }

  test('ls counts reasons, show tells one, replay is dry first, then publishes again', async () => {
    await park('poison-1')
    await park('poison-2')
    const reasons = await json(['dlq', 'ls', '--consumer', 'audit-service'])
    expect(reasons.reduce((sum: number, { count }: { count: number }) => sum + count, 0)).toBe(2)
    const [letter] = await json(['dlq', 'ls', '--each', '--event', 'poison-1'])
    expect((await ask(['dlq', 'show', String(letter.id)])).out).toMatch(
      /consumer +audit-service[\s\S]*Against its schema/,
    )
    const dry = await ask(['dlq', 'replay', '--consumer', 'audit-service'])
    expect([dry.code, dry.out]).toEqual([0, expect.stringMatching(/^dry run: 2 found.*--yes/)])
    const done = await ask(['dlq', 'replay', '--consumer', 'audit-service', '--yes'])
    expect([done.code, done.out, done.err]).toEqual([
      0,
      expect.stringContaining('done: 2 replayed'),
      expect.stringContaining('2 of 2'),
    ])
    await plane.dapr.waitFor(2, ({ event }) => event.id.startsWith('poison-'))
  })

  test('purge wants a filter, is dry first, and then deletes', async () => {
    await park('poison-3')
    expect(await ask(['dlq', 'purge', '--yes'])).toMatchObject({ code: 2, err: expect.stringContaining('TEP5018') })
    expect((await ask(['dlq', 'purge', '--event', 'poison-3'])).out).toMatch(/^dry run: 1 /)
    expect((await ask(['dlq', 'purge', '--event', 'poison-3', '--yes'])).out).toBe('1 deleted')
    expect((await ask(['dlq', 'ls', '--event', 'poison-3'])).out).toBe('no dead letters')
  })
})

test('jobs lists reminders to come', async () => {
  expect((await ask(['jobs'])).out).toBe('no reminders to come')
  await plane.as('root', backend.port)('POST', '/api/v1/tasks', {
    title: 'Call',
    due_at: '2099-01-01T09:00:00Z',
    reminders: [{ before: 'PT10M' }],
  })
  expect(await json(['jobs'])).toMatchObject([{ remind_at: '2099-01-01T08:50:00.000Z' }])
})

test('audit verify says whether it is intact, by its exit code too', async () => {
  const intact = await ask(['audit', 'verify'], audit.port)
  expect([intact.code, intact.out]).toEqual([0, expect.stringContaining('intact')])
})

test('without address, token, right or server it is told what to do', async () => {
  expect(await tep(['events', 'tail'])).toMatchObject({ code: 2, err: expect.stringMatching(/TEP5012.*--server/) })
  expect(await tep(['jobs', '--server', 'http://127.0.0.1:1'])).toMatchObject({
    code: 2,
    err: expect.stringMatching(/TEP5012.*--token/),
  })
  expect(await tep(['jobs', '--server', 'http://127.0.0.1:1', '--token', 'x'])).toMatchObject({
    code: 1,
    err: expect.stringContaining('does not answer'),
  })
  const anna = await tep([
    'dlq',
    'ls',
    '--server',
    `http://127.0.0.1:${backend.port}`,
    '--token',
    await plane.token('anna'),
  ])
  expect(anna).toMatchObject({ code: 1, err: expect.stringMatching(/403.*TEP4004/) })
  expect(anna.err).not.toContain(await plane.token('anna'))
})

describe('schema', () => {
  test('types lists all with their topics, and prints one as JSON Schema', async () => {
    expect((await tep(['schema', 'types'])).out).toMatch(/task\.created +task-events/)
    expect(JSON.parse((await tep(['schema', 'types', 'task.created'])).out)).toMatchObject({
      title: 'task.created',
      type: 'object',
    })
    expect((await tep(['schema', 'types', 'task.flown'])).code).toBe(2)
  })

  test('check finds no break of ours, and shows data for one', async () => {
    expect((await tep(['schema', 'check'])).code).toBe(0)
    const ours = JSON.parse((await tep(['schema', 'check', '--export'])).out)
    ours.events['task.created'].properties.user_id = { type: 'integer' }
    const file = join(folder, 'schemas.json')
    await writeFile(file, JSON.stringify(ours))
    const { code, out } = await tep(['schema', 'check', file])
    expect([code, out]).toEqual([
      1,
      expect.stringMatching(/task\.created: written by .*data\.user_id[\s\S]*for example/),
    ])
  })
})
