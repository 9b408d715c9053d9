import { join } from 'node:path'
import fc from 'fast-check'
import { expectGolden } from '../../../../test/support/golden.ts'
import { parseQuickAdd } from './index.ts'

/** A Friday, 11:30 in Berlin. */
const now = new Date('2026-11-20T10:30:00Z')
const zone = 'Europe/Berlin'
const read = (text: string, where = zone, when = now) => parseQuickAdd(text, { zone: where, now: when })

const SENTENCES = `
Buy milk
Buy milk tomorrow
Buy milk tomorrow at 5pm #home !high
Call mum in 2 hours
Call mum in 90 minutes
Call mum in half an hour
Send the invoice in 3 days
Plan the sprint next week
Pay taxes next month
Report due the day after tomorrow
Essay due on the 15th
Book flights on the 31st
Mail by friday
Dentist friday 14:00
Lunch on Dec 24 at noon
Release 2027-01-15 10:00
Concert 24.12.2026 20:00
Film tonight
Walk this evening
Breakfast tomorrow morning
Party this weekend
Invoice end of month
Meeting at 5
Meeting at 05:00
Meeting at 9
Standup 9am
Gym 6pm
Workshop monday from 3pm to 5pm
Call New York 5pm EST
Deploy 2026-12-01T10:00Z
Fix login !urgent
Fix login !1
Fix login !2 #backend #web
Fix bug #123
Ship it !!!
Do it #home, #work/office
Water plants daily
Water plants daily at 9
Water plants every day at 8am
Vitamins every! day
Meds every 8 hours
Standup every weekday at 9:30
Chores every weekend
Yoga every morning
Backup every 2 weeks
Review every other tuesday at 10
Gym every monday, wednesday and friday at 18:00
Clean every three days starting monday
Rent every month on the 1st
Rent monthly on the 1st and 15th
Report weekly on thursday
Team lunch every last friday of the month at noon
Poker every 3rd friday
Close the books every last day of the month
Water the cactus every 2 months
Anna's birthday every march 3
Wedding day every year on june 12
Insurance yearly
Course every tuesday 7pm for 10 times
Diet every day until 31 december
Water plants every monday 9am remind me 30 minutes before
Exam on Dec 10 at 9am, remind me 1 day and 2 hours before
Flight tomorrow 17:00 with a reminder an hour before
Dentist friday 14:00, remind me at 8am
Presents on Dec 24 remind me tomorrow at 18:00
remind me to call Bob tomorrow
remind me to call Bob tomorrow at 4
remind me to buy milk
Buy milk remind me 10 minutes before
Buy sun cream
Buy 1/2 cup of sugar
Read the weekly report
Read 1984
Talk to the team last friday
Write about what happened 2 weeks ago
Celebrate every february 30
Count every day on monday
tomorrow
#home
`
  .trim()
  .split('\n')

test('sentences are read as the table says', () => {
  expect(SENTENCES.length).toBeGreaterThanOrEqual(60)
  const table = SENTENCES.map(text => {
    const { understood, zone: _, due_at: __, ...found } = read(text)
    return { text, ...found, understood: understood.map(({ kind, text: words }) => `${kind}: ${words}`) }
  })
  expectGolden(join(import.meta.dirname, 'sentences.golden.yaml'), [table])
})

test('times are of the zone, through changes of its clocks', () => {
  const at = (text: string, when: string, where = zone) => read(text, where, new Date(when)).due_at
  expect(at('x tomorrow at 09:00', '2026-03-28T10:00:00Z')).toBe('2026-03-29T07:00:00.000Z')
  expect(at('x tomorrow at 09:00', '2026-10-24T10:00:00Z')).toBe('2026-10-25T08:00:00.000Z')
  // 02:30 does not exist that night, and three hours later the clocks have gone four on.
  expect(at('x tomorrow at 02:30', '2026-03-28T10:00:00Z')).toBe('2026-03-29T01:30:00.000Z')
  expect(at('x in 3 hours', '2026-03-28T23:30:00Z')).toBe('2026-03-29T02:30:00.000Z')
  expect(at('x today', '2026-11-20T23:30:00Z')).toBe('2026-11-20T23:00:00.000Z')
  expect(at('x today', '2026-11-20T23:30:00Z', 'America/New_York')).toBe('2026-11-20T05:00:00.000Z')
  expect(at('x tomorrow', '2026-11-20T23:30:00Z', 'Pacific/Auckland')).toBe('2026-11-21T11:00:00.000Z')
  expect(at('x at 9', '2026-11-20T07:59:00Z')).toBe('2026-11-20T08:00:00.000Z')
  expect(at('x at 9', '2026-11-20T08:00:00Z')).toBe('2026-11-21T08:00:00.000Z')
})

test('whatever is typed: no error, a title, spans in order within the text, nothing lost', () => {
  const words = fc.constantFrom(
    ...SENTENCES.flatMap(sentence => sentence.split(' ')),
    'every',
    'every!',
    'remind',
    'me',
    'before',
    'until',
    'for',
    'times',
    'on',
    'at',
    'the',
    '31st',
    '!',
    '#',
    '\uFFFC',
    '99',
    '0',
    'last',
    'other',
    'and',
    ',',
    '30',
    'february',
    'weeks',
    'minutes',
    'in',
    '/',
    'of',
    'month',
  )
  const sentence = fc.oneof(
    fc.array(words, { minLength: 1, maxLength: 12 }).map(list => list.join(' ')),
    fc.string({ unit: 'grapheme', maxLength: 60 }),
    fc.string({ unit: 'binary', maxLength: 60 }),
  )
  const zones = fc.constantFrom('UTC', zone, 'America/New_York', 'Asia/Kathmandu', 'Pacific/Apia')
  const moments = fc.date({ min: new Date('2020-01-01'), max: new Date('2040-01-01'), noInvalidDate: true })
  fc.assert(
    fc.property(sentence, zones, moments, (text, where, when) => {
      const { title, understood, due_at: due, due_local: local } = read(text, where, when)
      if (text.trim()) expect(title).not.toBe('')
      let end = 0
      for (const span of understood) {
        expect(span.start).toBeGreaterThanOrEqual(end)
        expect(span.end).toBeGreaterThan(span.start)
        expect(text.slice(span.start, span.end)).toBe(span.text)
        end = span.end
      }
      expect(end).toBeLessThanOrEqual(text.length)
      expect(due === undefined).toBe(local === undefined)
      const letters = (words: string): string => [...words.matchAll(/[\p{L}\p{N}]/gu)].sort().join('')
      const kept = understood.map(span => span.text).join('') + title
      if (letters(title) !== letters(text)) expect(letters(kept)).toBe(letters(text))
    }),
    { numRuns: 500 },
  )
})
