/** One safeguard of the data plane taken out, as a change of the source. */
export interface Defect {
  name: string
  file: string
  find: string
  replace: string
}

export const DEFECTS: readonly Defect[] = [
  {
    name: 'no inbox: every delivery has its effect',
    file: 'src/kit/inbox.ts',
    find: 'return new Set(rows.map(row => row.event_id))',
    replace: 'return new Set(ids)',
  },
  {
    name: 'no sequence guard: the last event to come wins',
    file: 'src/services/analytics/projection.ts',
    find: 'WHERE excluded.version > t.version OR',
    replace: 'WHERE true OR',
  },
  {
    name: 'no retry: what could not be published counts as published',
    file: 'src/kit/relay.ts',
    find: 'const done = rows.filter(row => !failures.has(row.id))',
    replace: 'const done = [...rows]',
  },
  {
    name: 'no order: the newest event is published first',
    file: 'src/kit/relay.ts',
    find: 'ORDER BY seq LIMIT',
    replace: 'ORDER BY seq DESC LIMIT',
  },
  {
    name: 'no idempotency keys: a repeated request is another request',
    file: 'src/services/backend/idempotency.ts',
    find: 'if (key === undefined)',
    replace: 'if (key !== null)',
  },
  {
    name: 'no sweep: an alarm that was not set never rings',
    file: 'src/services/notification/sweeper.ts',
    find: 'repeat(everyMs, log, async () => {',
    replace: 'repeat(everyMs, log, async () => {\n    if (everyMs > 0) return',
  },
]
