import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import fc from 'fast-check'
import { type DataPlane, startDataPlane } from '../../../../test/support/data-plane.ts'
import type { RunningService } from '../../../kit/service.ts'
import { startBackend } from '../main.ts'
import { readCompletion } from './model-stream.ts'

let plane: DataPlane
let alone: RunningService
let withModel: RunningService
let model: Server
/** What the model streams next, each piece written by itself. */
let streams: string[][] = []
/** Lets the model go on after its first piece. */
let proceed: () => void = () => {}

beforeAll(async () => {
  plane = await startDataPlane()
  model = createServer(async (request, response) => {
    for await (const _ of request);
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    const [first, ...rest] = streams.shift()!
    response.write(first)
    if (rest[0] === 'wait') {
      await new Promise<void>(go => {
        proceed = go
      })
      rest.shift()
    }
    for (const piece of rest) {
      response.write(piece)
    }
    return response.end()
  })
  await new Promise<void>(up => model.listen(0, '127.0.0.1', up))
  const chat = { baseUrl: `http://127.0.0.1:${(model.address() as AddressInfo).port}`, model: 'small' }
  alone = await startBackend(plane.config('backend-service'))
  withModel = await startBackend(plane.config('backend-service', { chat }))
})

afterAll(async () => {
  await alone?.stop()
  await withModel?.stop()
  model?.closeAllConnections()
  await new Promise(done => model.close(done))
  await plane?.stop()
})

const chunk = (delta: object): string => `data: ${JSON.stringify({ choices: [{ delta }] })}\n\n`
const DONE = 'data: [DONE]\n\n'

interface Event {
  event: string
  // biome-ignore lint/suspicious/noExplicitAny: what an event carries differs by event
  data: any
}

const parse = (text: string): Event[] =>
  text
    .split('\n\n')
    .filter(block => block.startsWith('event: '))
    .map(block => {
      const [, event, data] = /^event: (\w+)\ndata: (.*)$/.exec(block)!
      return { event: event!, data: JSON.parse(data!) }
    })

