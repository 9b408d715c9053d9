/** A reminder as the alarm clock sees it. */
export interface ReminderRow {
  id: string
  user_id: string
  task_id: string
  version: number
  title: string
  due_at: Date | null
  remind_at: Date
  status: 'scheduled' | 'cancelled' | 'triggered' | 'missed'
  /** Version for which an alarm is known to be set. */
  job_version: number | null
}
