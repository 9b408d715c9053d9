import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { RunningService } from '../src/kit/service.ts'
import { component, type Place, startPlace } from '../src/local/sidecar/testing.ts'
import { startBackend } from '../src/services/backend/main.ts'
import { type DataPlane, startDataPlane } from './support/data-plane.ts'

/** Chat whose model stands behind a conversation component: backend, sidecar, provider. */
let provider: Server
let place: Place
let plane: DataPlane
let backend: RunningService
let nobody: RunningService
let asked: { model: string; messages: { role: string; content: string }[]; tools: unknown[] }[] = []
let answers: (object | number)[] = []

beforeAll(async () => {
  provider = createServer(async (request, response) => {
    let text = ''
    for await (const chunk of request) text += chunk
    asked.push(JSON.parse(text))
    const answer = answers.shift() ?? 500
    if (typeof answer === 'number') response.writeHead(answer).end('key-of-the-provider was refused')
    else response.end(JSON.stringify({ choices: [{ finish_reason: 'stop', message: answer }] }))
  })
  await new Promise<void>(up => provider.listen(0, '127.0.0.1', up))
  const endpoint = `http://127.0.0.1:${(provider.address() as AddressInfo).port}/v1`
  place = await startPlace([
    component('statestore', 'state.in-memory', []),
    component('brain', 'conversation.openai', [
      { name: 'key', value: 'key-of-the-provider' },
      { name: 'model', value: 'small' },
      { name: 'endpoint', value: endpoint },
    ]),
  ])
  await place.healthy()
  plane = await startDataPlane()
  const daprUrl = `http://127.0.0.1:${place.sidecar.httpPort}`
  backend = await startBackend(plane.config('backend-service', { daprUrl, chat: { component: 'brain' } }))
  nobody = await startBackend(plane.config('backend-service', { daprUrl, chat: { component: 'nobody' } }))
})

beforeEach(() => {
  asked = []
  answers = []
})

afterAll(async () => {
  await backend?.stop()
  await nobody?.stop()
  await plane?.stop()
  await place?.close()
  provider?.closeAllConnections()
  await new Promise(done => provider.close(done))
})

const say = (message: string, { port } = backend) => plane.as('anna', port)('POST', '/api/v1/chat', { message })

test('the model calls tools through the sidecar until it answers, and is told what they said', async () => {
  const call = { id: 'c1', function: { name: 'create_task', arguments: JSON.stringify({ title: 'Renew the visa' }) } }
  answers = [{ content: '', tool_calls: [{ ...call, type: 'function' }] }, { content: 'It is on the list.' }]
  const { status, body } = await say('I have to renew my visa')
  expect([status, body.reply]).toEqual([200, 'It is on the list.'])
  expect(body.calls).toMatchObject([{ tool: 'create_task', result: { task: { title: 'Renew the visa' } } }])
  const [first, second] = asked
  expect(first).toMatchObject({ model: 'small', messages: [{ role: 'system' }, { role: 'user' }] })
  expect(JSON.stringify(first!.tools)).toContain('"create_task"')
  expect(second!.messages.map(({ role }) => role)).toEqual(['system', 'user', 'assistant', 'tool'])
  expect(second!.messages[3]).toMatchObject({ tool_call_id: 'c1', name: 'create_task' })
  expect(second!.messages[3]!.content).toContain('Renew the visa')
})

test('a model that fails, and a component that is not there, are told by their code, and nothing of the key is', async () => {
  answers = [401]
  const refused = await say('hello')
  expect([refused.status, refused.body.code]).toEqual([502, 'TEP4209'])
  expect(refused.body.detail).toContain('ERR_CONVERSATION_INVOKE')
  expect(JSON.stringify(refused.body)).not.toContain('key-of-the-provider')
  const absent = await say('hello', nobody)
  expect(absent.body).toMatchObject({ code: 'TEP4209' })
  expect(absent.body.detail).toContain('component nobody, status 400 ERR_CONVERSATION_NOT_FOUND')
})

test('a model that says nothing is none', async () => {
  answers = [{ content: '' }]
  expect((await say('hello')).body.code).toBe('TEP4209')
})
