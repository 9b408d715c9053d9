import { WorkQueue } from './queue.ts'

const settle = () => new Promise(resolve => setTimeout(resolve, 5))

test('a key added many times while it waits is worked on once, and once more when added while at work', async () => {
  const seen: string[] = []
  let release = () => {}
  const queue = new WorkQueue(
    async key => {
      seen.push(key)
      if (seen.length === 1) await new Promise<void>(resolve => (release = resolve))
      return undefined
    },
    { workers: 1 },
  )
  queue.add('a')
  queue.add('b')
  queue.add('b')
  queue.add('a')
  queue.add('a')
  release()
  await settle()
  expect(seen).toEqual(['a', 'b', 'a'])
  await queue.stop()
})

test('a user’s change overtakes the resync of a start', async () => {
  const seen: string[] = []
  let release = () => {}
  const queue = new WorkQueue(
    async key => {
      seen.push(key)
      if (key === 'first') await new Promise<void>(resolve => (release = resolve))
      return undefined
    },
    { workers: 1 },
  )
  queue.add('first', 'resync')
  for (const key of ['r1', 'r2', 'r3']) queue.add(key, 'resync')
  queue.add('r3', 'user')
  release()
  await settle()
  expect(seen).toEqual(['first', 'r3', 'r1', 'r2'])
  await queue.stop()
})

test('a key whose work fails comes back, later each time, and is never dropped', async () => {
  let tries = 0
  const done = Promise.withResolvers<void>()
  const queue = new WorkQueue(
    async () => {
      tries += 1
      if (tries < 5) throw new Error('not yet')
      done.resolve()
      return undefined
    },
    { baseMs: 1, capMs: 4 },
  )
  queue.add('a')
  await done.promise
  await settle()
  expect(tries).toBe(5)
  expect(queue.failures('a')).toBe(0)
  await queue.stop()
})
