/**
 * What `/api/v1/console` answers: the backend makes it, the web app and the command line show it. `At` is how a moment is
 * held: text in JSON, a `Date` where it is made.
 */
export interface TopicFlow {
  topic: string
  /** Events published in the last minute. */
  per_minute: number
  /** Committed and not published yet. */
  waiting: number
  oldest_waiting_seconds: number | null
}

export interface ConsumerFlow {
  consumer: string
  topic: string
  /** Absent (null) for a consumer that keeps no inbox: real time is a view. */
  per_minute: number | null
  /** Published in the last hour for one of its handlers, and without effect yet. */
  behind: number | null
  oldest_behind_seconds: number | null
  /** Parked, and not replayed. */
  dead_letters: number
}

export interface Flow {
  publishers: { app: string; topics: readonly string[] }[]
  topics: TopicFlow[]
  consumers: ConsumerFlow[]
}

/** An event of the last day as it was published; what people wrote is hidden. */
export interface SeenEvent<At = string> {
  seq: number
  id: string
  topic: string
  type: string
  subject: string
  user_id: string | null
  created_at: At
  published_at: At | null
  /** Whether its type's schema takes it. */
  schema: 'valid' | 'invalid' | 'unknown'
  event: Record<string, unknown> & { traceparent?: string }
}

/** One thing that happened to an event. */
export interface Hop<At = string> {
  at: At
  what: 'committed' | 'published' | 'handled' | 'failed' | 'parked' | 'replayed'
  /** Topic for `published`, consumer for the rest. */
  where: string
  detail?: string
}

/** Everything that happened to an event: its commit, its publication, and then by time. */
export interface Story<At = string> {
  event: SeenEvent<At>
  hops: Hop<At>[]
  /** The event that made this one, and those that this one made. */
  caused_by: SeenEvent<At> | null
  causes: SeenEvent<At>[]
}

/** A reminder to come, of whomever. */
export interface ReminderAlarm<At = string> {
  id: string
  task_id: string
  user_id: string
  remind_at: At
  /** Whether the scheduler knows of it; the sweep sets what is missing. */
  alarm_set: boolean
}

export interface Reminders<At = string> {
  coming: { scheduled: number; within_hour: number; late: number; without_alarm: number }
  last_day: { rung: number; missed: number; late_p50_seconds: number | null; late_p99_seconds: number | null }
  /** The next ones, soonest first. */
  items: ReminderAlarm<At>[]
}
