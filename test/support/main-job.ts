import { randomUUID } from 'node:crypto'
import { SERVICES } from '../../src/contracts/topology.ts'
import { EventStream } from './event-stream.ts'
import { type Anything, until } from './laptop.ts'
import { condition, type Place, types, viewOf } from './place.ts'

/**
 * The main job from end to end, through public doors only: HTTP, the Kubernetes API. The same steps in every place, in this
 * order, on a platform that is Ready.
 */
export function mainJob(place: () => Place): void {
  const { platform, settled, addTask, all, auditOf } = viewOf(place)

  test('events are seen to flow to every service', async () => {
    const { reason, message } = await until('canaries to arrive', async () => {
      const found = condition(await platform(), 'EventsFlowing')
      return found?.status === 'True' && found
    })
    expect([reason, message]).toEqual(['CanariesArrive', 'events of 4 topics reach 6 services'])
  })

  test('the console shows the platform as its operator sees it, to operators alone', async () => {
    const view = await until('nothing to be left to write', async () => {
      const { status, body } = await place().call('operator', 'GET', '/api/v1/console/platform')
      expect([status, body]).toEqual([200, expect.objectContaining({ name: 'todo' })])
      return body.plan.length === 0 && body
    })
    const children = view.parts.flatMap((part: Anything) => part.children)
    expect(children.filter(({ state, drift }: Anything) => state !== 'ready' || drift.length > 0)).toEqual([])
    expect(view.conditions.find(({ type }: Anything) => type === 'Ready')).toMatchObject({ status: 'True' })
    expect((await place().call('demo', 'GET', '/api/v1/console/platform')).status).toBe(403)
  })

  test('a completed task that repeats gets its next occurrence through the topic, at the same hour of its own zone across a change of clocks', async () => {
    // Berlin leaves summer time on 25 October 2026: 09:00 is 07:00Z before and 08:00Z after.
    const task = await addTask({
      title: 'Bins out',
      due_at: '2026-10-19T07:00:00Z',
      due_tz: 'Europe/Berlin',
      recurrence: { rrule: 'FREQ=WEEKLY;BYDAY=MO' },
    })
    await place().call('demo', 'POST', `/api/v1/tasks/${task.id}/complete`)
    const next = await until('the next occurrence', async () =>
      (await all('/api/v1/tasks')).find(each => each.parent_task_id === task.id),
    )
    expect(next).toMatchObject({
      title: 'Bins out',
      status: 'open',
      due_at: '2026-10-26T08:00:00.000Z',
      recurrence: { index: 1, rrule: 'FREQ=WEEKLY;BYDAY=MO', tzid: 'Europe/Berlin' },
    })
  })

  test('a reminder two seconds ahead is in the inbox once, and never early', async () => {
    const at = new Date(Date.now() + 2_000).toISOString()
    const task = await addTask({ title: 'Call the plumber', reminders: [{ at }] })
    const mine = async (): Promise<Anything[]> =>
      (await all('/api/v1/notifications')).filter(each => each.task_id === task.id)
    const [notification] = await until('the notification', async () => {
      const found = await mine()
      return found.length > 0 && found
    })
    expect(Date.parse(notification.created_at)).toBeGreaterThanOrEqual(Date.parse(at))
    await until('its event in the audit', async () => types(await auditOf(task.id)).includes('reminder.triggered'))
    expect(await mine()).toHaveLength(1)
  })

  test('the audit holds each change once, in order', async () => {
    const task = await addTask({ title: 'Write the report' })
    await place().call('demo', 'PATCH', `/api/v1/tasks/${task.id}`, { title: 'Write the whole report' })
    await place().call('demo', 'POST', `/api/v1/tasks/${task.id}/complete`)
    await place().call('demo', 'POST', `/api/v1/tasks/${task.id}/reopen`)
    await place().call('demo', 'DELETE', `/api/v1/tasks/${task.id}`)
    const entries = await until('five entries', async () => {
      const found = await auditOf(task.id)
      return found.length >= 5 && found
    })
    expect(types(entries)).toEqual(['task.created', 'task.updated', 'task.completed', 'task.reopened', 'task.deleted'])
  })

  test('nobody sees another’s tasks, notifications or audit', async () => {
    const task = await addTask({ title: 'Secret plan' })
    await until('the audit', async () => (await auditOf(task.id)).length > 0)
    expect((await place().call('operator', 'GET', `/api/v1/tasks/${task.id}`)).status).toBe(404)
    expect(await all('/api/v1/tasks', 'operator')).toEqual([])
    expect(
      (await all(`/api/v1/audit?task_id=${task.id}`, 'operator')).filter(entry => entry.user_id === 'demo'),
    ).toEqual([])
    expect((await fetch(`${place().ready.api}/tasks`)).status).toBe(401)
  })

  test('a listener sees each change as it happens, and after a reconnect with its last id misses none', async () => {
    const token = place().token('demo')
    const first = await EventStream.open(place().ready.realtime, token)
    await until('the greeting', async () => first.events.some(event => event.event === 'hello'))
    const seen = (stream: EventStream, id: string): Promise<true> =>
      until(
        `the change of ${id}`,
        async () => stream.received.some(event => JSON.stringify(event.data).includes(id)) || false,
      )
    const before = await addTask({ title: 'While listening' })
    await seen(first, before.id)
    first.close()
    const missed = [await addTask({ title: 'While away 1' }), await addTask({ title: 'While away 2' })]
    for (const task of missed) await until('the event to have passed', async () => (await auditOf(task.id)).length > 0)
    const second = await EventStream.open(place().ready.realtime, token, first.lastId)
    for (const task of missed) await seen(second, task.id)
    expect(second.events.find(event => event.event === 'hello')?.data).toMatchObject({ recovered: true })
    const after = await addTask({ title: 'Back again' })
    await seen(second, after.id)
    const ids = [...first.received, ...second.received].map(event => event.id)
    expect(new Set(ids).size).toBe(ids.length)
    second.close()
  })

  test('the MCP server adds a task that the API then shows', async () => {
    const call = async (method: string, params: object): Promise<Anything> => {
      const response = await fetch(place().ready.mcp, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${place().token('demo')}`,
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
        },
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
      })
      const text = await response.text()
      expect([response.status, text]).toEqual([200, expect.any(String)])
      return JSON.parse(text.startsWith('{') ? text : /^data: ?(.*)$/m.exec(text)![1]!)
    }
    const { result } = await call('tools/list', {})
    const create = result.tools.find((tool: Anything) => /create/.test(tool.name))
    const answer = await call('tools/call', { name: create.name, arguments: { title: 'From a model' } })
    expect(answer.result.isError ?? false).toBe(false)
    expect((await all('/api/v1/tasks')).some(task => task.title === 'From a model')).toBe(true)
  })

  test('the chat does what it is told, and remembers the conversation', async () => {
    const said = await place().call('demo', 'POST', '/api/v1/chat', { message: 'add water the ferns tomorrow' })
    expect([said.status, said.body]).toEqual([200, expect.objectContaining({ reply: expect.any(String) })])
    const titles = (await all('/api/v1/tasks')).map(({ title }) => title.toLowerCase())
    expect(titles).toContain('water the ferns')
    const kept = await place().call('demo', 'GET', `/api/v1/chat/${said.body.conversation_id}`)
    expect(kept.body.messages.map(({ role }: Anything) => role)).toEqual(['user', 'assistant'])
  })

  test.each([
    ['a field of the wrong kind', { title: 7 }, 'title'],
    ['an unknown field', { title: 'x', colour: 'red' }, 'colour'],
    [
      'a rule that is none',
      { title: 'x', due_at: '2026-01-01T00:00:00Z', recurrence: { rrule: 'FREQ=SOMETIMES' } },
      'recurrence.rrule',
    ],
    ['a zone that is none', { title: 'x', due_at: '2026-01-01T00:00:00Z', due_tz: 'Mars/Olympus' }, 'due_tz'],
  ])('%s is a problem that names the field', async (_name, body, field) => {
    const answer = await place().call('demo', 'POST', '/api/v1/tasks', body)
    expect(answer.status).toBe(400)
    expect(answer.headers.get('content-type')).toContain('application/problem+json')
    expect(answer.body).toMatchObject({ code: 'TEP4001', errors: [{ field }] })
  })

  test('a body that is not JSON is a problem, not a crash', async () => {
    expect((await place().call('demo', 'POST', '/api/v1/tasks', '{"title":')).body).toMatchObject({
      status: 400,
      code: 'TEP4002',
    })
  })

  test(
    'each service is killed in turn during 200 writes: every acknowledged write has its effects exactly once',
    async () => {
      const acknowledged: { id: string; repeats: boolean }[] = []
      /** As a careful client: the same key until there is an answer. */
      const persist = async (method: string, path: string, body?: object): Promise<Anything> => {
        const key = randomUUID()
        return until(`${method} ${path}`, async () => {
          const answer = await place().call('demo', method, path, body, { 'idempotency-key': key })
          return answer.status < 300 && answer.body
        })
      }
      const write = async (number: number): Promise<void> => {
        const repeats = number % 5 === 0
        const task = await persist('POST', '/api/v1/tasks', {
          title: `Write ${number}`,
          tags: ['under-fire'],
          ...(repeats && { due_at: '2026-12-01T09:00:00Z', due_tz: 'UTC', recurrence: { rrule: 'FREQ=DAILY' } }),
        })
        if (repeats) await persist('POST', `/api/v1/tasks/${task.id}/complete`)
        acknowledged.push({ id: task.id, repeats })
      }
      const numbers = Array.from({ length: 200 }, (_, number) => number)
      const writers = Array.from({ length: 4 }, async () => {
        for (let number = numbers.shift(); number !== undefined; number = numbers.shift()) await write(number)
      })
      const killed: string[] = []
      const killer = async (): Promise<void> => {
        for (const service of [...SERVICES.map(each => each.service), 'backend']) {
          await place().crash(service)
          killed.push(service)
          // The next one dies while this one is still coming back, if writes are left.
          await new Promise(resolve => setTimeout(resolve, 250))
        }
      }
      await Promise.all([...writers, killer()])
      expect(killed).toHaveLength(8)
      expect(acknowledged).toHaveLength(200)

      const wanted = new Map(
        acknowledged.map(({ id, repeats }) => [
          id,
          repeats ? ['task.created', 'task.completed', 'recurrence.triggered'] : ['task.created'],
        ]),
      )
      const audited = async (): Promise<Map<string, string[]>> => {
        const byTask = new Map<string, string[]>()
        for (const entry of await all('/api/v1/audit')) {
          const type = entry.type.replace('com.taskmanager.', '')
          if (wanted.has(entry.task_id)) byTask.set(entry.task_id, [...(byTask.get(entry.task_id) ?? []), type])
        }
        return byTask
      }
      const complete = await until('every effect in the audit', async () => {
        const found = await audited()
        return [...wanted].every(([id, expected]) => (found.get(id)?.length ?? 0) >= expected.length) && found
      })
      for (const [id, expected] of wanted) expect([id, complete.get(id)!.sort()]).toEqual([id, [...expected].sort()])

      const repeating = acknowledged.filter(each => each.repeats).map(each => each.id)
      const children = await until('every next occurrence', async () => {
        const found = (await all('/api/v1/tasks?tag=under-fire')).filter(task =>
          repeating.includes(task.parent_task_id),
        )
        return found.length >= repeating.length && found
      })
      expect(children.map(task => task.parent_task_id).sort()).toEqual([...repeating].sort())
      await settled()
    },
    Number(process.env['PATIENCE_SECONDS'] ?? 60) * 3_000,
  )

  test('what others add to a child stays', async () => {
    await place().cluster.merge({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: {
        name: 'todo-audit',
        namespace: place().cluster.namespace,
        annotations: { 'example.com/mine': 'yes' },
      },
    })
    await place().cluster.merge({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'todo-audit', namespace: place().cluster.namespace },
      spec: { revisionHistoryLimit: 9 },
    })
    const repaired = await until('the repair', async () => {
      const found = await place().cluster.get('apps/v1', 'Deployment', 'todo-audit')
      return found.spec.revisionHistoryLimit === 3 && found
    })
    expect(repaired.metadata.annotations['example.com/mine']).toBe('yes')
  })

  test('a child deleted by hand comes back', async () => {
    const before = await place().cluster.get('apps/v1', 'Deployment', 'todo-analytics')
    await place().cluster.delete('apps/v1', 'Deployment', 'todo-analytics')
    const after = await until('another one', async () => {
      const found = await place().cluster.get('apps/v1', 'Deployment', 'todo-analytics')
      return found && found.metadata.uid !== before.metadata.uid && found
    })
    expect(after.spec.template.spec.containers[0].args).toEqual(['analytics'])
    await settled()
  })
}
