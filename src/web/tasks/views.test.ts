import type { Task } from './task.ts'
import { dueDay, groupsOf, tagsOf } from './views.ts'

const task = (id: string, fields: Partial<Task> = {}): Task => ({
  id,
  version: 1,
  title: id,
  status: 'open',
  ...fields,
})
const shown = (tasks: Task[], kind: 'today' | 'upcoming' | 'all' | 'done', zone = 'UTC') =>
  groupsOf(tasks, { kind }, zone, new Date('2026-11-21T12:00:00Z')).map(({ key, tasks: members }) => [
    key,
    members.map(({ id }) => id).join(' '),
  ])

test('today is what is overdue and what is due today, each by time and then by urgency', () => {
  const tasks = [
    task('late', { due_at: '2026-11-20T23:00:00Z' }),
    task('noon', { due_at: '2026-11-21T12:00:00Z' }),
    task('noon-urgent', { due_at: '2026-11-21T12:00:00Z', priority: 'urgent' }),
    task('tomorrow', { due_at: '2026-11-22T00:00:00Z' }),
    task('done', { due_at: '2026-11-21T09:00:00Z', status: 'done' }),
    task('deleted', { due_at: '2026-11-21T09:00:00Z', deleted_at: '2026-11-21T09:00:00Z' }),
    task('whenever'),
  ]
  expect(shown(tasks, 'today')).toEqual([
    ['Overdue', 'late'],
    ['Today', 'noon-urgent noon'],
  ])
  expect(shown(tasks, 'upcoming')).toEqual([['2026-11-22', 'tomorrow']])
  expect(shown(tasks, 'all')).toEqual([
    ['With a date', 'late noon-urgent noon tomorrow'],
    ['Without a date', 'whenever'],
  ])
  expect(shown(tasks, 'done')).toEqual([['Done', 'done']])
})

test('days begin where the person is; a whole day is its own wherever it is looked at', () => {
  const late = task('late', { due_at: '2026-11-21T23:30:00Z' })
  expect([dueDay(late, 'UTC'), dueDay(late, 'Asia/Tokyo')]).toEqual(['2026-11-21', '2026-11-22'])
  // Midnight of the 22nd in Tokyo.
  const whole = task('whole', { due_at: '2026-11-21T15:00:00Z', due_tz: 'Asia/Tokyo', all_day: true })
  expect([dueDay(whole, 'UTC'), dueDay(whole, 'America/New_York')]).toEqual(['2026-11-22', '2026-11-22'])
})

test('tags are those of open tasks, most used first', () => {
  const tasks = [
    task('a', { tags: ['home', 'x'] }),
    task('b', { tags: ['home'] }),
    task('c', { tags: ['y'], status: 'done' }),
  ]
  expect(tagsOf(tasks)).toEqual([
    { tag: 'home', count: 2 },
    { tag: 'x', count: 1 },
  ])
})
