/** A mistake in a series; `field` is the one to mend. */
export class RecurrenceError extends Error {
  /** `rrule`, `dtstart`, `tzid` or `exdates`. */
  readonly field: string
  constructor(field: string, message: string) {
    super(message)
    this.field = field
  }
}

/** An RRULE taken apart and checked. */
export interface RuleText {
  frequency: 'HOURLY' | 'DAILY' | 'WEEKLY' | 'MONTHLY' | 'YEARLY'
  /** Canonical spelling: upper case, without the name. */
  text: string
  /** The same without COUNT and UNTIL. */
  endless: string
  /** Occurrences in all; infinite without COUNT. */
  count: number
  /** As written, e.g. `20261231` or `20261231T235959Z`. */
  until?: string
}

export const LARGEST_COUNT = 10_000

const FREQUENCIES = ['HOURLY', 'DAILY', 'WEEKLY', 'MONTHLY', 'YEARLY']
const WEEKDAYS = 'MO|TU|WE|TH|FR|SA|SU'

const numbers =
  (least: number, largest: number, negative = false) =>
  (value: string): string | undefined => {
    const valid = value.split(',').every(item => {
      const number = /^[+-]?\d{1,3}$/.test(item) ? Number(item) : Number.NaN
      const size = negative ? Math.abs(number) : number
      return size >= least && size <= largest
    })
    if (valid) return undefined
    return `must be numbers from ${least} to ${largest}${negative ? `, or from -${largest} to -${least}` : ''}`
  }

/** Ranges of RFC 5545 §3.3.10. The library drops what is out of range without a word, so it is refused here. */
const PARTS: Record<string, (value: string) => string | undefined> = {
  FREQ: value =>
    /^(SECONDLY|MINUTELY)$/.test(value)
      ? 'repeats more often than hourly, which a task cannot'
      : FREQUENCIES.includes(value)
        ? undefined
        : `must be one of ${FREQUENCIES.join(', ')}`,
  INTERVAL: value => (/^\d{1,4}$/.test(value) && Number(value) > 0 ? undefined : 'must be a number from 1 to 9999'),
  COUNT: value =>
    /^\d{1,5}$/.test(value) && Number(value) > 0 && Number(value) <= LARGEST_COUNT
      ? undefined
      : `must be a number from 1 to ${LARGEST_COUNT}`,
  UNTIL: value => (/^\d{8}(T\d{6}Z?)?$/.test(value) ? undefined : 'must look like 20261231 or 20261231T235959Z'),
  BYMONTH: numbers(1, 12),
  BYWEEKNO: numbers(1, 53, true),
  BYYEARDAY: numbers(1, 366, true),
  BYMONTHDAY: numbers(1, 31, true),
  BYDAY: value =>
    new RegExp(`^(([+-]?\\d{1,2})?(${WEEKDAYS})(,|$))+$`).test(value) && !/(^|,)[+-]?0/.test(value)
      ? undefined
      : 'must be weekdays such as MO,TH or, in months and years, 1MO or -1FR',
  BYHOUR: numbers(0, 23),
  BYMINUTE: numbers(0, 59),
  BYSECOND: numbers(0, 59),
  BYSETPOS: numbers(1, 366, true),
  WKST: value => (new RegExp(`^(${WEEKDAYS})$`).test(value) ? undefined : 'must be a weekday such as MO'),
}

