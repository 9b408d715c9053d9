import fc from 'fast-check'
import type { OracleSeries } from './oracle.ts'

const some = (largest: number, most = 2, least = 1): fc.Arbitrary<string> =>
  fc
    .uniqueArray(fc.integer({ min: least, max: largest }), { minLength: 1, maxLength: most })
    .map(list => list.join(','))
const signed = (largest: number, most = 2): fc.Arbitrary<string> =>
  fc
    .uniqueArray(
      fc.integer({ min: -largest, max: largest }).filter(number => number !== 0),
      { minLength: 1, maxLength: most },
    )
    .map(list => list.join(','))
const WEEKDAYS = ['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU'] as const
const weekdays = fc
  .uniqueArray(fc.constantFrom(...WEEKDAYS), { minLength: 1, maxLength: 5 })
  .map(list => list.join(','))
const numbered = (largest: number): fc.Arbitrary<string> =>
  fc
    .uniqueArray(
      fc
        .tuple(
          fc.integer({ min: -largest, max: largest }).filter(number => number !== 0),
          fc.constantFrom(...WEEKDAYS),
        )
        .map(([ordinal, day]) => `${ordinal}${day}`),
      { minLength: 1, maxLength: 2 },
    )
    .map(list => list.join(','))

type Parts = Record<string, string | undefined>
const maybe = (arbitrary: fc.Arbitrary<string>): fc.Arbitrary<string | undefined> =>
  fc.option(arbitrary, { nil: undefined, freq: 2 })

const interval = maybe(fc.integer({ min: 1, max: 4 }).map(String))
const byFrequency: Record<string, fc.Arbitrary<Parts>> = {
  HOURLY: fc.record({
    INTERVAL: maybe(fc.integer({ min: 1, max: 30 }).map(String)),
    BYDAY: maybe(weekdays),
    BYMONTHDAY: maybe(signed(31)),
    BYMINUTE: maybe(some(59, 2, 0)),
  }),
  DAILY: fc.record({
    INTERVAL: interval,
    BYMONTH: maybe(some(12, 4)),
    BYDAY: maybe(weekdays),
    BYHOUR: maybe(some(23, 3, 0)),
    BYMINUTE: maybe(some(59, 2, 0)),
  }),
  WEEKLY: fc.record({
    INTERVAL: interval,
    BYDAY: maybe(weekdays),
    WKST: maybe(fc.constantFrom(...WEEKDAYS)),
    BYMONTH: maybe(some(12, 4)),
    BYHOUR: maybe(some(23, 2, 0)),
  }),
  MONTHLY: fc.record({
    INTERVAL: interval,
    BYDAY: maybe(fc.oneof(weekdays, numbered(4))),
    BYMONTHDAY: maybe(signed(31, 3)),
    BYMONTH: maybe(some(12, 4)),
    BYHOUR: maybe(some(23, 2, 0)),
  }),
  YEARLY: fc
    .record({
      INTERVAL: maybe(fc.constantFrom('1', '2')),
      BYMONTH: maybe(some(12, 4)),
      BYMONTHDAY: maybe(signed(28)),
      BYDAY: maybe(fc.oneof(weekdays, numbered(4))),
      BYYEARDAY: maybe(signed(365)),
    })
    // Refused together with the others, see src/kit/recurrence-rule.ts.
    .map(parts => (parts.BYDAY || parts.BYMONTHDAY ? { ...parts, BYYEARDAY: undefined } : parts))
    .map(parts => (/\d/.test(parts.BYDAY ?? '') ? { ...parts, BYMONTHDAY: undefined } : parts)),
}

/** Zones with every kind of change: an hour, half an hour, none, at midnight, across the date line, one that was abolished. */
export const ZONES = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'America/St_Johns',
  'America/Santiago',
  'Australia/Lord_Howe',
  'Asia/Kathmandu',
  'Asia/Beirut',
  'Africa/Casablanca',
  'Pacific/Apia',
  'America/Sao_Paulo',
] as const

const local = fc
  .date({ min: new Date('2005-01-01'), max: new Date('2030-12-31'), noInvalidDate: true })
  .chain(date => fc.constantFrom('', '02:30:00', '00:00:00', '23:59:00').map(time => at(date, time)))
const at = (date: Date, time: string): string =>
  time ? `${date.toISOString().slice(0, 10)}T${time}` : `${date.toISOString().slice(0, 16)}:00`

const end = (dtstart: string): fc.Arbitrary<string> =>
  fc.oneof(
    fc.constant(''),
    fc.integer({ min: 1, max: 12 }).map(count => `;COUNT=${count}`),
    fc.integer({ min: 1, max: 900 }).chain(days => {
      const until = new Date(Date.parse(`${dtstart}Z`) + days * 86_400_000).toISOString().replace(/[-:]/g, '')
      return fc.constantFrom(
        `;UNTIL=${until.slice(0, 8)}`,
        `;UNTIL=${until.slice(0, 15)}`,
        `;UNTIL=${until.slice(0, 15)}Z`,
      )
    }),
  )

/** A series by every part of RFC 5545 that a task may use, BYWEEKNO apart, whose spill over the new year the RFC leaves open. */
export const anySeries: fc.Arbitrary<OracleSeries> = fc
  .tuple(fc.constantFrom('HOURLY', 'DAILY', 'WEEKLY', 'MONTHLY', 'YEARLY'), local, fc.constantFrom(...ZONES))
  .chain(([frequency, dtstart, tzid]) =>
    fc
      .tuple(byFrequency[frequency]!, end(dtstart), fc.constantFrom(undefined, undefined, '1', '-1', '2'))
      .map(([parts, tail, position]) => {
        const given = Object.entries(parts).filter(([, value]) => value !== undefined)
        const several = /^(WEEKLY|MONTHLY)$/.test(frequency) && /^\D+,\D+$/.test(parts['BYDAY'] ?? '')
        const possible = given.some(([name]) => name!.startsWith('BY')) && (position !== '2' || several)
        const setpos = position && possible ? [['BYSETPOS', position]] : []
        const rule = [['FREQ', frequency], ...given, ...setpos].map(part => part.join('=')).join(';')
        return { rrule: `${rule}${tail}`, dtstart, tzid, exdates: [] }
      }),
  )
