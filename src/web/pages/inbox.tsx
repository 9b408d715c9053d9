import { signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { call } from '../kit/api.ts'
import type { LiveEvent } from '../kit/live.ts'
import { momentText } from '../tasks/dates.ts'
import { fetchTask } from '../tasks/store.ts'
import { editing } from '../tasks/task-row.tsx'
import { Problem } from '../ui/loaded.tsx'
import { toast } from '../ui/toast.tsx'

interface Notification {
  id: string
  kind: string
  title: string
  body: string
  task_id: string | null
  reminder_id: string | null
  created_at: string
  read_at: string | null
}

const items = signal<readonly Notification[]>([])
const problem = signal('')
export const unread = signal(0)

export async function loadInbox(): Promise<void> {
  try {
    const answer = await call<{ items: Notification[]; unread: number }>('/api/v1/notifications?limit=100')
    items.value = answer.items
    unread.value = answer.unread
    problem.value = ''
  } catch (error) {
    problem.value = (error as Error).message
  }
}

export function onLiveNotification({ type }: LiveEvent): void {
  if (type.startsWith('notification.')) void loadInbox()
}

const attempt = async (work: Promise<unknown>): Promise<void> => {
  try {
    await work
  } catch (error) {
    toast((error as Error).message)
  }
  await loadInbox()
}

const read = (id: string): Promise<void> => attempt(call(`/api/v1/notifications/${id}/read`, { method: 'POST' }))
const readAll = (): Promise<void> => attempt(call('/api/v1/notifications/read-all', { method: 'POST' }))
const snooze = (reminderId: string, minutes: number): Promise<void> =>
  attempt(
    call(`/api/v1/reminders/${reminderId}/snooze`, { method: 'POST', body: { minutes } }).then(() =>
      toast(`You will be reminded again in ${minutes} minutes`),
    ),
  )

async function open(taskId: string): Promise<void> {
  try {
    await fetchTask(taskId)
    editing.value = taskId
  } catch (error) {
    toast((error as Error).message)
  }
}

export function Inbox() {
  useEffect(() => void loadInbox(), [])
  return (
    <>
      {problem.value && <Problem text={problem.value} retry={loadInbox} />}
      {unread.value > 0 && (
        <p class="tools">
          <button type="button" onClick={readAll}>
            Mark all as read
          </button>
        </p>
      )}
      {items.value.length === 0 && <p class="empty">No notifications. Reminders of your tasks arrive here.</p>}
      <ul class="tasks">
        {items.value.map(
          ({ id, title, body, task_id: taskId, reminder_id: reminderId, created_at: at, read_at: readAt }) => (
            <li key={id} class={`task notification ${readAt ? '' : 'unread'}`}>
              <div class="what">
                {taskId ? (
                  <button type="button" class="title" onClick={() => open(taskId)}>
                    {title}
                  </button>
                ) : (
                  <span>{title}</span>
                )}
                <span class="facts">
                  {body !== title && <span>{body}</span>}
                  <time>{momentText(at)}</time>
                </span>
              </div>
              {reminderId && (
                <button
                  type="button"
                  aria-label={`Remind me of ${title} again in 10 minutes`}
                  onClick={() => snooze(reminderId, 10)}
                >
                  +10 min
                </button>
              )}
              {!readAt && (
                <button type="button" class="icon" aria-label={`Mark ${title} as read`} onClick={() => read(id)}>
                  ✓
                </button>
              )}
            </li>
          ),
        )}
      </ul>
    </>
  )
}