/** Combinations RFC 5545 §3.3.10 forbids, each with what to do about it. */
const COMBINATIONS: readonly [(parts: ReadonlyMap<string, string>) => boolean, string][] = [
  [parts => parts.has('COUNT') && parts.has('UNTIL'), 'COUNT and UNTIL exclude each other; keep one'],
  [
    parts => parts.has('BYWEEKNO') && parts.get('FREQ') !== 'YEARLY',
    'BYWEEKNO needs FREQ=YEARLY; use BYMONTHDAY or BYDAY',
  ],
  [
    parts => parts.has('BYYEARDAY') && /DAILY|WEEKLY|MONTHLY/.test(parts.get('FREQ')!),
    'BYYEARDAY needs FREQ=YEARLY; use BYMONTH and BYMONTHDAY',
  ],
  [
    parts => parts.has('BYMONTHDAY') && parts.get('FREQ') === 'WEEKLY',
    'BYMONTHDAY does not go with FREQ=WEEKLY; use FREQ=MONTHLY',
  ],
  [
    parts => /\d/.test(parts.get('BYDAY') ?? '') && !/MONTHLY|YEARLY/.test(parts.get('FREQ')!),
    'a numbered BYDAY needs FREQ=MONTHLY or FREQ=YEARLY',
  ],
  [parts => /\d/.test(parts.get('BYDAY') ?? '') && parts.has('BYWEEKNO'), 'a numbered BYDAY does not go with BYWEEKNO'],
  // The RFC takes what both parts allow, the library takes what either does: refused until they agree.
  [
    parts => parts.has('BYYEARDAY') && (parts.has('BYDAY') || parts.has('BYMONTHDAY')),
    'BYYEARDAY goes with neither BYDAY nor BYMONTHDAY here; use BYMONTH and BYMONTHDAY',
  ],
  [
    parts => parts.get('FREQ') === 'YEARLY' && /\d/.test(parts.get('BYDAY') ?? '') && parts.has('BYMONTHDAY'),
    'in FREQ=YEARLY a numbered BYDAY does not go with BYMONTHDAY here; use FREQ=MONTHLY with BYMONTH',
  ],
  [
    parts => parts.has('BYSETPOS') && ![...parts.keys()].some(name => /^BY(?!SETPOS)/.test(name)),
    'BYSETPOS picks from another BY… part; add one, e.g. BYDAY',
  ],
]

/**
 * Reads an RRULE (RFC 5545 §3.3.10), with or without its name, in any case.
 * @throws RecurrenceError `rrule`, naming the part and what it must be
 */
export function parseRule(rrule: string): RuleText {
  const text = rrule
    .trim()
    .toUpperCase()
    .replace(/^RRULE:/, '')
    .replace(/;+$/, '')
  const parts = new Map<string, string>()
  for (const part of text.split(';')) {
    const [name = '', value = ''] = part.split(/=(.*)/s)
    const check = Object.hasOwn(PARTS, name) ? PARTS[name] : undefined
    if (!check) throw refused(`${show(name)} is no part of a rule; write e.g. FREQ=WEEKLY;BYDAY=MO`)
    if (parts.has(name)) throw refused(`${name} is given twice`)
    const wrong = check(value)
    if (wrong) throw refused(`${name}=${show(value)} ${wrong}`)
    parts.set(name, value)
  }
  if (!parts.has('FREQ')) throw refused('has no FREQ; write e.g. FREQ=WEEKLY;BYDAY=MO')
  const wrong = COMBINATIONS.find(([forbidden]) => forbidden(parts))
  if (wrong) throw refused(wrong[1])
  const until = parts.get('UNTIL')
  return {
    frequency: parts.get('FREQ') as RuleText['frequency'],
    text: join(parts),
    endless: join([...parts].filter(([name]) => name !== 'COUNT' && name !== 'UNTIL')),
    count: parts.has('COUNT') ? Number(parts.get('COUNT')) : Number.POSITIVE_INFINITY,
    ...(until ? { until } : {}),
  }
}

/** The rule for the rest of a series, from the occurrence of `index` on: COUNT counts only what is left. */
export function ruleFrom(rrule: string, index: number): string {
  const { text, count } = parseRule(rrule)
  return Number.isFinite(count) ? text.replace(/COUNT=\d+/, `COUNT=${Math.max(1, count - index)}`) : text
}

const join = (parts: Iterable<readonly [string, string]>): string =>
  [...parts].map(([name, value]) => `${name}=${value}`).join(';')

const show = (text: string): string => text.slice(0, 40)
const refused = (message: string): RecurrenceError => new RecurrenceError('rrule', message)
