import { type DataPlane, startDataPlane } from '../../../test/support/data-plane.ts'
import type { RunningService } from '../../kit/service.ts'
import { startBackend } from './main.ts'

let plane: DataPlane
let backend: RunningService

beforeAll(async () => {
  plane = await startDataPlane()
  backend = await startBackend(plane.config('backend-service'))
})

afterAll(async () => {
  await backend?.stop()
  await plane?.stop()
})

describe('assistants', () => {
  const rpc = async (method: string, params: object) => rpcAs(await plane.token('mcp-user'), method, params)
  const rpcAs = async (token: string, method: string, params: object) => {
    const response = await fetch(`http://127.0.0.1:${backend.port}/mcp`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        'mcp-protocol-version': '2025-06-18',
      },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
    })
    const text = await response.text()
    return JSON.parse(text.startsWith('{') ? text : text.split('data: ')[1]!.split('\n')[0]!)
  }
  const tool = async (name: string, input: object) => {
    const { result } = await rpc('tools/call', { name, arguments: input })
    return result.isError ? result : JSON.parse(result.content[0].text)
  }

  test('the tools do what REST does, for the user of the token', async () => {
    const { result } = await rpc('tools/list', {})
    const names = result.tools.map(({ name }: { name: string }) => name)
    expect(names).toEqual(expect.arrayContaining(['search_tasks', 'quick_add', 'batch_tasks', 'agenda', 'confirm']))
    const { task, now } = await tool('create_task', { title: 'by chat', due_at: '2030-01-01' })
    expect(new Date(now).getTime()).not.toBeNaN()
    expect((await tool('update_task', { task: task.id, title: 'by voice' })).task.title).toBe('by voice')
    expect((await tool('complete_task', { task: 'By Voice' })).task.status).toBe('done')
    const user = plane.as('mcp-user', backend.port)
    expect((await user('GET', '/api/v1/tasks')).body.items).toMatchObject([{ title: 'by voice', status: 'done' }])
    expect((await tool('complete_task', { task: '0f8fad5b-d9cb-469f-a165-70867728950e' })).content[0].text).toContain(
      'TEP4005',
    )
  })

  test('what destroys asks first, and is done once for its token, by its person alone', async () => {
    const user = plane.as('mcp-user', backend.port)
    const { body: task } = await user('POST', '/api/v1/tasks', { title: 'to be deleted' })
    const { needs_confirmation: asked } = await tool('delete_task', { task: 'to be deleted' })
    expect(asked.summary).toBe('Delete “to be deleted”')
    expect((await user('GET', `/api/v1/tasks/${task.id}`)).body.deleted_at).toBeNull()
    const stranger = await plane.token('stranger')
    expect((await rpcAs(stranger, 'tools/call', { name: 'confirm', arguments: asked })).result.isError).toBe(true)
    expect((await tool('confirm', { token: asked.token })).task.id).toBe(task.id)
    expect((await user('GET', `/api/v1/tasks/${task.id}`)).body.deleted_at).not.toBeNull()
    expect((await tool('confirm', { token: asked.token })).content[0].text).toContain('TEP4005')
    const stored = await plane.db.query('SELECT * FROM backend.confirmations')
    expect(JSON.stringify(stored)).not.toContain(asked.token)
    expect((await tool('restore_task', { task: 'to be deleted' })).task.deleted_at).toBeNull()
    await tool('delete_task', { task: 'to be deleted' })
    await plane.db.query("UPDATE backend.confirmations SET expires_at = now() - interval '1 second'")
    const late = await tool('delete_task', { task: 'to be deleted' })
    await plane.db.query("UPDATE backend.confirmations SET expires_at = now() - interval '1 second'")
    expect((await tool('confirm', { token: late.needs_confirmation.token })).content[0].text).toContain('TEP4005')
  })

  test('times in words, titles for ids, and what cannot be told apart', async () => {
    const user = plane.as('mcp-user', backend.port)
    await user('PATCH', '/api/v1/preferences', { timezone: 'Europe/Berlin' })
    const created = await tool('create_task', {
      title: 'Dentist',
      due: '5 May 2031 at 9am',
      reminders: [{ before: 'PT1H' }],
    })
    expect(created).toMatchObject({
      task: { due_at: '2031-05-05T07:00:00.000Z', due_local: '2031-05-05T09:00' },
      timezone: 'Europe/Berlin',
    })
    const moved = await tool('update_task', { task: 'dentist', due: '6 May 2031' })
    expect(moved.task).toMatchObject({ all_day: true, due_local: '2031-05-06' })
    expect((await tool('create_task', { title: 'x', due: 'whenever' })).content[0].text).toContain('due:')
    expect((await tool('snooze_reminder', { task: 'dentist', until: 'tomorrow at 9:30' })).reminder.remind_at).toMatch(
      /T0[78]:30:00.000Z$/,
    )
    expect((await tool('list_reminders', { task: 'dentist' })).items).toMatchObject([{ title: 'Dentist' }])
    for (const title of ['Call Anna', 'Call Ben']) await tool('quick_add', { text: `${title} today` })
    const unclear = (await tool('complete_task', { task: 'call' })).content[0].text
    expect(unclear).toMatch(/TEP4001.*2 open tasks.*Call Ann?/)
    expect((await tool('agenda', {})).items).toHaveLength(2)
    expect((await tool('reopen_task', { task: 'call' })).content[0].text).toContain('TEP4005')
    const preview = await tool('preview_series', {
      recurrence: { rrule: 'FREQ=DAILY' },
      due_at: '2031-01-01T09:00',
      count: 2,
    })
    expect(preview.items.map(({ at }: { at: string }) => at)).toEqual([
      '2031-01-01T08:00:00.000Z',
      '2031-01-02T08:00:00.000Z',
    ])
    const batch = [
      { op: 'create', task: { title: 'one' } },
      { op: 'create', task: { title: 'two' } },
    ]
    const { items } = await tool('batch_tasks', { operations: batch })
    const { needs_confirmation: asked } = await tool('batch_tasks', {
      operations: items.map(({ id }: { id: string }) => ({ op: 'delete', id })),
    })
    expect(asked.summary).toBe('Delete 2 tasks')
  })

  test('without a token there is no assistant', async () => {
    const response = await fetch(`http://127.0.0.1:${backend.port}/mcp`, {
      method: 'POST',
      body: '{}',
      headers: { 'content-type': 'application/json' },
    })
    expect(response.status).toBe(401)
  })
})
