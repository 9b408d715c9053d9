import { useSignal } from '@preact/signals'
import type { Reminders } from '../../contracts/console.ts'
import { call } from '../kit/api.ts'
import { momentText } from '../tasks/dates.ts'
import { Show, useLoaded } from '../ui/loaded.tsx'
import { usePolling } from './poll.ts'

const seconds = (value: number | null): string => (value === null ? '–' : `${value.toFixed(1)} s`)

/** Whether reminders ring at their time, and the next ones of everybody; what they are about is their people's. */
export function RemindersPage() {
  const person = useSignal('')
  const query = person.value && `?user_id=${encodeURIComponent(person.value)}`
  const reminders = useLoaded(() => call<Reminders>(`/api/v1/console/reminders${query}`), [query])
  usePolling(reminders.reload, 5_000, [query])
  return (
    <>
      <label class="row">
        Person
        <input
          value={person.value}
          onChange={event => {
            person.value = event.currentTarget.value.trim()
          }}
        />
      </label>
      <Show of={reminders}>
        {({ coming, last_day: day, items }) => (
          <>
            <dl class="pairs">
              {(
                [
                  ['To come', coming.scheduled],
                  ['Within the hour', coming.within_hour],
                  ['Late', coming.late, coming.late > 0],
                  ['Without an alarm', coming.without_alarm, coming.without_alarm > 0],
                  ['Rung in a day', day.rung],
                  ['Missed in a day', day.missed, day.missed > 0],
                  ['Lateness, half', seconds(day.late_p50_seconds)],
                  ['Lateness, 99 of 100', seconds(day.late_p99_seconds)],
                ] as [string, string | number, boolean?][]
              ).map(([name, value, bad]) => (
                <div key={name} class={bad ? 'problem' : ''}>
                  <dt>{name}</dt>
                  <dd>{value}</dd>
                </div>
              ))}
            </dl>
            {items.length === 0 ? (
              <p class="empty">No reminder is to come.</p>
            ) : (
              <div class="scroll">
                <table>
                  <caption>The next ones</caption>
                  <thead>
                    <tr>
                      {['At', 'Person', 'Task', 'Alarm'].map(name => (
                        <th key={name} scope="col">
                          {name}
                        </th>
                      ))}
                    </tr>
                  </thead>
                  <tbody>
                    {items.map(({ id, user_id: userId, task_id: taskId, remind_at: at, alarm_set: set }) => (
                      <tr key={id}>
                        <td>
                          <time>{momentText(at)}</time>
                        </td>
                        <td>{userId}</td>
                        <td>
                          <code>{taskId}</code>
                        </td>
                        <td class={set ? '' : 'problem'}>{set ? 'set' : 'not set yet'}</td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </div>
            )}
          </>
        )}
      </Show>
    </>
  )
}
