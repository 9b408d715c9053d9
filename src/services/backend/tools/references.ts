import { isUuid } from '../../../contracts/events/index.ts'
import type { Sql } from '../../../kit/db.ts'
import { invalid, Problem } from '../../../kit/problem.ts'
import { ringTime } from '../model.ts'
import { searchFor } from '../search.ts'
import { remindersOf } from '../store.ts'

/** Which tasks may be meant. */
export type Which = 'open' | 'done' | 'present' | 'deleted'

const WHERE: Readonly<Record<Which, string>> = {
  open: "deleted_at IS NULL AND status = 'open'",
  done: "deleted_at IS NULL AND status = 'done'",
  present: 'deleted_at IS NULL',
  deleted: 'deleted_at IS NOT NULL',
}

/**
 * The id of a task that is named by its id or its title: the same words, or else the only one found by them.
 * @throws Problem TEP4005 for none, TEP4001 naming the candidates for several
 */
export async function taskIdOf(sql: Sql, reference: string, which: Which): Promise<string> {
  if (isUuid(reference as unknown)) return reference
  const values: unknown[] = [reference.trim()]
  const { matches, rank } = searchFor(reference, value => `$${values.push(value)}`)
  const found = await sql.query<{ id: string; title: string; same: boolean }>(
    `SELECT id, title, lower(title) = lower($1) AS same FROM backend.tasks WHERE ${WHERE[which]} AND (lower(title) = lower($1) OR ${matches})
     ORDER BY same DESC, ${rank} DESC, id LIMIT 20`,
    values,
  )
  const same = found.filter(task => task.same)
  const candidates = same.length ? same : found
  if (candidates.length === 1) return candidates[0]!.id
  const state = which === 'present' ? '' : `${which} `
  if (!candidates.length) throw new Problem('TEP4005', `There is no ${state}task “${reference.slice(0, 60)}”.`)
  const named = candidates.slice(0, 5).map(({ id, title }) => `“${title.slice(0, 60)}” (${id})`)
  throw invalid('task', `${candidates.length} ${state}tasks could be meant; say which: ${named.join(', ')}`)
}

/**
 * A reminder by its id, or the one of a task that is meant: the latest that rang in the last day, else the next.
 * @throws Problem TEP4001, TEP4005
 */
export async function reminderIdOf(sql: Sql, input: { reminder_id?: unknown; task?: unknown }): Promise<string> {
  if (input.reminder_id !== undefined) return String(input.reminder_id)
  if (input.task === undefined) throw invalid('task', 'name the task, or the reminder by reminder_id')
  const taskId = await taskIdOf(sql, String(input.task), 'open')
  const reminders = (await remindersOf(sql, [taskId]))
    .filter(({ status }) => status === 'scheduled')
    .sort((a, b) => ringTime(a).getTime() - ringTime(b).getTime())
  const now = Date.now()
  const rang = reminders
    .filter(one => ringTime(one).getTime() <= now && ringTime(one).getTime() > now - 86_400_000)
    .at(-1)
  const next = reminders.find(one => ringTime(one).getTime() > now)
  const meant = rang ?? next
  if (!meant) throw new Problem('TEP4005', 'This task has no reminder to come.')
  return meant.id
}