/** @param seen is given all text so far whenever more comes */
async function say(user: string, port: number, body: object, seen: (text: string) => void = () => {}) {
  const response = await fetch(`http://127.0.0.1:${port}/api/v1/chat`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${await plane.token(user)}`,
      'content-type': 'application/json',
      accept: 'text/event-stream',
    },
    body: JSON.stringify(body),
  })
  let text = ''
  for await (const piece of response.body!.pipeThrough(new TextDecoderStream() as never) as unknown as string[]) {
    text += piece
    seen(text)
  }
  return { type: response.headers.get('content-type'), status: response.status, text, events: parse(text) }
}

const kinds = (events: readonly Event[]): string[] => events.map(({ event }) => event)

describe('without a model', () => {
  test('what is done comes as events, and in one piece at the end, as the JSON answer has it', async () => {
    const { events, type } = await say('anna', alone.port, { message: 'add milk #shop' })
    expect(type).toBe('text/event-stream; charset=utf-8')
    expect(kinds(events)).toEqual(['started', 'call', 'token', 'done'])
    const [started, call, token, done] = events.map(({ data }) => data)
    expect(call).toMatchObject({ tool: 'quick_add', result: { task: { title: 'milk', tags: ['shop'] } } })
    expect(done).toEqual({ ...started, reply: token.text, calls: [call] })
    const { body } = await plane.as('anna', alone.port)('GET', `/api/v1/chat/${started.conversation_id}`)
    expect(body.messages.map(({ content }: { content: string }) => content)).toEqual(['add milk #shop', done.reply])
  })

  test('a deletion asks within the stream, and its token is good for a yes', async () => {
    await say('ben', alone.port, { message: 'add eggs' })
    const { events } = await say('ben', alone.port, { message: 'delete eggs' })
    const { conversation_id: id } = events[0]!.data
    const { needs_confirmation: asked } = events.find(({ event }) => event === 'call')!.data
    expect(asked.summary).toBe('Delete “eggs”')
    const yes = await say('ben', alone.port, { message: 'yes', conversation_id: id })
    expect(kinds(yes.events)).toEqual(['started', 'call', 'token', 'done'])
    expect((await plane.as('ben', alone.port)('GET', '/api/v1/tasks')).body.items).toEqual([])
  })

  test.each<[string, object, number, string]>([
    ['nothing said', { message: ' ' }, 400, 'TEP4001'],
    [
      'a conversation of nobody',
      { message: 'hi', conversation_id: '0f8fad5b-d9cb-469f-a165-70867728950e' },
      404,
      'TEP4005',
    ],
  ])('%s is an ordinary problem', async (_, body, status, code) => {
    const answer = await say('cleo', alone.port, body)
    expect([answer.status, answer.type, JSON.parse(answer.text).code]).toEqual([
      status,
      expect.stringContaining('application/problem+json'),
      code,
    ])
  })
})

describe('with a model', () => {
  test('its words come as it says them, its calls as they are run', async () => {
    streams = [
      [
        chunk({ role: 'assistant', content: null }),
        chunk({ tool_calls: [{ index: 0, id: 'c1', function: { name: 'create_task', arguments: '' } }] }),
        chunk({ tool_calls: [{ index: 0, function: { arguments: '{"title":"Vi' } }] }),
        chunk({ tool_calls: [{ index: 0, function: { arguments: 'sa"}' } }] }),
        DONE,
      ],
      [chunk({ content: 'Visa is ' }), 'wait', chunk({ content: 'on the list.' }), DONE],
    ]
    let wasEarly = false
    const { events } = await say('dora', withModel.port, { message: 'I need a visa' }, text => {
      if (!text.includes('Visa is ') || wasEarly) return
      wasEarly = !text.includes('on the list')
      proceed()
    })
    expect(wasEarly).toBe(true)
    expect(kinds(events)).toEqual(['started', 'call', 'token', 'token', 'done'])
    expect(events[1]!.data).toMatchObject({ tool: 'create_task', result: { task: { title: 'Visa' } } })
    expect(events.at(-1)!.data).toMatchObject({ reply: 'Visa is on the list.', calls: [{ tool: 'create_task' }] })
  })

  test('a model that stops in the midst is a failure at the end of the stream', async () => {
    streams = [[chunk({ content: 'Well, ' })]]
    const { events } = await say('emil', withModel.port, { message: 'hello there' })
    expect(kinds(events)).toEqual(['started', 'token', 'failed'])
    expect(events[2]!.data).toMatchObject({ code: 'TEP4209', status: 502 })
  })

  test('who asks for JSON gets the same in one piece', async () => {
    streams = [[chunk({ content: 'Good ' }), chunk({ content: 'day.' }), DONE]]
    const { body } = await plane.as('emil', withModel.port)('POST', '/api/v1/chat', { message: 'hello there' })
    expect(body).toMatchObject({ reply: 'Good day.', calls: [] })
  })
})

test('however the bytes of a completion are cut, it is put together the same', async () => {
  const words = ['Grüße, ', '「日本」', ' 👋']
  const text = [
    ...words.map(content => chunk({ content })),
    ': a comment\n\n',
    chunk({ tool_calls: [{ index: 1, id: 'b', function: { name: 'two', arguments: '{}' } }] }),
    DONE,
  ].join('')
  const bytes = new TextEncoder().encode(text)
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 0, max: bytes.length }), { maxLength: 12 }), async at => {
      const cuts = [0, ...at.sort((a, b) => a - b), bytes.length]
      const body = new ReadableStream<Uint8Array>({
        start(stream) {
          for (const [i, end] of cuts.slice(1).entries()) stream.enqueue(bytes.slice(cuts[i], end))
          stream.close()
        },
      })
      const heard: string[] = []
      expect(await readCompletion(body, word => heard.push(word))).toEqual({
        content: words.join(''),
        tool_calls: [{ id: 'b', function: { name: 'two', arguments: '{}' } }],
      })
      expect(heard.join('')).toBe(words.join(''))
    }),
  )
})
