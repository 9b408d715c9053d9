import fc from 'fast-check'
import { Temporal } from 'temporal-polyfill'
import { checkSeries, firstOccurrence, nextOccurrence, type Occurrence, type Series, upcoming } from './occurrence.ts'
import { RecurrenceError } from './recurrence-rule.ts'

const berlin = { dtstart: '2026-01-05T09:00:00', tzid: 'Europe/Berlin' }

const walk = (series: Series, limit: number): Occurrence[] => {
  const all = [firstOccurrence(series)]
  while (all.length < limit) {
    const next = nextOccurrence(series, all.at(-1)!.index)
    if (!next) break
    all.push(next)
  }
  return all
}
const instants = (series: Series, limit = 10): string[] => walk(series, limit).map(({ at }) => at.slice(0, 16))
const locals = (series: Series, limit = 10): string[] => walk(series, limit).map(({ local }) => local.slice(0, 16))

test('a weekly task keeps its hour on the wall when the clocks change', () => {
  const series = { rrule: 'FREQ=WEEKLY;BYDAY=MO', dtstart: '2026-03-23T09:00:00', tzid: 'Europe/Berlin' }
  expect(instants(series, 3)).toEqual(['2026-03-23T08:00', '2026-03-30T07:00', '2026-04-06T07:00'])
})

test('the first occurrence counts even if the rule would not make it: Saturday, then Mondays', () => {
  const series = { rrule: 'FREQ=WEEKLY;BYDAY=MO', dtstart: '2025-12-20T18:00:00', tzid: 'UTC' }
  expect(locals(series, 3)).toEqual(['2025-12-20T18:00', '2025-12-22T18:00', '2025-12-29T18:00'])
})

test('an hour the clocks skip moves on, an hour that comes twice is taken the first time', () => {
  const tzid = 'America/New_York'
  const gap = { rrule: 'FREQ=DAILY;COUNT=4', dtstart: '2026-03-06T02:30:00', tzid }
  expect(instants(gap)).toEqual(['2026-03-06T07:30', '2026-03-07T07:30', '2026-03-08T07:30', '2026-03-09T06:30'])
  const overlap = { rrule: 'FREQ=DAILY;COUNT=3', dtstart: '2026-10-31T01:30:00', tzid }
  expect(instants(overlap)).toEqual(['2026-10-31T05:30', '2026-11-01T05:30', '2026-11-02T06:30'])
})

test.each<[string, Partial<Series> & { rrule: string }, string[]]>([
  ['COUNT ends it', { rrule: 'FREQ=DAILY;COUNT=2' }, ['2026-01-05T09:00', '2026-01-06T09:00']],
  [
    'UNTIL as an instant is inclusive, in the zone',
    { rrule: 'FREQ=DAILY;UNTIL=20260106T080000Z' },
    ['2026-01-05T09:00', '2026-01-06T09:00'],
  ],
  ['UNTIL as a day includes the day', { rrule: 'FREQ=DAILY;UNTIL=20260106' }, ['2026-01-05T09:00', '2026-01-06T09:00']],
  [
    'an excluded date is left out and still counted',
    { rrule: 'FREQ=DAILY;COUNT=3', exdates: ['2026-01-06T09:00:00'] },
    ['2026-01-05T09:00', '2026-01-07T09:00'],
  ],
  [
    'the last weekday of the month',
    { rrule: 'FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=3' },
    ['2026-01-05T09:00', '2026-01-30T09:00', '2026-02-27T09:00'],
  ],
  [
    'the 31st skips short months',
    { rrule: 'FREQ=MONTHLY;COUNT=4', dtstart: '2026-01-31T09:00:00' },
    ['2026-01-31T09:00', '2026-03-31T09:00', '2026-05-31T09:00', '2026-07-31T09:00'],
  ],
  [
    'every other week',
    { rrule: 'RRULE:freq=weekly;interval=2;count=3' },
    ['2026-01-05T09:00', '2026-01-19T09:00', '2026-02-02T09:00'],
  ],
])('%s', (_, series, expected) => {
  expect(locals({ ...berlin, ...series })).toEqual(expected)
})

test('after completion, the rule counts from the day of completion', () => {
  const series: Series = { ...berlin, rrule: 'FREQ=DAILY;INTERVAL=3', mode: 'completion' }
  expect(nextOccurrence(series, 0, '2026-02-10T22:30:00Z')).toEqual({
    index: 1,
    local: '2026-02-13T09:00:00',
    at: '2026-02-13T08:00:00.000Z',
  })
  // 23:30 UTC is already the next day in Berlin.
  expect(nextOccurrence(series, 0, '2026-02-10T23:30:00Z')?.local).toBe('2026-02-14T09:00:00')
  expect(nextOccurrence({ ...series, rrule: 'FREQ=DAILY;COUNT=2' }, 1, '2026-02-10T22:30:00Z')).toBeUndefined()
})

