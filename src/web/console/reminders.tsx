import { call } from '../kit/api.ts'
import { momentText } from '../tasks/dates.ts'
import { Show, useLoaded } from '../ui/loaded.tsx'
import { toast } from '../ui/toast.tsx'

interface Coming {
  id: string
  task_id: string
  title?: string
  remind_at: string
  status: string
}

/** The reminders to come, soonest first. */
export function Reminders() {
  const reminders = useLoaded(() => call<{ items: Coming[] }>('/api/v1/reminders'))
  const act = async (id: string, what: 'fire' | 'snooze', body?: object): Promise<void> => {
    try {
      await call(`/api/v1/reminders/${id}/${what}`, { method: 'POST', ...(body && { body }) })
      await reminders.reload()
    } catch (error) {
      toast((error as Error).message)
    }
  }
  return (
    <Show of={reminders}>
      {({ items }) => (
        <>
          <p class="quiet">Your own; those of other people are theirs.</p>
          {items.length === 0 && <p class="empty">No reminder is to come.</p>}
          <ul class="tasks">
            {items.map(({ id, title, task_id: taskId, remind_at: at }) => (
              <li key={id} class="task">
                <div class="what">
                  <span>{title ?? taskId}</span>
                  <span class="facts">
                    <time>{momentText(at)}</time>
                  </span>
                </div>
                <button type="button" onClick={() => act(id, 'fire')}>
                  Now
                </button>
                <button type="button" onClick={() => act(id, 'snooze', { minutes: 60 })}>
                  +1 h
                </button>
              </li>
            ))}
          </ul>
        </>
      )}
    </Show>
  )
}
