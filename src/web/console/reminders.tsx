import { useSignal } from '@preact/signals'
import type { Reminders } from '../../contracts/console.ts'
import { call } from '../kit/api.ts'
import { momentText } from '../tasks/dates.ts'
import { Show, useLoaded } from '../ui/loaded.tsx'
import { usePolling } from './poll.ts'
import { Pairs, Table } from './table.tsx'

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
            <Pairs
              rows={[
                ['To come', coming.scheduled],
                ['Within the hour', coming.within_hour],
                ['Late', coming.late, coming.late > 0],
                ['Without an alarm', coming.without_alarm, coming.without_alarm > 0],
                ['Rung in a day', day.rung],
                ['Missed in a day', day.missed, day.missed > 0],
                ['Lateness, half', seconds(day.late_p50_seconds)],
                ['Lateness, 99 of 100', seconds(day.late_p99_seconds)],
              ]}
            />
            {items.length === 0 ? (
              <p class="empty">No reminder is to come.</p>
            ) : (
              <Table caption="The next ones" heads={['At', 'Person', 'Task', 'Alarm']}>
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
              </Table>
            )}
          </>
        )}
      </Show>
    </>
  )
}
