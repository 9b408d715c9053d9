import { openapi } from '../../src/services/backend/openapi.ts'
import { TOOLS } from '../../src/services/backend/tools/index.ts'
import type { Random } from '../fault/random.ts'

/** What an attacker may know: ids of others, words that are in their tasks, where their streams are. */
export interface Known {
  ids: readonly string[]
  words: readonly string[]
  users: readonly string[]
  positions: readonly string[]
  tokens: readonly string[]
}

export interface RestAttempt {
  service: string
  method: string
  path: string
  body?: object
}

/** Routes of the services that are not in the backend's description. */
const ELSEWHERE: readonly (readonly [service: string, method: string, path: string])[] = [
  ['notification', 'GET', '/api/v1/notifications'],
  ['notification', 'POST', '/api/v1/notifications/{id}/read'],
  ['notification', 'POST', '/api/v1/notifications/read-all'],
  ['notification', 'GET', '/api/v1/webhooks'],
  ['notification', 'DELETE', '/api/v1/webhooks/{id}'],
  ['notification', 'GET', '/api/v1/push-subscriptions'],
  ['notification', 'DELETE', '/api/v1/push-subscriptions/{id}'],
  ['audit', 'GET', '/api/v1/audit'],
  ['audit', 'GET', '/api/v1/audit/verify'],
  ['audit', 'GET', '/api/v1/audit/checkpoints'],
  ['analytics', 'GET', '/api/v1/statistics'],
  ['analytics', 'POST', '/api/v1/statistics/rebuild'],
  ['realtime', 'GET', '/api/v1/events/presence'],
]

const ROUTES: typeof ELSEWHERE = [
  ...Object.entries(openapi.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map(method => ['backend', method.toUpperCase(), path] as const),
  ),
  ...ELSEWHERE,
]

/** A request of any route with what is known of others wherever something fits: path, query, body. */
export function restAttempt(random: Random, known: Known): RestAttempt {
  const [service, method, path] = random.pick(ROUTES)
  const id = (): string => random.pick(known.ids)
  const filled = path.replaceAll('{id}', id)
  const query = new URLSearchParams()
  const candidates: [string, () => string][] = [
    ['user_id', () => random.pick(known.users)],
    ['user', () => random.pick(known.users)],
    ['q', () => random.pick(known.words)],
    ['tag', () => random.pick(known.words)],
    ['task_id', id],
    ['token', () => random.pick(known.tokens)],
    ['everyone', () => 'true'],
    ['deleted', () => 'true'],
    ['limit', () => '200'],
  ]
  for (const [name, value] of candidates) if (random.chance(0.15)) query.set(name, value())
  const target = query.size ? `${filled}?${query}` : filled
  return method === 'GET' || method === 'DELETE'
    ? { service, method, path: target }
    : { service, method, path: target, body: bodyOf(random, known) }
}

/** Fields of every body there is; each request takes some. */
function bodyOf(random: Random, known: Known): object {
  const id = (): string => random.pick(known.ids)
  const word = (): string => random.pick(known.words)
  const fields: Record<string, () => unknown> = {
    title: word,
    text: () => `${word()} tomorrow #${word()}`,
    message: () =>
      random.pick([`complete ${word()}`, `delete ${word()}`, `find ${word()}`, 'yes', `move ${word()} to friday`]),
    conversation_id: id,
    token: () => random.pick(known.tokens),
    parent_task_id: id,
    task_id: id,
    user_id: () => random.pick(known.users),
    operations: () => [{ op: random.pick(['complete', 'delete', 'update', 'restore']), id: id() }],
    minutes: () => 5,
    local: () => '2031-01-01T09:00',
    rrule: () => 'FREQ=DAILY',
    recurrence: () => ({ rrule: 'FREQ=DAILY', series_id: id() }),
    filter: () => ({ user_id: random.pick(known.users) }),
    dry_run: () => false,
  }
  const count = random.int(0, 3)
  return Object.fromEntries(
    Array.from({ length: count }, () => random.pick(Object.keys(fields))).map(name => [name, fields[name]!()]),
  )
}

/** A tool by any name with the ids and words of others, or a token that was given to somebody else. */
export function toolAttempt(random: Random, known: Known): { name: string; input: object } {
  const name = random.pick([...TOOLS.map(tool => tool.name), 'confirm'])
  const reference = (): string => random.pick([...known.ids, ...known.words])
  const inputs: Record<string, object> = {
    search_tasks: { q: random.pick(known.words), status: 'all' },
    quick_add: { text: `see ${random.pick(known.words)}` },
    create_task: { title: 'mine', parent_task_id: random.pick(known.ids) },
    update_task: { task: reference(), title: 'taken over' },
    batch_tasks: { operations: [{ op: 'complete', id: random.pick(known.ids) }] },
    agenda: { view: random.pick(['today', 'upcoming', 'overdue']) },
    list_reminders: { task: reference() },
    snooze_reminder: { reminder_id: random.pick(known.ids), minutes: 5 },
    fire_reminder: { reminder_id: random.pick(known.ids) },
    preview_series: { series_id: random.pick(known.ids) },
    confirm: { token: random.pick(known.tokens) },
  }
  return { name, input: inputs[name] ?? { task: reference() } }
}
