import { signal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { call, Offline } from '../kit/api.ts'
import { useAwaitedFocus } from '../kit/focus.ts'
import { zone } from '../kit/preferences.ts'
import { toast } from '../ui/toast.tsx'
import { dueText } from './dates.ts'
import { describeRule } from './rule.ts'
import { create } from './store.ts'
import type { Task, TaskFields } from './task.ts'

/** What the server read out of a sentence; instants resolved, so that it means the same whenever it is saved. */
interface Understood {
  title: string
  due_at?: string | null
  due_tz?: string | null
  all_day?: boolean
  priority?: Task['priority']
  tags?: string[]
  recurrence?: { rrule: string } | null
  reminders?: { at?: string; before?: string }[]
}

const text = signal('')
const preview = signal<{ of: string; understood: Understood } | undefined>(undefined)
const PAUSE = 200

const read = (sentence: string): Promise<Understood> =>
  call('/api/v1/quick-add/preview', { method: 'POST', body: { text: sentence, zone } })

export const quickAddId = 'quick-add'

/** One line: `pay rent every month on the 1st #home !high`. Says below what it understood, before anything is saved. */
export function QuickAdd({ tag }: { tag?: string | undefined }) {
  useAwaitedFocus(quickAddId)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  useEffect(() => () => clearTimeout(timer.current), [])
  const typed = (value: string): void => {
    text.value = value
    clearTimeout(timer.current)
    if (!value.trim()) preview.value = undefined
    else timer.current = setTimeout(look, PAUSE)
  }
  const look = async (): Promise<void> => {
    const sentence = text.value
    const understood = await read(sentence).catch(() => undefined)
    if (understood && sentence === text.value) preview.value = { of: sentence, understood }
  }
  const add = async (): Promise<void> => {
    const sentence = text.value.trim()
    if (!sentence) return
    const seen = preview.value?.of === text.value ? preview.value.understood : undefined
    text.value = ''
    preview.value = undefined
    let task: Understood
    try {
      task = seen ?? (await read(sentence))
    } catch (error) {
      // Without a connection the words are kept as they are; a refusal (too long) gives them back.
      if (!(error instanceof Offline)) {
        text.value = sentence
        toast((error as Error).message)
        return
      }
      task = { title: sentence }
    }
    create(fieldsOf(task, tag))
  }
  return (
    <form
      class="quick-add"
      onSubmit={event => {
        event.preventDefault()
        void add()
      }}
    >
      <label class="visually-hidden" for={quickAddId}>
        Add a task
      </label>
      <input
        id={quickAddId}
        value={text.value}
        onInput={event => typed(event.currentTarget.value)}
        placeholder="Add a task: call Ana tomorrow at 9 #work !high"
        maxLength={500}
        autocomplete="off"
        aria-describedby="quick-add-preview"
      />
      <button type="submit" class="primary">
        Add
      </button>
      <p id="quick-add-preview" class="preview" aria-live="polite">
        {preview.value && text.value && <Preview {...preview.value.understood} />}
      </p>
    </form>
  )
}

function fieldsOf(understood: Understood, tag: string | undefined): TaskFields & { title: string } {
  const { title, due_at, due_tz, all_day, priority, recurrence, reminders } = understood
  const tags = [...new Set([...(understood.tags ?? []), ...(tag ? [tag] : [])])]
  return {
    title,
    ...(due_at && { due_at, due_tz: due_tz ?? zone, all_day: all_day ?? false }),
    ...(priority && priority !== 'none' && { priority }),
    ...(tags.length && { tags }),
    ...(recurrence && { recurrence }),
    ...(reminders?.length && { reminders }),
  }
}

function Preview(understood: Understood) {
  const { title, priority, tags = [], recurrence, reminders = [] } = understood
  const { due_at = null, all_day = false, due_tz = null } = understood
  const due = dueText({ due_at, all_day, due_tz })
  const parts = [
    due,
    recurrence && describeRule(recurrence.rrule),
    priority && priority !== 'none' && `${priority} priority`,
    ...tags.map(each => `#${each}`),
    reminders.length && `${reminders.length} ${reminders.length === 1 ? 'reminder' : 'reminders'}`,
  ].filter(Boolean)
  return (
    <>
      <b>{title}</b>
      {parts.map(part => (
        <span key={part} class="chip">
          {part}
        </span>
      ))}
    </>
  )
}
