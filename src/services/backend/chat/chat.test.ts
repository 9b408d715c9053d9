import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Call, type DataPlane, startDataPlane } from '../../../../test/support/data-plane.ts'
import type { RunningService } from '../../../kit/service.ts'
import { startBackend } from '../main.ts'

let plane: DataPlane
let alone: RunningService
let withModel: RunningService
let model: Server
/** What the model was asked, and what it answers next; a number is a status. */
let asked: { headers: Record<string, string>; body: { model: string; messages: Said[]; tools: unknown[] } }[] = []
let answers: (object | number | string)[] = []

interface Said {
  role: string
  content: string | null
  tool_call_id?: string
}

beforeAll(async () => {
  plane = await startDataPlane()
  model = createServer(async (request, response) => {
    let text = ''
    for await (const chunk of request) text += chunk
    asked.push({ headers: request.headers as Record<string, string>, body: JSON.parse(text) })
    const answer = answers.shift() ?? 500
    if (typeof answer === 'number') response.writeHead(answer).end('secret-key was refused')
    else response.end(typeof answer === 'string' ? answer : JSON.stringify({ choices: [{ message: answer }] }))
  })
  await new Promise<void>(up => model.listen(0, '127.0.0.1', up))
  const chat = {
    baseUrl: `http://127.0.0.1:${(model.address() as AddressInfo).port}/v1/`,
    model: 'small',
    apiKey: 'secret-key',
  }
  alone = await startBackend(plane.config('backend-service'))
  withModel = await startBackend(plane.config('backend-service', { chat }))
})

beforeEach(() => {
  asked = []
  answers = []
})

afterAll(async () => {
  await alone?.stop()
  await withModel?.stop()
  model?.closeAllConnections()
  await new Promise(done => model.close(done))
  await plane?.stop()
})

/** A conversation: each message goes on where the one before left. */
function talk(call: Call) {
  let id: string | undefined
  return async (message: string) => {
    const { status, body } = await call('POST', '/api/v1/chat', { message, ...(id ? { conversation_id: id } : {}) })
    expect([status, body.detail]).toEqual([200, undefined])
    id = body.conversation_id
    return body
  }
}

const calling = (name: string, input: unknown, id = 'call-1') => ({
  role: 'assistant',
  content: null,
  tool_calls: [
    { id, type: 'function', function: { name, arguments: typeof input === 'string' ? input : JSON.stringify(input) } },
  ],
})

