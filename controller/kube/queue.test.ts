import fc from 'fast-check'
import { WorkQueue } from './queue.ts'
import { fixedRandom, ManualClock, settle } from './test-support.ts'

/** Work that is done when the test says so. */
function manual() {
  const started: string[] = []
  const open: { key: string; finish(error?: Error): void }[] = []
  const work = (key: string): Promise<undefined> => {
    started.push(key)
    const { promise, resolve, reject } = Promise.withResolvers<undefined>()
    open.push({ key, finish: error => (error ? reject(error) : resolve(undefined)) })
    return promise
  }
  const finish = async (error?: Error): Promise<void> => {
    open.shift()!.finish(error)
    await settle()
  }
  return { work, started, finish }
}
const options = (workers = 1) => ({ workers, clock: new ManualClock(), random: fixedRandom })

test('a key added many times while it waits is worked on once, and once more when added while at work', async () => {
  const { work, started, finish } = manual()
  const queue = new WorkQueue(work, options())
  for (const key of ['a', 'b', 'b', 'a', 'a']) queue.add(key)
  await finish()
  await finish()
  await finish()
  expect(started).toEqual(['a', 'b', 'a'])
})

test('a user’s change overtakes the resync of a start, but the resync never starves', async () => {
  const { work, started, finish } = manual()
  const queue = new WorkQueue(work, options())
  queue.add('first', 'resync')
  for (const key of ['r1', 'r2', 'r3']) queue.add(key, 'resync')
  queue.add('r3', 'user')
  await finish()
  await finish()
  expect(started).toEqual(['first', 'r3', 'r1'])
  for (let turn = 0; turn < 20 && !started.includes('r2'); turn++) {
    queue.add(`user${turn}`)
    queue.add(`more${turn}`)
    await finish()
  }
  expect(started).toContain('r2')
})

test('a key whose work fails comes back later each time, up to the cap, until it succeeds', async () => {
  const { work, started, finish } = manual()
  const { clock, random } = options()
  const queue = new WorkQueue(work, { clock, random, baseMs: 100, capMs: 400 })
  queue.add('a')
  const waits: number[] = []
  for (let failure = 1; failure <= 5; failure++) {
    await finish(new Error('not yet'))
    const from = clock.monotonic()
    while (started.length === failure) await clock.advance(25)
    waits.push(clock.monotonic() - from)
  }
  expect(waits).toEqual([75, 150, 300, 300, 300])
  await finish()
  expect([queue.failures('a'), queue.delayed]).toEqual([0, 0])
})

test('what its own work wrote brings a key back after a success, and leaves the backoff alone after a failure', async () => {
  const { work, started, finish } = manual()
  const { clock, random } = options()
  const queue = new WorkQueue(work, { clock, random })
  queue.add('a')
  queue.addEcho('a')
  await finish()
  expect(started).toEqual(['a', 'a'])
  queue.addEcho('a')
  await finish(new Error('no'))
  expect(started).toHaveLength(2)
  await clock.advance(100)
  expect(started).toHaveLength(3)
})

test('somebody else’s change during failing work is worked on at once', async () => {
  const { work, started, finish } = manual()
  const queue = new WorkQueue(work, options())
  queue.add('a')
  queue.add('a')
  await finish(new Error('old spec'))
  expect(started).toEqual(['a', 'a'])
})

test('the soonest of several delays counts, and a change makes a delay needless', async () => {
  const { work, started, finish } = manual()
  const { clock, random } = options()
  const queue = new WorkQueue(work, { clock, random })
  queue.addAfter('a', 1_000)
  queue.addAfter('a', 500)
  queue.addAfter('a', 2_000)
  queue.addAfter('b', 700)
  queue.add('b')
  await finish()
  await clock.advance(499)
  expect(started).toEqual(['b'])
  await clock.advance(1)
  await finish()
  await clock.advance(5_000)
  expect(started).toEqual(['b', 'a'])
})

test('ten thousand delayed keys share one timer and all come, each in its turn', async () => {
  const { clock, random } = options()
  const seen: string[] = []
  const queue = new WorkQueue(async key => void seen.push(key) as undefined, { clock, random, workers: 2 })
  const keys = Array.from({ length: 10_000 }, (_, index) => `k${index}`)
  for (const [index, key] of keys.entries()) queue.addAfter(key, 10_000 - index)
  expect([clock.timers, queue.delayed]).toEqual([1, 10_000])
  await clock.advance(0)
  for (let step = 0; step < 20; step++) {
    await clock.advance(1_000)
    for (let round = 0; round < 200 && queue.depth > 0; round++) await settle()
  }
  expect(new Set(seen).size).toBe(10_000)
  expect(seen.length).toBe(10_000)
  expect(seen.indexOf('k9999')).toBeLessThan(seen.indexOf('k0'))
}, 20_000)

test('no key is ever lost: after any adds, failures and delays each is worked on after its last change', async () => {
  const step = fc.oneof(
    fc.record({ add: fc.constantFrom('a', 'b', 'c'), priority: fc.constantFrom('user' as const, 'resync' as const) }),
    fc.record({ later: fc.constantFrom('a', 'b', 'c'), ms: fc.nat(500) }),
    fc.record({ pass: fc.nat(300) }),
    fc.record({ fail: fc.boolean() }),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async steps => {
      const { clock, random } = options()
      const changed = new Map<string, number>()
      const worked = new Map<string, number>()
      let failing = false
      let moment = 0
      const atWork = new Set<string>()
      const queue = new WorkQueue(
        async key => {
          expect(atWork.has(key)).toBe(false)
          atWork.add(key)
          worked.set(key, ++moment)
          await Promise.resolve()
          atWork.delete(key)
          if (failing) throw new Error('scripted')
          return undefined
        },
        { clock, random },
      )
      for (const each of steps) {
        if ('add' in each) {
          changed.set(each.add, ++moment)
          queue.add(each.add, each.priority)
        } else if ('later' in each) {
          changed.set(each.later, ++moment)
          queue.addAfter(each.later, each.ms)
        } else if ('pass' in each) await clock.advance(each.pass)
        else failing = each.fail
      }
      failing = false
      await clock.advance(120_000)
      for (const [key, at] of changed) expect(worked.get(key)).toBeGreaterThan(at)
      expect([queue.depth, queue.delayed, queue.active, clock.timers]).toEqual([0, 0, 0, 0])
    }),
    { numRuns: 60 },
  )
})

test('stopped, it takes nothing more and waits for what is at work', async () => {
  const { work, started, finish } = manual()
  const { clock, random } = options()
  const queue = new WorkQueue(work, { clock, random, workers: 1 })
  queue.add('a')
  queue.add('b')
  queue.addAfter('c', 10)
  let stopped = false
  const stopping = queue.stop().then(() => {
    stopped = true
  })
  await settle()
  expect(stopped).toBe(false)
  await finish()
  await stopping
  queue.add('d')
  await clock.advance(1_000)
  expect([started, clock.timers]).toEqual([['a'], 0])
})