test('missed occurrences come one by one, or are skipped and still counted', () => {
  const series: Series = { ...berlin, rrule: 'FREQ=DAILY;COUNT=30' }
  const done = '2026-01-20T12:00:00Z'
  expect(nextOccurrence(series, 0, done)).toMatchObject({ index: 1, local: '2026-01-06T09:00:00' })
  const skipping: Series = { ...series, missed: 'skip' }
  expect(nextOccurrence(skipping, 0, done)).toMatchObject({ index: 16, local: '2026-01-21T09:00:00' })
  expect(nextOccurrence(skipping, 0, '2026-03-01T12:00:00Z')).toBeUndefined()
  // Done early, nothing was missed.
  expect(nextOccurrence(skipping, 5, '2026-01-02T12:00:00Z')?.index).toBe(6)
})

test('the first occurrence may be left out; leaving out all of them is refused', () => {
  const series = { ...berlin, rrule: 'FREQ=DAILY;COUNT=2', exdates: ['2026-01-05T09:00:00'] }
  expect(firstOccurrence(series)).toMatchObject({ index: 1, local: '2026-01-06T09:00:00' })
  const none = { ...series, exdates: [...series.exdates, '2026-01-06T09:00'] }
  expect(() => checkSeries(none)).toThrow(expect.objectContaining({ field: 'exdates' }))
})

test('two times on the wall that are one moment are one occurrence, and counted as two', () => {
  const series = { rrule: 'FREQ=HOURLY;COUNT=4', dtstart: '2026-03-29T01:30:00', tzid: 'Europe/Berlin' }
  expect(upcoming(series, 9)).toEqual([
    { index: 0, local: '2026-03-29T01:30:00', at: '2026-03-29T00:30:00.000Z' },
    { index: 1, local: '2026-03-29T02:30:00', at: '2026-03-29T01:30:00.000Z' },
    { index: 3, local: '2026-03-29T04:30:00', at: '2026-03-29T02:30:00.000Z' },
  ])
})

test('an hourly series goes on for years', () => {
  const series = { rrule: 'FREQ=HOURLY', dtstart: '2026-01-01T00:00:00', tzid: 'UTC' }
  expect(upcoming(series, 1, 0, '2027-04-01T00:00:00.000Z')[0]).toMatchObject({ local: '2027-04-01T01:00:00' })
})

test.each<[Partial<Series>, string]>([
  [{ rrule: 'every monday' }, 'rrule'],
  ...[
    'FREQ=DAILY;BYMONTH=13',
    'FREQ=DAILY;BYHOUR=25',
    'FREQ=DAILY;FOO=1',
    'FREQ=DAILY;FREQ=WEEKLY',
    'FREQ=DAILY;INTERVAL=0',
    'FREQ=DAILY;COUNT=2;UNTIL=20300101',
    'FREQ=WEEKLY;BYDAY=1MO',
    'FREQ=WEEKLY;BYMONTHDAY=3',
    'FREQ=MONTHLY;BYSETPOS=1',
    'FREQ=MONTHLY;BYDAY=0MO',
    'FREQ=DAILY;__PROTO__=1',
    'INTERVAL=2',
    '',
  ].map((rrule): [Partial<Series>, string] => [{ rrule }, 'rrule']),
  [{ rrule: 'FREQ=SECONDLY' }, 'rrule'],
  [{ rrule: 'FREQ=DAILY;COUNT=1000000' }, 'rrule'],
  [{ rrule: 'FREQ=DAILY;UNTIL=soon' }, 'rrule'],
  [{ tzid: 'Mars/Olympus' }, 'tzid'],
  [{ dtstart: 'tomorrow' }, 'dtstart'],
  [{ exdates: ['never'] }, 'exdates'],
])('%j is refused by field', (part, field) => {
  const series = { ...berlin, rrule: 'FREQ=DAILY', ...part }
  expect(() => checkSeries(series)).toThrow(RecurrenceError)
  expect(() => checkSeries(series)).toThrow(expect.objectContaining({ field }))
})

const anySeries = fc.record({
  rrule: fc
    .tuple(
      fc.constantFrom('HOURLY', 'DAILY', 'WEEKLY', 'MONTHLY', 'YEARLY'),
      fc.integer({ min: 1, max: 5 }),
      fc.constantFrom('', ';BYDAY=MO,TH', ';BYMONTH=3,10'),
      fc.constantFrom('', ';COUNT=6', ';UNTIL=20290101T000000Z'),
    )
    .map(([freq, interval, by, end]) => `FREQ=${freq};INTERVAL=${interval}${by}${end}`),
  dtstart: fc
    .date({ min: new Date('2024-01-01'), max: new Date('2028-12-31'), noInvalidDate: true })
    .map(date => date.toISOString().slice(0, 19)),
  tzid: fc.constantFrom(
    'UTC',
    'Europe/Berlin',
    'America/New_York',
    'Australia/Lord_Howe',
    'Asia/Kathmandu',
    'America/St_Johns',
  ),
})

test('whatever the rule: wall clock and index rise, and the instant is the wall clock in the zone, moved only out of a gap', () => {
  fc.assert(
    fc.property(anySeries, series => {
      const all = walk(series, 6)
      for (const [i, { index, local, at }] of all.entries()) {
        expect(index).toBe(i)
        const zoned = Temporal.Instant.from(at).toZonedDateTimeISO(series.tzid).toPlainDateTime()
        const shift = zoned.since(Temporal.PlainDateTime.from(local)).total('minutes')
        expect([0, 30, 60]).toContain(shift)
        if (i > 0) expect(local > all[i - 1]!.local).toBe(true)
      }
    }),
    { numRuns: 200 },
  )
})
