/** The answer of `/api/v1/console/flow`, as far as the command line shows it. */
export interface Flow {
  topics: { topic: string; per_minute: number; waiting: number; oldest_waiting_seconds: number | null }[]
  consumers: {
    consumer: string
    topic: string
    per_minute: number | null
    behind: number | null
    oldest_behind_seconds: number | null
    dead_letters: number
  }[]
}
