import fc from 'fast-check'
import { type Settled, settle } from './settled.ts'

const SETTLE_MS = 20_000
const looks = fc.array(
  fc.record({ afterMs: fc.integer({ min: 1, max: 30_000 }), seen: fc.constantFrom(true, false, undefined) }),
  { maxLength: 60 },
)

/** Every moment at which the value turned, and to what. */
function turns(sequence: { afterMs: number; seen: boolean | undefined }[]): { at: number; value: boolean }[] {
  let state: Settled | undefined
  let now = 0
  const found: { at: number; value: boolean }[] = []
  for (const { afterMs, seen } of sequence) {
    now += afterMs
    const before = state?.value
    state = settle(state, seen, now, SETTLE_MS)
    if (state.value !== before) found.push({ at: now, value: state.value! })
  }
  return found
}

test('whatever is seen: after the first word two turns are never closer than the time a change has to last', () => {
  fc.assert(
    fc.property(looks, sequence => {
      const all = turns(sequence)
      for (let index = 1; index < all.length; index++) {
        expect(all[index]!.value).toBe(!all[index - 1]!.value)
        expect(all[index]!.at - all[index - 1]!.at).toBeGreaterThanOrEqual(SETTLE_MS)
      }
    }),
  )
})

test('a break that does not last turns nothing, however often it comes', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: SETTLE_MS - 1 }), { maxLength: 40 }), breaks => {
      // Each break ends before it has lasted: one look sees it, the next sees it over.
      const sequence = breaks.flatMap(afterMs => [
        { afterMs: 5_000, seen: false },
        { afterMs, seen: true },
      ])
      expect(turns([{ afterMs: 1, seen: true }, ...sequence])).toEqual([{ at: 1, value: true }])
    }),
  )
})

test('what lasts turns it, and the first yes counts at once', () => {
  const every = (seconds: number, seen: boolean): { afterMs: number; seen: boolean }[] =>
    Array.from({ length: seconds }, () => ({ afterMs: 1_000, seen }))
  expect(turns(every(30, false))).toEqual([{ at: 21_000, value: false }])
  expect(turns([...every(5, false), ...every(1, true)])).toEqual([{ at: 6_000, value: true }])
  expect(turns([...every(5, true), ...every(30, false), ...every(30, true)])).toEqual([
    { at: 1_000, value: true },
    { at: 26_000, value: false },
    { at: 56_000, value: true },
  ])
})

test('while nothing can be seen, nothing is concluded', () => {
  expect(turns(Array.from({ length: 50 }, () => ({ afterMs: 10_000, seen: undefined })))).toEqual([])
})
