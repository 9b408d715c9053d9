import type { Cause } from '../../contracts/events/index.ts'
import type { Sql } from '../../kit/db.ts'

/** Who acts, and what made them; every command runs in the caller's transaction and puts its events into the outbox there. */
export interface Actor {
  sql: Sql
  userId: string
  appId: string
  cause?: Cause
}
