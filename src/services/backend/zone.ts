import type { Sql } from '../../kit/db.ts'
import { needsZone, type TaskBody } from './input.ts'
import { timezoneOf } from './store.ts'

/** The zone of the person; most changes say nothing of time, and then it is not asked for. */
export const zoneFor = async (sql: Sql, bodies: readonly TaskBody[]): Promise<string> =>
  bodies.some(needsZone) ? timezoneOf(sql) : 'UTC'
