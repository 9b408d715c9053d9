/** What the databases hold, wherever they are. */
import type { Effects } from './checker.ts'

// biome-ignore lint/suspicious/noExplicitAny: rows are what the statement says
export type Query = (sql: string) => Promise<any[]>

/** Of the tasks of a workload, which all carry its tag. */
export async function effects(query: Query): Promise<Effects> {
  return {
    audit: await query("SELECT task_id, sequence, type FROM audit.entries WHERE type LIKE 'com.taskmanager.task.%'"),
    tasks: await query(
      "SELECT id, version, status, deleted_at IS NOT NULL AS deleted, parent_task_id, series_id, series_index FROM backend.tasks WHERE 'soak' = ANY (tags)",
    ),
    projections: await query('SELECT task_id, version, status, deleted FROM analytics.tasks'),
    notifications: await query('SELECT task_id FROM notification.notifications'),
  }
}

/** Whether events wait to be published, or reminders to be due. */
export async function isOpen(query: Query): Promise<boolean> {
  const [row] = await query(
    `SELECT EXISTS (SELECT FROM messaging.outbox WHERE published_at IS NULL)
       OR EXISTS (SELECT FROM notification.reminders WHERE status = 'scheduled') AS open`,
  )
  return row.open
}
