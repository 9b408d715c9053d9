import fc from 'fast-check'
import { describeRule, formatRule, parseRule, WEEKDAYS } from './rule.ts'

const rule = fc
  .record({
    frequency: fc.constantFrom('DAILY' as const, 'WEEKLY' as const, 'MONTHLY' as const, 'YEARLY' as const),
    interval: fc.integer({ min: 1, max: 99 }),
    weekdays: fc.subarray([...WEEKDAYS]),
    monthly: fc.constantFrom('', '-1', '15', '2MO', '-1FR'),
    end: fc.constantFrom({}, { count: 10 }, { until: '2030-12-31' }),
  })
  .map(({ end, weekdays, monthly, ...rest }) => ({
    ...rest,
    ...end,
    weekdays: rest.frequency === 'WEEKLY' ? weekdays : [],
    monthly: rest.frequency === 'MONTHLY' ? monthly : '',
  }))

test('the form shows a rule it has written as it was', () => {
  fc.assert(fc.property(rule, each => expect(parseRule(formatRule(each))).toEqual(each)))
})

test.each([
  'FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=1',
  'FREQ=HOURLY',
  'FREQ=WEEKLY;WKST=SU;INTERVAL=2;BYDAY=MO',
  'FREQ=YEARLY;BYMONTH=3',
  'FREQ=MONTHLY;BYMONTHDAY=1,15',
  'FREQ=DAILY;BYDAY=MO',
])('%s says more than the form can show, and stays text', text => {
  expect(parseRule(text)).toBeUndefined()
  expect(describeRule(text)).toContain(text)
})

test.each([
  ['FREQ=DAILY', 'every day'],
  ['FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR', 'every 2 weeks on Monday and Friday'],
  ['FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR', 'every week on weekdays'],
  ['FREQ=MONTHLY;BYDAY=-1FR;COUNT=3', 'every month on the last Friday, 3 times'],
  ['FREQ=MONTHLY;BYMONTHDAY=-1', 'every month on the last day'],
  ['FREQ=YEARLY;UNTIL=20301231T235959Z', 'every year, until 2030-12-31'],
])('%s reads: %s', (text, words) => {
  expect(describeRule(text)).toBe(words)
})
