import type { Migration } from '../../kit/migrate.ts'
import { analytics } from './analytics.ts'
import { audit } from './audit.ts'
import { backend } from './backend.ts'
import { channels } from './channels.ts'
import { chat } from './chat.ts'
import { checkpoints } from './checkpoints.ts'
import { forgetting } from './forgetting.ts'
import { messaging } from './messaging.ts'
import { notification } from './notification.ts'
import { operations } from './operations.ts'
import { planning } from './planning.ts'
import { recurrence } from './recurrence.ts'
import { recurring } from './recurring.ts'
import { replays } from './replays.ts'
import { rung } from './rung.ts'
import { statistics } from './statistics.ts'

/** In the order they run. A migration that shipped is never edited: its checksum is kept in the database. */
export const MIGRATIONS: readonly Migration[] = [
  messaging,
  backend,
  recurring,
  notification,
  audit,
  analytics,
  operations,
  recurrence,
  replays,
  channels,
  planning,
  statistics,
  chat,
  checkpoints,
  rung,
  forgetting,
]
