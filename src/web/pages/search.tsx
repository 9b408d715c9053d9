import { signal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { useAwaitedFocus } from '../kit/focus.ts'
import { search } from '../tasks/store.ts'
import type { Task } from '../tasks/task.ts'
import { Section } from '../tasks/task-list.tsx'

const words = signal('')
const found = signal<readonly Task[] | undefined>(undefined)
const problem = signal('')
const PAUSE = 150
export const searchId = 'search'

export function Search() {
  useAwaitedFocus(searchId)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  useEffect(() => () => clearTimeout(timer.current), [])
  const look = async (): Promise<void> => {
    const asked = words.value.trim()
    try {
      const answer = asked ? await search(asked) : undefined
      if (asked === words.value.trim()) found.value = answer
      problem.value = ''
    } catch (error) {
      problem.value = (error as Error).message
    }
  }
  const typed = (value: string): void => {
    words.value = value
    clearTimeout(timer.current)
    timer.current = setTimeout(look, PAUSE)
  }
  const groups = ['open', 'done'].map(status => ({
    key: status === 'open' ? 'Open' : 'Done',
    tasks: (found.value ?? []).filter(task => task.status === status),
  }))
  return (
    <>
      <search class="quick-add">
        <label class="visually-hidden" for={searchId}>
          Search tasks
        </label>
        <input
          id={searchId}
          type="search"
          placeholder="Search titles, notes and tags"
          value={words.value}
          onInput={event => typed(event.currentTarget.value)}
        />
      </search>
      {problem.value && <p class="problem">{problem.value}</p>}
      <p class="quiet" role="status">
        {found.value && `${found.value.length} found`}
      </p>
      {groups.map(group => group.tasks.length > 0 && <Section key={group.key} group={group} />)}
    </>
  )
}
