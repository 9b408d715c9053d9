import fc from 'fast-check'
import { rateLimiter } from './rate-limit.ts'

test('a burst at once, then one for each part of a second, and never more than a burst again', () => {
  let time = 0
  const take = rateLimiter({ perSecond: 2, burst: 3 }, () => time)
  expect([take('a'), take('a'), take('a'), take('a')]).toEqual([0, 0, 0, 0.5])
  expect(take('b')).toBe(0)
  time += 500
  expect([take('a'), take('a')]).toEqual([0, 0.5])
  time += 1_000_000
  expect([take('a'), take('a'), take('a'), take('a')]).toEqual([0, 0, 0, 0.5])
})

test('however requests come, no more are let through than burst and rate allow, and one that waited as told is', () => {
  const limits = fc.record({ perSecond: fc.integer({ min: 1, max: 50 }), burst: fc.integer({ min: 1, max: 20 }) })
  fc.assert(
    fc.property(limits, fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 200 }), (limit, pauses) => {
      let time = 0
      const take = rateLimiter(limit, () => time)
      let passed = 0
      for (const pause of pauses) {
        time += pause
        const wait = take('a')
        if (wait === 0) passed++
        else {
          time += Math.ceil(wait * 1_000)
          expect(take('a')).toBe(0)
          passed++
        }
        expect(passed).toBeLessThanOrEqual(limit.burst + (time / 1_000) * limit.perSecond + 0.001)
      }
    }),
  )
})

test('people who are gone are forgotten, others are not', () => {
  let time = 0
  const take = rateLimiter({ perSecond: 1, burst: 1 }, () => time)
  for (let i = 0; i < 9_999; i++) take(`old-${i}`)
  time += 10_000
  expect(take('me')).toBe(0)
  for (let i = 0; i < 5; i++) take(`new-${i}`)
  expect(take('me')).toBeGreaterThan(0)
})