describe('without a model', () => {
  test('tasks are added, listed, moved, done; a deletion waits for a yes', async () => {
    const anna = plane.as('anna', alone.port)
    await anna('PATCH', '/api/v1/preferences', { timezone: 'Europe/Berlin' })
    const say = talk(anna)
    const added = await say('add dentist on 5 May 2031 at 9am #health')
    expect(added.reply).toBe('Added dentist, due Mon, 5 May 2031 at 09:00.')
    expect(added.calls).toMatchObject([
      {
        tool: 'quick_add',
        arguments: { text: 'dentist on 5 May 2031 at 9am #health' },
        result: { task: { tags: ['health'] } },
      },
    ])
    expect((await say('upcoming?')).reply).toBe('1 task:\n- dentist, due Mon, 5 May 2031 at 09:00')
    expect((await say('move dentist to 6 May 2031')).reply).toBe('Changed dentist, due Tue, 6 May 2031.')
    expect((await say('move dentist to whenever')).reply).toContain('is no time')
    expect((await say('complete the tax return')).reply).toContain('no open task')
    expect((await say('make me a sandwich')).reply).toContain('I can add tasks')
    expect((await say('yes')).reply).toBe('Nothing waits for your answer.')

    const asking = await say('delete dentist')
    expect(asking.reply).toBe('Delete “dentist”? Say yes to go ahead.')
    expect(asking.calls[0].needs_confirmation.token).toEqual(expect.any(String))
    expect((await say('no')).reply).toBe('All right, nothing was done.')
    expect((await say('yes')).reply).toBe('Nothing waits for your answer.')
    await say('delete dentist')
    expect((await say('yes')).reply).toBe('Deleted dentist, due Tue, 6 May 2031.')
    expect((await anna('GET', '/api/v1/tasks')).body.items).toEqual([])
  })

  test('a deletion is confirmed by its token, once, by its person alone; a yes elsewhere is not meant', async () => {
    const [ben, eve] = [plane.as('ben', alone.port), plane.as('eve', alone.port)]
    const say = talk(ben)
    await say('add milk')
    const { conversation_id: id, calls } = await say('delete milk')
    const { token } = calls[0].needs_confirmation
    expect((await talk(ben)('yes')).reply).toBe('Nothing waits for your answer.')
    expect((await eve('POST', '/api/v1/chat/confirm', { token })).body.code).toBe('TEP4005')
    const done = await ben('POST', '/api/v1/chat/confirm', { token })
    expect(done.body).toMatchObject({ conversation_id: id, reply: 'Deleted milk.', calls: [{ tool: 'delete_task' }] })
    expect((await ben('POST', '/api/v1/chat/confirm', { token })).body.code).toBe('TEP4005')
    const { messages } = (await ben('GET', `/api/v1/chat/${id}`)).body
    expect(messages.map(({ role, content }: Said) => `${role}: ${content}`)).toEqual([
      'user: add milk',
      'assistant: Added milk.',
      'user: delete milk',
      'assistant: Delete “milk”? Say yes to go ahead.',
      'assistant: Deleted milk.',
    ])
    expect(JSON.stringify(messages)).not.toContain(token)
    expect((await ben('GET', '/api/v1/chat')).body).toMatchObject({
      items: [{ title: 'yes' }, { id, title: 'add milk' }].reverse(),
      model: false,
    })
    for (const path of [`/api/v1/chat/${id}`]) expect((await eve('GET', path)).body.code).toBe('TEP4005')
    expect((await eve('POST', '/api/v1/chat', { message: 'hi', conversation_id: id })).body.code).toBe('TEP4005')
    expect((await eve('DELETE', `/api/v1/chat/${id}`)).body.code).toBe('TEP4005')
  })

  test('two devices at once lose no message', async () => {
    const cleo = plane.as('cleo', alone.port)
    const { conversation_id: id } = await talk(cleo)('hello')
    const said = ['add one', 'add two', 'add three', 'add four']
    const answered = await Promise.all(
      said.map(message => cleo('POST', '/api/v1/chat', { message, conversation_id: id })),
    )
    expect(answered.map(({ status }) => status)).toEqual([200, 200, 200, 200])
    const { messages } = (await cleo('GET', `/api/v1/chat/${id}`)).body
    expect(messages).toHaveLength(10)
    expect(messages.map(({ content }: Said) => content)).toEqual(expect.arrayContaining(said))
    // Each answer stands behind its question.
    for (const message of said) {
      const index = messages.findIndex(({ content }: Said) => content === message)
      expect(messages[index + 1].content).toBe(`Added ${message.slice(4)}.`)
    }
  })

  test('conversations are forgotten one by one, taken along, and erased with their person; nothing is done that could not be kept', async () => {
    const dan = plane.as('dan', alone.port)
    const first = (await talk(dan)('add secret plan')).conversation_id
    const second = (await talk(dan)('add other plan')).conversation_id
    expect((await dan('DELETE', `/api/v1/chat/${first}`)).status).toBe(204)
    expect((await dan('GET', `/api/v1/chat/${first}`)).body.code).toBe('TEP4005')
    expect([...plane.dapr.state.keys()]).not.toContain(`conv:${first}`)
    expect((await dan('GET', '/api/v1/me/export')).body.conversations).toMatchObject([
      { id: second, messages: [{ content: 'add other plan' }, {}] },
    ])
    plane.dapr.stateDown = true
    expect((await dan('POST', '/api/v1/chat', { message: 'add lost plan' })).body.code).toBe('TEP4206')
    expect((await dan('DELETE', '/api/v1/me')).body.code).toBe('TEP4206')
    plane.dapr.stateDown = false
    expect((await dan('GET', '/api/v1/tasks')).body.items).toHaveLength(2)
    expect((await dan('DELETE', '/api/v1/me')).status).toBe(204)
    expect(JSON.stringify([...plane.dapr.state.values()])).not.toContain('plan')
    const events = await plane.dapr.waitFor(
      4,
      ({ event, key }) => key === 'dan' && event.type.endsWith('message_appended'),
    )
    expect(JSON.stringify(events)).not.toContain('plan')
  })

  test.each<[string, object]>([
    ['nothing', { message: ' ' }],
    ['too much', { message: 'x'.repeat(4_001) }],
    ['a conversation that is none', { message: 'hi', conversation_id: 'x' }],
  ])('%s is refused', async (_, body) => {
    expect((await plane.as('anna', alone.port)('POST', '/api/v1/chat', body)).body.code).toBe('TEP4001')
  })
})

