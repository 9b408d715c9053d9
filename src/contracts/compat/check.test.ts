import { DEFINITIONS, EVENT_SCHEMAS, type JsonSchema } from '../events/schemas.ts'
import { type Break, breaks, type Contracts } from './check.ts'

const release = { version: '1.0', events: EVENT_SCHEMAS, definitions: DEFINITIONS } as Contracts
type Schema = { -readonly [K in keyof JsonSchema]: JsonSchema[K] }
// biome-ignore lint/suspicious/noExplicitAny: mutations reach into schemas at will
type Change = (schemas: { events: Record<string, any>; definitions: Record<string, any> }) => void

const become = (schema: object, other: object): void => {
  for (const key of Object.keys(schema)) delete (schema as Record<string, unknown>)[key]
  Object.assign(schema, other)
}

const after = (change: Change): Break[] => {
  const next = structuredClone({ version: '1.1', events: EVENT_SCHEMAS, definitions: DEFINITIONS })
  change(next as never)
  return breaks(next as Contracts, [release])
}

/** A field of each kind, and the same mutations for several types, so that nothing depends on one schema. */
const strings: readonly [string, (s: Parameters<Change>[0]) => Schema][] = [
  ['Recurrence.rrule', s => s.definitions['Recurrence'].properties.rrule],
  ['reminder.triggered title', s => s.events['reminder.triggered'].properties.title],
  ['dlq.parked reason', s => s.events['dlq.parked'].properties.reason],
]

const breaking: [string, Change, string][] = [
  ...strings.flatMap(([name, of]): [string, Change, string][] => [
    [`${name} becomes shorter`, s => Object.assign(of(s), { maxLength: 8 }), 'backward'],
    [`${name} must not be empty any more`, s => Object.assign(of(s), { minLength: 12 }), 'backward'],
    [`${name} becomes a number`, s => become(of(s), { type: 'integer' }), 'backward'],
    [`${name} gets a pattern`, s => Object.assign(of(s), { pattern: '^Z{3}$' }), 'backward'],
    [`${name} becomes a time`, s => Object.assign(of(s), { format: 'date-time' }), 'backward'],
    [`${name} becomes longer`, s => Object.assign(of(s), { maxLength: 20_000 }), 'forward'],
  ]),
  ...['task.created', 'reminder.scheduled', 'notification.sent', 'user.erased', 'recurrence.updated'].map(
    (type): [string, Change, string] => [
      `${type} requires a new field`,
      s => {
        s.events[type].properties.origin = { type: 'string' }
        s.events[type].required = [...s.events[type].required, 'origin']
      },
      'backward',
    ],
  ),
  ...['task.updated', 'reminder.cancelled', 'dlq.replayed'].map((type): [string, Change, string] => [
    `${type} is gone`,
    s => {
      delete s.events[type]
    },
    'backward',
  ]),
  ['an optional field becomes required', s => s.events['task.created'].required.push('version'), 'backward'],
  ['a nested optional field becomes required', s => (s.definitions['Task'].required = ['title']), 'backward'],
  ['null is not allowed any more', s => (s.definitions['Task'].properties.due_at.type = 'string'), 'backward'],
  [
    'an enum loses a member',
    s => (s.definitions['Task'].properties.priority.enum = ['none', 'low', 'high']),
    'backward',
  ],
  ['another enum loses a member', s => (s.events['ui.task_list_changed'].properties.action.enum = ['add']), 'backward'],
  ['fewer items', s => (s.definitions['Task'].properties.tags.maxItems = 3), 'backward'],
  ['shorter items', s => (s.definitions['Task'].properties.tags.items.maxLength = 3), 'backward'],
  ['an array becomes an object', s => (s.definitions['Task'].properties.tags = { type: 'object' }), 'backward'],
  ['a boolean becomes text', s => (s.definitions['Task'].properties.all_day = { type: 'string' }), 'backward'],
  ['a larger minimum', s => (s.events['task.created'].properties.version.minimum = 10), 'backward'],
  ['a definition closes', s => (s.definitions['Change'].required = ['from']), 'backward'],
  ['any value becomes text', s => (s.definitions['Change'].properties.to = { type: 'string' }), 'backward'],
  ['an enum gains a member', s => s.definitions['Task'].properties.priority.enum.push('someday'), 'forward'],
  [
    'null is allowed now',
    s => (s.events['reminder.scheduled'].properties.remind_at.type = ['string', 'null']),
    'forward',
  ],
  ['a required field becomes optional', s => (s.events['task.created'].required = ['task_id']), 'forward'],
  ['a smaller minimum', s => (s.definitions['Recurrence'].properties.index.minimum = -1), 'forward'],
  ['text in place of a uuid', s => delete s.events['recurrence.updated'].properties.series_id.format, 'forward'],
]

test.each(breaking)('%s: told, with data that shows it', (_, change, direction) => {
  const [found] = after(change)
  expect(found).toBeDefined()
  expect([found!.writer, found!.reader]).toEqual(direction === 'backward' ? ['1.0', '1.1'] : ['1.1', '1.0'])
  if (found!.violation.message !== 'the type is gone') expect(found!.example).toBeDefined()
})

const safe: [string, Change][] = [
  ['nothing', () => {}],
  ...Object.keys(EVENT_SCHEMAS).map((type): [string, Change] => [
    `${type} gets an optional field`,
    s => {
      s.events[type].properties.origin = { type: 'string', maxLength: 64 }
    },
  ]),
  ...['Task', 'Recurrence', 'Change'].flatMap((name): [string, Change][] => [
    [`${name} gets an optional field`, s => (s.definitions[name].properties.origin = { type: 'array', items: {} })],
    [`${name} is described otherwise`, s => (s.definitions[name].description = 'other words')],
  ]),
  ['a new type', s => (s.events['task.archived'] = { type: 'object', properties: { user_id: { type: 'string' } } })],
  ['a new definition', s => (s.definitions['Label'] = { type: 'object', properties: {} })],
  [
    'fields in another order',
    s =>
      (s.definitions['Task'].properties = Object.fromEntries(
        Object.entries(s.definitions['Task'].properties).reverse(),
      )),
  ],
  ['enum members in another order', s => s.definitions['Task'].properties.priority.enum.reverse()],
  ['one type written as a list', s => (s.definitions['Task'].properties.title.type = ['string'])],
]

test.each(safe)('%s: no alarm', (_, change) => {
  expect(after(change)).toEqual([])
})

test('every earlier release counts, not only the last', () => {
  const next = structuredClone(release) as { version: string } & Contracts
  const old = structuredClone(release) as unknown as { version: string } & Parameters<Change>[0]
  old.version = '0.9'
  old.definitions['Task'].properties.colour = { type: 'string' }
  const changed = structuredClone(next) as unknown as Parameters<Change>[0]
  changed.definitions['Task'].properties.colour = { type: 'integer' }
  const found = breaks({ ...(changed as unknown as Contracts), version: '1.1' }, [release, old as unknown as Contracts])
  expect(found.length).toBeGreaterThan(0)
  expect(found.every(each => [each.writer, each.reader].includes('0.9'))).toBe(true)
})
