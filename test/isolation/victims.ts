import { createEvent } from '../../src/contracts/events/index.ts'
import { type Call, type DataPlane, eventually } from '../support/data-plane.ts'
import type { Known } from './attempts.ts'

export interface Victims extends Known {
  /** Words that are nowhere but in what the victims wrote: whoever else sees one has seen too much. */
  secrets: readonly string[]
}

/** People with something of everything there is, each with a secret word in all that they wrote. */
export async function prepareVictims(
  plane: DataPlane,
  names: readonly string[],
  call: (user: string, service: string) => Call,
): Promise<Victims> {
  const ids: string[] = []
  const tokens: string[] = []
  for (const name of names) {
    const backend = call(name, 'backend')
    const must = async (method: string, path: string, body?: unknown, service = backend) => {
      const answer = await service(method, path, body)
      if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
      return answer.body
    }
    const secret = secretOf(name)
    await must('PATCH', '/api/v1/preferences', { timezone: 'Europe/Berlin', email: `${secret}@example.com` })
    const plain = await must('POST', '/api/v1/tasks', {
      title: `Payroll ${secret}`,
      description: `account ${secret}`,
      tags: ['payroll', secret],
      due_at: '2031-05-05T09:00',
      reminders: [{ before: 'PT1H' }],
    })
    const repeating = await must('POST', '/api/v1/tasks', {
      title: `Doctor ${secret}`,
      due_at: '2031-05-06T09:00',
      recurrence: { rrule: 'FREQ=WEEKLY' },
    })
    const deleted = await must('POST', '/api/v1/tasks', { title: `Gone ${secret}`, parent_task_id: plain.id })
    await must('DELETE', `/api/v1/tasks/${deleted.id}`)
    const chat = await must('POST', '/api/v1/chat', { message: `add visit ${secret}` })
    const asked = await must('POST', '/api/v1/chat', {
      message: 'delete payroll',
      conversation_id: chat.conversation_id,
    })
    tokens.push(asked.calls[0].needs_confirmation.token)
    const calendar = await must('POST', '/api/v1/calendar')
    ids.push(plain.id, repeating.id, deleted.id, repeating.recurrence.series_id, chat.conversation_id)
    tokens.push(String(calendar.path).slice(0, -5))
    const reminder = createEvent({
      type: 'reminder.triggered',
      appId: 'earlier-service',
      data: { task_id: plain.id, user_id: name, title: `Notice ${secret}`, due_at: null },
    })
    await must('POST', '/events/reminders', reminder, call(name, 'notification'))
    // A letter that nobody but an operator may read.
    await must(
      'POST',
      '/events/task-events',
      { ...reminder, id: `bad-${name}`, data: { user_id: name, title: secret } },
      call(name, 'audit'),
    )
    const { items: reminders } = await must('GET', '/api/v1/reminders')
    ids.push(...reminders.map(({ id }: { id: string }) => id))
    const { items: notices } = await must('GET', '/api/v1/notifications', undefined, call(name, 'notification'))
    ids.push(...notices.map(({ id }: { id: string }) => id))
  }
  await eventually(
    async () => !(await plane.db.query('SELECT FROM messaging.outbox WHERE published_at IS NULL LIMIT 1')).length,
    'the outbox to be empty',
  )
  await plane.dapr.settled()
  return {
    ids,
    tokens,
    words: ['payroll', 'doctor', 'gone', 'visit', 'notice'],
    users: names,
    positions: ['0f8fad5b-d9cb-469f-a165-70867728950e:0'],
    secrets: names.map(secretOf),
  }
}

export const secretOf = (name: string): string => `zq${name.replace(/\W/g, '')}qz`

/** All rows of these people in every table that knows of people, as one text. */
export async function rowsOf(plane: DataPlane, names: readonly string[]): Promise<Map<string, string>> {
  const tables = await plane.db.query<{ name: string }>(
    `SELECT c.table_schema || '.' || c.table_name AS name FROM information_schema.columns c
     JOIN information_schema.tables t USING (table_schema, table_name)
     WHERE c.column_name = 'user_id' AND t.table_type = 'BASE TABLE' AND c.table_schema NOT IN ('pg_catalog', 'information_schema')
     ORDER BY 1`,
  )
  const rows = new Map<string, string>()
  for (const { name } of tables) {
    const [row] = await plane.db.query<{ text: string }>(
      `SELECT coalesce(string_agg(to_jsonb(t)::text, E'\\n' ORDER BY to_jsonb(t)::text), '') AS text FROM ${name} t WHERE user_id = ANY($1)`,
      [names],
    )
    rows.set(name, row!.text)
  }
  return rows
}
