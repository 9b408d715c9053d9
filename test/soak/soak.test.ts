import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Effects, judge } from './checker.ts'
import { DEFECTS } from './defects-list.ts'
import { soak } from './run.ts'
import type { Acked } from './workload.ts'

test('a soak in small: killed services, repeated and reordered deliveries, lost answers; every effect once', async () => {
  const result = await soak({
    commands: 150,
    kills: 2,
    clients: 6,
    duplicates: 0.1,
    reorder: 0.05,
    lostReplies: 0.03,
    seed: 11,
    drainMs: 90_000,
  })
  expect(result).toMatchObject({
    settled: true,
    kills: 2,
    acked: 150,
    lost: 0,
    duplicated: 0,
    reordered: 0,
    examples: [],
  })
  expect(Math.min(...Object.values(result.injected))).toBeGreaterThan(0)
  expect(Object.keys(result.processor)).toEqual([
    'backend',
    'recurring',
    'notification',
    'audit',
    'analytics',
    'database',
    'load, broker',
  ])
}, 240_000)

test.each(DEFECTS)('a defect is still one of the sources: $name', ({ file, find }) => {
  expect(readFileSync(join(import.meta.dirname, '../..', file), 'utf8')).toContain(find)
})

const acked: Acked[] = [
  { user: 'u', task: 'a', version: 1, kind: 'create' },
  { user: 'u', task: 'a', version: 2, kind: 'complete', series: { id: 's', index: 0 } },
  { user: 'u', task: 'b', version: 1, kind: 'create', reminder: true },
]
const task = (id: string, more: object = {}) => ({
  id,
  version: 1,
  status: 'open',
  deleted: false,
  parent_task_id: null,
  series_id: null,
  series_index: null,
  ...more,
})
const whole = (): Effects => ({
  audit: [
    { task_id: 'a', sequence: '1', type: 'task.created' },
    { task_id: 'a', sequence: '2', type: 'task.completed' },
    { task_id: 'b', sequence: '1', type: 'task.created' },
    { task_id: 'c', sequence: '1', type: 'task.created' },
  ],
  tasks: [
    task('a', { version: 2, status: 'done', series_id: 's', series_index: 0 }),
    task('b'),
    task('c', { parent_task_id: 'a', series_id: 's', series_index: 1 }),
  ],
  projections: [
    { task_id: 'a', version: 2, status: 'done', deleted: false },
    { task_id: 'b', version: 1, status: 'open', deleted: false },
    { task_id: 'c', version: 1, status: 'open', deleted: false },
  ],
  notifications: [{ task_id: 'b' }],
})
const published = (versions: number[]) => versions.map(version => ({ id: `${version}`, task: 'a', version }))

test.each<[string, (effects: Effects) => void, 'lost' | 'duplicated' | 'reordered']>([
  ['an audit entry is missing', e => e.audit.pop() && e.audit.pop(), 'lost'],
  ['an audit entry is there twice', e => e.audit.push(e.audit[0]!), 'duplicated'],
  ['an occurrence is missing', e => e.tasks.pop(), 'lost'],
  [
    'an occurrence is there twice',
    e => e.tasks.push(task('d', { parent_task_id: 'a', series_id: 's', series_index: 1 })),
    'duplicated',
  ],
  ['a task nobody was told of', e => e.tasks.push(task('d')), 'duplicated'],
  ['a notification is missing', e => e.notifications.pop(), 'lost'],
  ['a notification is there twice', e => e.notifications.push({ task_id: 'b' }), 'duplicated'],
  ['statistics are missing', e => e.projections.pop(), 'lost'],
  ['statistics are old', e => Object.assign(e.projections[0]!, { version: 1, status: 'open' }), 'reordered'],
])('the checker: %s', (_, change, kind) => {
  const sound = judge(acked, whole(), published([1, 2]))
  expect([sound.lost, sound.duplicated, sound.reordered]).toEqual([0, 0, 0])
  const effects = whole()
  change(effects)
  expect(judge(acked, effects, published([1, 2]))[kind]).toBeGreaterThan(0)
})

test('the checker: versions out of order are told, repeated ones are not', () => {
  expect(judge(acked, whole(), published([1, 2, 1])).reordered).toBe(0)
  expect(judge(acked, whole(), published([2, 1])).reordered).toBe(1)
})
