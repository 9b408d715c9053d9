import fc from 'fast-check'
import { baseOf, type Edit, merge, overlay } from './edits.ts'
import type { Task, TaskFields } from './task.ts'

const task = (fields: Partial<Task> = {}): Task => ({
  id: 'a',
  version: 3,
  title: 'Milk',
  status: 'open',
  priority: 'none',
  tags: ['home'],
  due_at: null,
  ...fields,
})
const change = (seen: Task, patch: TaskFields) => ({ patch, base: baseOf(seen, patch) })

test('a field that only one side changed takes that side’s value', () => {
  const theirs = task({ version: 4, title: 'Oat milk' })
  expect(merge(change(task(), { priority: 'high' }), theirs)).toEqual({ send: { priority: 'high' }, conflicts: {} })
})

test('the same field changed to something else on both sides is for the person to decide; the rest goes through', () => {
  const theirs = task({ version: 4, title: 'Oat milk' })
  expect(merge(change(task(), { title: 'Soy milk', priority: 'low' }), theirs)).toEqual({
    send: { priority: 'low' },
    conflicts: { title: 'Soy milk' },
  })
})

test('both sides having come to the same is no conflict, also where the server writes it in its own way', () => {
  const mine = change(task(), {
    title: 'Oat milk',
    due_at: '2030-01-01T08:00:00Z',
    recurrence: { rrule: 'FREQ=DAILY' },
  })
  const theirs = task({
    title: 'Oat milk',
    due_at: '2030-01-01T08:00:00.000Z',
    recurrence: { rrule: 'FREQ=DAILY', mode: 'schedule', missed: 'catch_up', series_id: 's', index: 0 },
  })
  expect(merge(mine, theirs).conflicts).toEqual({})
})

const tag = fc.constantFrom('a', 'b', 'c', 'd', 'e')
const tags = fc.uniqueArray(tag)

test('of tags, what either side added is there and what either side removed is not', () => {
  fc.assert(
    fc.property(tags, tags, tags, (base, mine, theirs) => {
      const { send, conflicts } = merge({ patch: { tags: mine }, base: { tags: base } }, task({ tags: theirs }))
      const merged = new Set(send.tags)
      expect(conflicts).toEqual({})
      expect(send.tags).toHaveLength(merged.size)
      for (const each of ['a', 'b', 'c', 'd', 'e'] as const) {
        const [was, here, there] = [base, mine, theirs].map(list => list.includes(each))
        expect([each, merged.has(each)]).toEqual([each, was ? here && there : here || there])
      }
    }),
  )
})

const fields = fc.record(
  {
    title: fc.constantFrom('x', 'y', 'z'),
    priority: fc.constantFrom('none' as const, 'low' as const, 'high' as const),
    description: fc.constantFrom(null, 'n', 'm'),
  },
  { requiredKeys: [] },
)

test('no merge overwrites what somebody else changed, and no field of a change goes missing', () => {
  fc.assert(
    fc.property(fields, fields, (mine, theirs) => {
      const seen = task({ description: null })
      const now = task({ description: null, ...theirs })
      const { send, conflicts } = merge(change(seen, mine), now)
      expect({ ...send, ...conflicts }).toEqual(mine)
      for (const name of Object.keys(send) as (keyof typeof theirs)[]) {
        const changedThere = now[name] !== seen[name]
        expect([name, changedThere && now[name] !== mine[name]]).toEqual([name, false])
      }
    }),
  )
})

test('what is not saved yet is seen at once: new tasks, changes, completion, deletion', () => {
  const edits: Edit[] = [
    { id: '1', taskId: 'b', kind: 'create', task: { title: 'Bread', tags: ['home'] } },
    { id: '2', taskId: 'b', kind: 'change', patch: { title: 'Rye bread' }, base: { title: 'Bread' }, version: 0 },
    { id: '3', taskId: 'a', kind: 'complete' },
    { id: '4', taskId: 'gone', kind: 'delete' },
  ]
  const seen = overlay(new Map([['a', task()]]), edits)
  expect(seen.get('b')).toMatchObject({ title: 'Rye bread', tags: ['home'], status: 'open', version: 0 })
  expect(seen.get('a')).toMatchObject({ status: 'done' })
  expect([...seen.keys()]).toEqual(['a', 'b'])
  // News of it that comes before the answer does not show it twice, nor takes back what is not saved yet.
  const told = overlay(new Map([['b', task({ id: 'b', version: 1, title: 'Bread' })]]), edits)
  expect([...told.values()]).toEqual([expect.objectContaining({ id: 'b', version: 1, title: 'Rye bread' })])
})
