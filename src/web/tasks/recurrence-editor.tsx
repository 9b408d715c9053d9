import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { call } from '../kit/api.ts'
import { zone } from '../kit/preferences.ts'
import { Choice, Field } from '../ui/form.tsx'
import { momentText } from './dates.ts'
import { describeRule, EVERY, formatRule, nameOf, parseRule, type Rule, WEEKDAYS } from './rule.ts'
import type { TaskFields } from './task.ts'

export type Repeat = NonNullable<TaskFields['recurrence']>

const END = [
  ['never', 'never'],
  ['count', 'after a number of times'],
  ['until', 'on a date'],
] as const
const MONTHLY = [
  ['', 'the same day of the month'],
  ['-1', 'the last day'],
  ['1MO', 'the first Monday'],
  ['2TU', 'the second Tuesday'],
  ['3WE', 'the third Wednesday'],
  ['-1FR', 'the last Friday'],
] as const
const FREQUENCY = [
  ['DAILY', 'days'],
  ['WEEKLY', 'weeks'],
  ['MONTHLY', 'months'],
  ['YEARLY', 'years'],
] as const

interface Props {
  value: Repeat | null
  /** When the first one is due: what the next five are counted from. */
  dueAt: string | null
  onChange(value: Repeat | null): void
}

/** How a task repeats, with the next five times below. */
export function RecurrenceEditor({ value, dueAt, onChange }: Props) {
  if (!value) {
    return (
      <button type="button" onClick={() => onChange({ rrule: formatRule(EVERY) })}>
        Repeat …
      </button>
    )
  }
  const rule = parseRule(value.rrule)
  const change = (part: Partial<Rule>): void => onChange({ ...value, rrule: formatRule({ ...rule!, ...part }) })
  return (
    <fieldset class="recurrence">
      <legend>Repeat</legend>
      {rule ? (
        <RuleFields rule={rule} change={change} />
      ) : (
        <Field label="Rule (RFC 5545)">
          <input value={value.rrule} onChange={event => onChange({ ...value, rrule: event.currentTarget.value })} />
        </Field>
      )}
      <div class="row">
        <Choice
          label="Counted from"
          value={value.mode ?? 'schedule'}
          options={[
            ['schedule', 'the schedule'],
            ['completion', 'the day it was done'],
          ]}
          onChange={mode => onChange({ ...value, mode: mode as 'schedule' | 'completion' })}
        />
        <Choice
          label="Done late"
          value={value.missed ?? 'catch_up'}
          options={[
            ['catch_up', 'the missed ones come too'],
            ['skip', 'the missed ones are left out'],
          ]}
          onChange={missed => onChange({ ...value, missed: missed as 'catch_up' | 'skip' })}
        />
      </div>
      <NextFive value={value} dueAt={dueAt} />
      <button type="button" onClick={() => onChange(null)}>
        Do not repeat
      </button>
    </fieldset>
  )
}

function RuleFields({ rule, change }: { rule: Rule; change(part: Partial<Rule>): void }) {
  const end = rule.count ? 'count' : rule.until ? 'until' : 'never'
  const toggle = (day: (typeof WEEKDAYS)[number]): void =>
    change({
      weekdays: rule.weekdays.includes(day) ? rule.weekdays.filter(each => each !== day) : [...rule.weekdays, day],
    })
  // Destructured away, because an absent end is what means `never`.
  const endAs = (kind: string): void => {
    const { count: _count, until: _until, ...endless } = rule
    const later = new Date(Date.now() + 90 * 86_400_000).toISOString().slice(0, 10)
    change({
      ...endless,
      count: 0,
      until: '',
      ...(kind === 'count' && { count: 10 }),
      ...(kind === 'until' && { until: later }),
    })
  }
  return (
    <>
      <div class="row">
        <Field label="Every">
          <input
            type="number"
            min={1}
            max={999}
            value={rule.interval}
            onChange={event => change({ interval: Math.max(1, Number(event.currentTarget.value) || 1) })}
          />
        </Field>
        <Choice
          label="Unit"
          value={rule.frequency}
          options={FREQUENCY}
          onChange={frequency => change({ frequency: frequency as Rule['frequency'] })}
        />
      </div>
      {rule.frequency === 'WEEKLY' && (
        <fieldset class="weekdays">
          <legend>On these days</legend>
          {WEEKDAYS.map(day => (
            <button
              key={day}
              type="button"
              aria-label={nameOf(day)}
              aria-pressed={rule.weekdays.includes(day)}
              onClick={() => toggle(day)}
            >
              {nameOf(day).slice(0, 2)}
            </button>
          ))}
        </fieldset>
      )}
      {rule.frequency === 'MONTHLY' && (
        <Choice
          label="On"
          value={rule.monthly}
          options={
            MONTHLY.some(([key]) => key === rule.monthly)
              ? MONTHLY
              : [...MONTHLY, [rule.monthly, `day ${rule.monthly}`]]
          }
          onChange={monthly => change({ monthly })}
        />
      )}
      <div class="row">
        <Choice label="Ends" value={end} options={END} onChange={endAs} />
        {end === 'count' && (
          <Field label="Times">
            <input
              type="number"
              min={1}
              max={1000}
              value={rule.count}
              onChange={event => change({ count: Math.max(1, Number(event.currentTarget.value) || 1) })}
            />
          </Field>
        )}
        {end === 'until' && (
          <Field label="Last day">
            <input type="date" value={rule.until} onChange={event => change({ until: event.currentTarget.value })} />
          </Field>
        )}
      </div>
    </>
  )
}

function NextFive({ value, dueAt }: { value: Repeat; dueAt: string | null }) {
  const next = useSignal<readonly string[]>([])
  const problem = useSignal('')
  useEffect(() => {
    const stop = new AbortController()
    const body = {
      recurrence: { rrule: value.rrule },
      due_at: dueAt ?? new Date().toISOString(),
      due_tz: zone,
      count: 5,
    }
    call<{ items: { at: string }[] }>('/api/v1/series/preview', { method: 'POST', body, signal: stop.signal })
      .then(({ items }) => {
        next.value = items.map(({ at }) => at)
        problem.value = ''
      })
      .catch(error => {
        if (!stop.signal.aborted) problem.value = error.message
      })
    return () => stop.abort()
  }, [value.rrule, dueAt])
  return (
    <div class="next-five" aria-live="polite">
      <p>
        Repeats {describeRule(value.rrule).replace(/^repeats /, '')}.
        {problem.value && <span class="problem"> {problem.value}</span>}
      </p>
      <ol aria-label="The next five times">
        {next.value.map(at => (
          <li key={at}>{momentText(at)}</li>
        ))}
      </ol>
    </div>
  )
}
