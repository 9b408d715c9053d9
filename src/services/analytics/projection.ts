import { shortType, type Task, type TodoEvent } from '../../contracts/events/index.ts'
import type { Sql } from '../../kit/db.ts'

/** What an event says of a task, as far as figures need it: no words of the person. Absent: the event does not say. */
export interface Fact {
  task_id: string
  version: number
  time: string
  status: 'open' | 'done'
  completed_at: string | null
  created_at: string | null
  deleted: boolean
  priority?: string
  tags?: readonly string[]
  due_at?: string | null
  all_day?: boolean
}

/** Events of the seeds have no version, only a time, and say only part of a task. */
export function factOf(event: TodoEvent): Fact {
  const { task_id: taskId, version = 0, task = {} } = event.data as { task_id: string; version?: number; task?: Task }
  const type = shortType(event)
  const status = type === 'task.completed' ? 'done' : type === 'task.reopened' ? 'open' : (task.status ?? 'open')
  return {
    task_id: taskId,
    version,
    time: event.time,
    status,
    completed_at: task.completed_at ?? (status === 'done' ? event.time : null),
    created_at: type === 'task.created' ? event.time : null,
    deleted: type === 'task.deleted',
    ...(task.priority === undefined ? {} : { priority: task.priority }),
    ...(task.tags === undefined ? {} : { tags: task.tags }),
    ...(task.due_at === undefined ? {} : { due_at: task.due_at, all_day: task.all_day ?? false }),
  }
}

/** Keeps the newest state of a task: a fact older than what is held changes nothing, and what one leaves out stays. */
async function apply(sql: Sql, userId: string, fact: Fact): Promise<void> {
  await sql.query(
    `INSERT INTO analytics.tasks AS t (task_id, user_id, version, event_time, status, priority, tags, due_at, created_at, completed_at, deleted, all_day)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $15)
     ON CONFLICT (task_id) DO UPDATE SET version = excluded.version, event_time = excluded.event_time, status = excluded.status,
       priority = CASE WHEN $12 THEN excluded.priority ELSE t.priority END, tags = CASE WHEN $13 THEN excluded.tags ELSE t.tags END,
       due_at = CASE WHEN $14 THEN excluded.due_at ELSE t.due_at END,
       all_day = CASE WHEN $14 THEN excluded.all_day ELSE t.all_day END, created_at = coalesce(t.created_at, excluded.created_at),
       completed_at = CASE WHEN excluded.status = 'open' THEN NULL ELSE coalesce(excluded.completed_at, t.completed_at) END,
       deleted = excluded.deleted
     WHERE excluded.version > t.version OR (excluded.version = 0 AND t.version = 0 AND excluded.event_time >= t.event_time)`,
    [
      fact.task_id,
      userId,
      fact.version,
      fact.time,
      fact.status,
      fact.priority ?? 'none',
      fact.tags ?? [],
      fact.due_at ?? null,
      fact.created_at,
      fact.completed_at,
      fact.deleted,
      fact.priority !== undefined,
      fact.tags !== undefined,
      fact.due_at !== undefined,
      fact.all_day ?? false,
    ],
  )
}

/** One at a time for a person, until the transaction ends: what comes during a rebuild comes after it. */
const alone = (sql: Sql, userId: string): Promise<unknown> =>
  sql.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 12))', [userId])

/** Takes in events of one person, each once: delivered again, even after the inbox forgot it, it changes nothing. */
export async function take(sql: Sql, events: readonly TodoEvent[]): Promise<void> {
  const userId = events[0]!.data.user_id
  const facts = new Map(events.map(event => [event.id, factOf(event)]))
  await alone(sql, userId)
  // In the order of the array, which is the one they are applied in when all is made anew.
  const fresh = await sql.query<{ event_id: string }>(
    `INSERT INTO analytics.facts (user_id, event_id, fact) SELECT $1, * FROM unnest($2::text[], $3::jsonb[])
     ON CONFLICT DO NOTHING RETURNING event_id`,
    [userId, [...facts.keys()], [...facts.values()].map(fact => JSON.stringify(fact))],
  )
  for (const { event_id: id } of fresh) await apply(sql, userId, facts.get(id)!)
}

/**
 * Forgets the projection of a person and makes it anew from the facts, in the order they came. The topic itself keeps
 * events for days only; the facts stay as long as the person does.
 * @returns how many facts there were, and how many tasks they are about
 */
export async function rebuild(sql: Sql, userId: string): Promise<{ facts: number; tasks: number }> {
  await alone(sql, userId)
  await sql.query('DELETE FROM analytics.tasks')
  const facts = await sql.query<{ fact: Fact }>('SELECT fact FROM analytics.facts ORDER BY seq')
  for (const { fact } of facts) await apply(sql, userId, fact)
  return { facts: facts.length, tasks: new Set(facts.map(({ fact }) => fact.task_id)).size }
}
