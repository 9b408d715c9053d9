import fc from 'fast-check'
import { type Normalised, normalise, violations } from './index.ts'
import { SEED_CASES as cases } from './testing.ts'

const anyBody = fc.oneof(
  fc.anything({ withBigInt: false, withNullPrototype: true }),
  fc.json(),
  fc.record(
    {
      specversion: fc.constantFrom('1.0', 1),
      type: fc.oneof(
        fc.constantFrom(...cases.map(row => `com.taskmanager.${row.type}`), 'com.dapr.event.sent'),
        fc.string(),
      ),
      id: fc.anything(),
      source: fc.anything(),
      time: fc.anything(),
      data: fc.oneof(
        fc.object({
          key: fc.constantFrom('task_id', 'user_id', 'title', 'priority', 'tags', 'due_date', 'task', 'changes'),
        }),
        fc.json(),
      ),
      event_type: fc.constantFrom('created', 'reminder.due', 'sync.task_changed', '__proto__', 'constructor'),
      task_data: fc.object(),
    },
    { requiredKeys: [] },
  ),
  fc
    .tuple(
      fc.constantFrom(...cases),
      fc.object({ key: fc.constantFrom('event_type', 'data', 'task_data', 'task_id', 'timestamp', 'id', 'time') }),
    )
    .map(([row, noise]) => ({ ...row.payload, ...noise })),
)

const topics = fc.constantFrom('task-events', 'reminders', 'task-updates', 'task.created', '')

/**
 * Arbitrary bodies, among them seeds' events with noise in every place: nothing throws, and whatever is accepted is valid
 * and normalises to itself, with the same id.
 * @returns how many bodies had which outcome
 * @throws the smallest body found that breaks a promise
 */
export function fuzz(bodies: number, seed?: number): Record<Normalised['outcome'], number> {
  const outcomes = { event: 0, unknown: 0, invalid: 0 }
  const promise = fc.property(anyBody, topics, (body, topic) => {
    const result = normalise(body, { topic })
    outcomes[result.outcome]++
    if (result.outcome !== 'event') return
    const [violation] = violations(result.type, result.event.data, 'consume')
    if (violation) throw new Error(`accepted, though data.${violation.field} ${violation.message}`)
    const again = normalise(JSON.stringify(result.event), { topic })
    if (again.outcome !== 'event') throw new Error(`its own result is ${again.outcome}`)
    if (again.event.id !== result.event.id) throw new Error('its own result has another id')
  })
  fc.assert(promise, { numRuns: bodies, ...(seed === undefined ? {} : { seed }) })
  return outcomes
}
