import { createEvent, topicOf } from '../../contracts/events/index.ts'
import type { BulkEntry, Dapr } from '../../kit/dapr.ts'
import type { Logger } from '../../kit/log.ts'
import type { Announcement } from './presence.ts'

/** Announcements of one moment go out in one request. */
const GATHER_MS = 50
const MOST_ENTRIES = 200

export interface Announcer {
  announce(announcement: Announcement): void
  /** Sends what was gathered. */
  flush(): Promise<void>
}

/**
 * Publishes who is connected, past the outbox: it is true for a minute at most, and said again before that. What cannot be
 * published is left out.
 */
export function announcer(appId: string, dapr: Pick<Dapr, 'publishBulk'>, log: Logger): Announcer {
  const gathered = new Map<string, Announcement>()
  let timer: NodeJS.Timeout | undefined
  let silent = false

  const flush = async (): Promise<void> => {
    clearTimeout(timer)
    timer = undefined
    const all = [...gathered.values()]
    gathered.clear()
    for (let from = 0; from < all.length; from += MOST_ENTRIES) {
      const entries = all.slice(from, from + MOST_ENTRIES).map(entryOf)
      const failures = await dapr.publishBulk(topicOf('presence.changed'), entries)
      const [reason] = failures.values()
      if (reason !== undefined && !silent) log.warn({ err: reason }, 'other replicas are not told who is connected')
      silent = reason !== undefined
    }
  }
  const entryOf = (data: Announcement): BulkEntry => {
    const event = createEvent({ type: 'presence.changed', appId, data })
    return { entryId: event.id, event: JSON.stringify(event), partitionKey: data.user_id }
  }
  return {
    announce: announcement => {
      gathered.set(announcement.user_id, announcement)
      timer ??= setTimeout(() => void flush(), GATHER_MS)
    },
    flush,
  }
}
