import fc from 'fast-check'
import type { Edit } from './edits.ts'
import { type Answer, EditQueue, type EditStorage } from './queue.ts'
import type { Task } from './task.ts'

class Memory extends Map<string, string> implements EditStorage {
  get length(): number {
    return this.size
  }
  key = (index: number): string | null => [...this.keys()][index] ?? null
  getItem = (key: string): string | null => this.get(key) ?? null
  setItem = (key: string, value: string): void => void this.set(key, value)
  removeItem = (key: string): void => void this.delete(key)
}

/** As much of the tasks API as edits meet: versions, If-Match, Idempotency-Key; and answers that get lost. */
class Server {
  readonly tasks = new Map<string, Task>()
  readonly answered = new Map<string, Answer>()
  online = true
  /** Called before each request: whether its answer is lost on the way back. */
  loses = (): boolean => false

  send = async (edit: Edit): Promise<Answer> => {
    if (!this.online) return { kind: 'later', seconds: 5 }
    const answer = this.answered.get(edit.id) ?? this.#apply(edit)
    if (answer.kind === 'saved') this.answered.set(edit.id, answer)
    return this.loses() ? { kind: 'later', seconds: 5 } : answer
  }

  #apply(edit: Edit): Answer {
    if (edit.kind === 'create') {
      return this.#store({
        id: edit.taskId,
        version: 0,
        status: 'open',
        priority: 'none',
        description: null,
        ...(edit.task as Pick<Task, 'title'>),
      })
    }
    const task = this.tasks.get(edit.taskId)
    if (!task) return { kind: 'refused', reason: 'There is no such task.' }
    if (edit.kind !== 'change') return this.#store({ ...task, status: edit.kind === 'complete' ? 'done' : 'open' })
    return edit.version === task.version
      ? this.#store({ ...task, ...(edit.patch as Partial<Task>) })
      : { kind: 'stale', current: task }
  }

  #store(task: Task): Answer {
    const next = { ...task, version: task.version + 1 }
    this.tasks.set(next.id, next)
    return { kind: 'saved', task: next }
  }

  /** Another device. */
  change(id: string, fields: Partial<Task>): void {
    this.#store({ ...this.tasks.get(id)!, ...fields })
  }
}

const drain = async (queue: EditQueue, server: Server): Promise<void> => {
  for (let tries = 0; (await queue.flush(server.send, () => {})) && tries < 1_000; tries++);
}
const newTask = (title: string): Edit => ({
  id: `create-${title}`,
  taskId: `t-${title}`,
  kind: 'create',
  task: { title },
})

test('edits made offline survive a reload, are sent in order, and what follows a task made offline too', async () => {
  const [storage, server] = [new Memory(), new Server()]
  server.online = false
  const before = new EditQueue(storage, 'ana', () => {})
  before.add(newTask('Bread'))
  before.add({
    id: '2',
    taskId: 't-Bread',
    kind: 'change',
    patch: { priority: 'high' },
    base: { priority: 'none' },
    version: 0,
  })
  before.add({ id: '3', taskId: 't-Bread', kind: 'complete' })
  expect(await before.flush(server.send, () => {})).toBe(5)
  server.online = true
  const after = new EditQueue(storage, 'ana', () => {})
  await drain(after, server)
  expect([...server.tasks.values()]).toEqual([
    expect.objectContaining({ title: 'Bread', priority: 'high', status: 'done' }),
  ])
  expect([after.edits, storage.size]).toEqual([[], 0])
})

