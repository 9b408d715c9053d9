import fc from 'fast-check'
import { nextAt, quietUntil } from './quiet.ts'

const night = { start: '22:00', end: '07:00' }

test.each([
  ['2030-01-01T20:59:00Z', undefined],
  ['2030-01-01T21:00:00Z', '2030-01-02T06:00:00.000Z'],
  ['2030-01-02T05:59:59Z', '2030-01-02T06:00:00.000Z'],
  ['2030-01-02T06:00:00Z', undefined],
])('a night in Berlin, at %s', (now, until) => {
  expect(quietUntil(new Date(now), night, 'Europe/Berlin')?.toISOString()).toBe(until)
})

test('none, empty, and within one day', () => {
  const noon = new Date('2030-01-01T12:30:00Z')
  expect(quietUntil(noon, null, 'UTC')).toBeUndefined()
  expect(quietUntil(noon, { start: '12:00', end: '12:00' }, 'UTC')).toBeUndefined()
  expect(quietUntil(noon, { start: '12:00', end: '13:00' }, 'UTC')?.toISOString()).toBe('2030-01-01T13:00:00.000Z')
})

test('an end that the clocks skip is when they have', () => {
  const now = new Date('2026-03-29T00:30:00Z')
  expect(nextAt(now, '02:30', 'Europe/Berlin').toISOString()).toBe('2026-03-29T01:30:00.000Z')
})

const time = fc
  .tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }))
  .map(parts => parts.map(part => String(part).padStart(2, '0')).join(':'))

test('quiet hours always end, within 25 hours, at a moment that is not quiet', () => {
  fc.assert(
    fc.property(
      fc.date({ min: new Date('2025-01-01'), max: new Date('2031-01-01'), noInvalidDate: true }),
      fc.record({ start: time, end: time }),
      fc.constantFrom('UTC', 'Europe/Berlin', 'America/St_Johns', 'Asia/Kathmandu', 'Pacific/Auckland'),
      (now, hours, zone) => {
        const until = quietUntil(now, hours, zone)
        if (!until) return
        expect(until.getTime()).toBeGreaterThan(now.getTime())
        expect(until.getTime() - now.getTime()).toBeLessThanOrEqual(25 * 3600_000)
        const wall = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, timeStyle: 'short' }).format(until)
        // Where the clocks change at that very time, the wall may show another.
        if (wall === hours.end) expect(quietUntil(until, hours, zone)).toBeUndefined()
      },
    ),
    { numRuns: 300 },
  )
})
