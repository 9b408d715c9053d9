import fc from 'fast-check'
import { until } from '../log/testing.ts'
import type { Message } from './delivery.ts'
import { type DeliveryFaults, losingReplies, misdelivering } from './delivery-faults.ts'
import { kafkaComponent, startApp, startPlace, subscription } from './testing.ts'

const NONE: DeliveryFaults = { duplicates: 0, reorder: 0, lostReplies: 0 }
const message = (offset: number): Message => ({
  topic: 't',
  data: Buffer.from(''),
  metadata: { __partition: '0', __offset: String(offset) },
})
const offsetOf = ({ metadata }: Message): number => Number(metadata['__offset'])
const quiet = new AbortController().signal

/** A handler that keeps what it is told; offsets in `failing` fail. */
function listener(failing: readonly number[] = []) {
  const heard: number[] = []
  const hear = (one: Message): Error | undefined => {
    heard.push(offsetOf(one))
    return failing.includes(offsetOf(one)) ? new Error(`no ${offsetOf(one)}`) : undefined
  }
  return {
    heard,
    handler: {
      bulk: undefined,
      one: async (one: Message) => {
        const error = hear(one)
        if (error) throw error
      },
      many: async (messages: readonly Message[]) => messages.map(hear),
    },
  }
}

const probability = fc.double({ min: 0, max: 1, noNaN: true })

test('whatever happens, every message is told, and its outcome is its own', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.nat(99), { minLength: 1, maxLength: 30 }),
      fc.array(fc.nat(99), { maxLength: 5 }),
      fc.record({ duplicates: probability, reorder: probability, lostReplies: fc.constant(0) }),
      fc.infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })),
      async (offsets, failing, faults, chances) => {
        const { heard, handler } = listener(failing)
        const random = () => chances.next().value as number
        const wrapped = misdelivering(handler, { faults, random, log: () => {} })
        const outcomes = await wrapped.many(offsets.map(message), quiet)
        expect(outcomes.map(outcome => outcome?.message)).toEqual(
          offsets.map(offset => (failing.includes(offset) ? `no ${offset}` : undefined)),
        )
        expect(new Set(heard)).toEqual(new Set(offsets))
      },
    ),
  )
})

test('without a fault it is told once and in order', async () => {
  const { heard, handler } = listener()
  const wrapped = misdelivering(handler, { faults: NONE, random: () => 0, log: () => {} })
  await wrapped.many([message(1), message(2)], quiet)
  await wrapped.one(message(3), quiet)
  expect(heard).toEqual([1, 2, 3])
})

test('what was taken comes again after what came later, and is told of; neighbours of a bulk change places', async () => {
  const { heard, handler } = listener()
  const lines: string[] = []
  const log = (_: string, line: string) => lines.push(line)
  const again = misdelivering(handler, { faults: { ...NONE, duplicates: 1 }, random: () => 0, log })
  await again.one(message(1), quiet)
  await again.one(message(2), quiet)
  expect(heard.splice(0)).toEqual([1, 1, 2, 1])
  const swapped = misdelivering(handler, { faults: { ...NONE, reorder: 1 }, random: () => 0, log })
  await swapped.many([message(1), message(2), message(3)], quiet)
  expect(heard).toEqual([2, 3, 1])
  expect(lines).toContain('injected: once more t/0 offset 1')
  expect(lines).toContain('injected: out of order t/0 offset 2')
})

test('a message that was not taken is the one that fails, and its repetition never is', async () => {
  const { handler } = listener([1])
  const wrapped = misdelivering(handler, { faults: { ...NONE, duplicates: 1 }, random: () => 0, log: () => {} })
  await expect(wrapped.one(message(1), quiet)).rejects.toThrow('no 1')
  await wrapped.one(message(2), quiet)
})

test('an app whose answers are lost has done its work', async () => {
  const calls: string[] = []
  const app = {
    call: async ({ path }: { path: string }) => {
      calls.push(path)
      return { status: 200, headers: {}, body: Buffer.from('') }
    },
  }
  const losing = losingReplies(app, { faults: { ...NONE, lostReplies: 0.5 }, random: () => 0.4, log: () => {} })
  await expect(losing.call({ method: 'POST', path: '/events' })).rejects.toThrow('injected')
  expect(calls).toEqual(['/events'])
})

test('through a sidecar every event arrives, some of them again', async () => {
  const app = await startApp()
  const faults = { duplicates: 0.5, reorder: 0.5, lostReplies: 0.3 }
  const place = await startPlace([kafkaComponent({ consumeRetryInterval: '10ms' }), subscription('t')], { app, faults })
  try {
    await place.healthy()
    for (let n = 1; n <= 30; n++) await place.publish('t', n)
    const seen = () => app.events('/events/t').map(({ data }) => data as number)
    await until(() => new Set(seen()).size === 30)
    await until(() => place.log.cluster('default/todo').lag('app')[0]?.lag === 0)
    expect(seen().length).toBeGreaterThan(30)
  } finally {
    await place.close()
  }
})