test('a conflict waits for a decision: mine goes on top of theirs, theirs stays when mine is dropped', async () => {
  for (const decision of ['keepMine', 'drop'] as const) {
    const [storage, server] = [new Memory(), new Server()]
    const queue = new EditQueue(storage, 'ana', () => {})
    queue.add(newTask('Bread'))
    await drain(queue, server)
    server.change('t-Bread', { title: 'White bread' })
    queue.add({
      id: '2',
      taskId: 't-Bread',
      kind: 'change',
      patch: { title: 'Rye bread', priority: 'high' },
      base: { title: 'Bread', priority: 'none' },
      version: 1,
    })
    await drain(queue, server)
    // What does not conflict is saved already.
    expect(server.tasks.get('t-Bread')).toMatchObject({ title: 'White bread', priority: 'high' })
    expect(queue.conflicts).toEqual([
      expect.objectContaining({
        patch: { title: 'Rye bread' },
        conflict: expect.objectContaining({ title: 'White bread' }),
      }),
    ])
    queue[decision](queue.conflicts[0]!.id)
    await drain(queue, server)
    expect(server.tasks.get('t-Bread')!.title).toBe(decision === 'keepMine' ? 'Rye bread' : 'White bread')
    expect(queue.edits).toEqual([])
  }
})

test('what the server refuses stays with its reason, holds nothing else up, and goes when it is discarded', async () => {
  const [storage, server] = [new Memory(), new Server()]
  const queue = new EditQueue(storage, 'ana', () => {})
  queue.add({ id: '1', taskId: 'nowhere', kind: 'complete' })
  queue.add(newTask('Bread'))
  await drain(queue, server)
  expect(server.tasks.size).toBe(1)
  expect(queue.refused).toEqual([{ edit: expect.objectContaining({ id: '1' }), reason: 'There is no such task.' }])
  queue.drop('1')
  expect(storage.size).toBe(0)
})

test('one person’s edits are not another’s', () => {
  const storage = new Memory()
  new EditQueue(storage, 'ana', () => {}).add(newTask('Bread'))
  expect(new EditQueue(storage, 'anabel', () => {}).edits).toEqual([])
})

const step = fc.oneof(
  fc.record({
    kind: fc.constant('mine' as const),
    field: fc.constantFrom('title', 'description'),
    value: fc.nat(3).map(String),
  }),
  fc.record({
    kind: fc.constant('theirs' as const),
    field: fc.constantFrom('title', 'description'),
    value: fc.nat(3).map(n => `t${n}`),
  }),
  fc.record({ kind: fc.constant('flush' as const), lost: fc.boolean() }),
)

test('whatever is lost on the way and whoever writes in between: no update of anybody is overwritten unseen', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async steps => {
      const [storage, server] = [new Memory(), new Server()]
      const queue = new EditQueue(storage, 'ana', () => {})
      queue.add(newTask('Bread'))
      await drain(queue, server)
      // What this device has seen; a person edits what they see.
      let seen: Task = { ...server.tasks.get('t-Bread')! }
      let known = seen
      const theirs = new Map<string, string>()
      for (const [i, each] of steps.entries()) {
        if (each.kind === 'theirs') {
          server.change('t-Bread', { [each.field]: each.value })
          // What it was when this device last looked is no change to it.
          if (known[each.field as 'title'] === each.value) theirs.delete(each.field)
          else theirs.set(each.field, each.value)
        } else if (each.kind === 'mine') {
          const field = each.field as 'title' | 'description'
          queue.add({
            id: `e${i}`,
            taskId: 't-Bread',
            kind: 'change',
            patch: { [field]: each.value },
            base: { [field]: seen[field] ?? null },
            version: seen.version,
          })
          seen = { ...seen, [field]: each.value }
        } else {
          const losses = each.lost ? [true] : []
          server.loses = () => losses.pop() ?? false
          await drain(queue, server)
          const now = server.tasks.get('t-Bread')!
          // Whatever they wrote that this device had not seen is still there, or is shown as a conflict, never both gone.
          for (const [field, value] of theirs) expect([field, now[field as 'title']]).toEqual([field, value])
          theirs.clear()
          for (const { id } of queue.conflicts) queue.drop(id)
          seen = { ...now }
          known = seen
        }
      }
    }),
    { numRuns: 300 },
  )
})