describe('with a model', () => {
  test('it calls tools until it answers, and is told the time, the zone and what the tools said', async () => {
    const fay = plane.as('fay', withModel.port)
    await fay('PATCH', '/api/v1/preferences', { timezone: 'Asia/Tokyo' })
    const say = talk(fay)
    answers = [
      calling('create_task', { title: 'Visa', due: '5 May 2031 at 9am' }),
      calling('create_task', { titel: 'x' }, 'call-2'),
      calling('no_such_tool', {}, 'call-3'),
      calling('agenda', '{"view":', 'call-4'),
      { content: 'Visa is on the list.' },
    ]
    const turn = await say('I have to get a visa')
    expect(turn.reply).toBe('Visa is on the list.')
    expect(turn.calls).toMatchObject([
      { tool: 'create_task', result: { task: { title: 'Visa', due_local: '2031-05-05T09:00' } } },
    ])
    expect(asked[0]!.headers['authorization']).toBe('Bearer secret-key')
    expect(asked[0]!.body).toMatchObject({ model: 'small', messages: [{ role: 'system' }, { role: 'user' }] })
    expect(asked[0]!.body.messages[0]!.content).toContain('Asia/Tokyo')
    expect(asked[0]!.body.tools.length).toBeGreaterThan(10)
    const told = asked[4]!.body.messages.filter(({ role }) => role === 'tool')
    expect(told.map(({ tool_call_id: id, content }) => `${id} ${content!.slice(0, 7)}`)).toEqual([
      expect.stringContaining('call-1 {'),
      'call-2 TEP4001',
      'call-3 TEP4005',
      'call-4 TEP4001',
    ])
    answers = [{ content: 'You are welcome.' }]
    await say('thanks')
    expect(asked[5]!.body.messages.map(({ role, content }) => `${role} ${content}`)).toEqual([
      expect.stringContaining('system'),
      'user I have to get a visa',
      'assistant Visa is on the list.',
      'user thanks',
    ])
  })

  test('it cannot delete: it gets no token, and a yes is read before it is asked', async () => {
    const gil = plane.as('gil', withModel.port)
    await gil('POST', '/api/v1/tasks', { title: 'keep me' })
    const say = talk(gil)
    answers = [
      calling('delete_task', { task: 'keep me' }),
      calling('confirm', { token: 'guess' }),
      { content: 'Shall I?' },
    ]
    const turn = await say('get rid of keep me')
    expect(turn).toMatchObject({ reply: 'Shall I?', calls: [{ needs_confirmation: { summary: 'Delete “keep me”' } }] })
    expect(JSON.stringify(asked)).not.toContain(turn.calls[0].needs_confirmation.token)
    expect((await gil('GET', '/api/v1/tasks')).body.items).toHaveLength(1)
    expect((await say('yes')).reply).toBe('Deleted keep me.')
    expect(asked).toHaveLength(3)
  })

  test.each<[string, object | number | string]>([
    ['refuses', 401],
    ['answers no JSON', 'oops'],
    ['answers without a message', '{"choices":[]}'],
  ])('a model that %s is a failure without its words or our key', async (_, answer) => {
    answers = [answer]
    const { status, body } = await plane.as('hal', withModel.port)('POST', '/api/v1/chat', { message: 'hello there' })
    expect([status, body.code]).toEqual([502, 'TEP4209'])
    expect(JSON.stringify(body)).not.toContain('secret-key')
  })

  test('what was done stays told when the model fails later, and a model that never answers is stopped', async () => {
    const ivy = plane.as('ivy', withModel.port)
    answers = [calling('create_task', { title: 'half' }), 500]
    const turn = await talk(ivy)('do two things')
    expect(turn).toMatchObject({ calls: [{ tool: 'create_task' }] })
    expect(turn.reply).toContain('stopped answering')
    answers = Array.from({ length: 20 }, () => calling('agenda', {}))
    expect((await talk(ivy)('loop')).reply).toContain('I stopped after 8 rounds')
  })
})
