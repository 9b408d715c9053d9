import { signal } from '@preact/signals'
import { focusOn } from '../kit/focus.ts'
import { shortcuts } from '../kit/preferences.ts'
import { go } from '../kit/router.ts'
import { searchId } from '../pages/search.tsx'
import { remove, snooze, toggle } from '../tasks/commands.ts'
import { quickAddId } from '../tasks/quick-add.tsx'
import { find } from '../tasks/store.ts'
import type { Task } from '../tasks/task.ts'
import { editing, select } from '../tasks/task-row.tsx'
import { Dialog } from './dialog.tsx'
import { runLatest } from './toast.tsx'

const helpShown = signal(false)
const PAGES: Record<string, string> = {
  t: 'today',
  u: 'upcoming',
  a: 'all',
  i: 'inbox',
  c: 'chat',
  s: 'statistics',
  ',': 'settings',
}

function step(by: number): void {
  const titles = [...document.querySelectorAll<HTMLElement>('.task .title')]
  const here = titles.findIndex(title => title.closest('.task')!.contains(document.activeElement))
  titles[here < 0 ? (by > 0 ? 0 : titles.length - 1) : Math.max(0, Math.min(titles.length - 1, here + by))]?.focus()
}

/** Does something with the task that has the focus; the focus goes to its neighbour when it leaves the list. */
const withTask = (work: (task: Task) => void): void => {
  const row = document.activeElement?.closest<HTMLElement>('[data-task]')
  const task = row && find(row.dataset['task']!)
  if (!task) return
  const neighbour = (row.nextElementSibling ?? row.previousElementSibling)?.querySelector<HTMLElement>('.title')
  work(task)
  requestAnimationFrame(() => {
    if (!row.isConnected) neighbour?.focus()
  })
}

const KEYS: Record<string, readonly [text: string, run: () => void]> = {
  q: ['Add a task', () => focusOn(quickAddId, 'today')],
  '/': ['Search', () => focusOn(searchId, 'search')],
  j: ['Next task', () => step(1)],
  k: ['Previous task', () => step(-1)],
  e: ['Edit the task', () => withTask(({ id }) => (editing.value = id))],
  c: ['Complete or reopen the task', () => withTask(task => toggle(task))],
  s: ['Move the task to tomorrow', () => withTask(task => snooze(task))],
  x: ['Select the task', () => withTask(({ id }) => select(id))],
  Delete: ['Delete the task', () => withTask(task => remove(task))],
  z: ['Undo the last change', runLatest],
  '?': ['This list', () => (helpShown.value = true)],
}

let prefix = false

addEventListener('keydown', event => {
  const target = event.target as HTMLElement
  const typing = target.matches('input:not([type=checkbox]), textarea, select, [contenteditable]')
  if (
    !shortcuts.value ||
    typing ||
    event.ctrlKey ||
    event.metaKey ||
    event.altKey ||
    document.querySelector('dialog[open]')
  )
    return
  const page = prefix ? PAGES[event.key] : undefined
  prefix = event.key === 'g'
  if (page) go(page)
  else if (KEYS[event.key]) KEYS[event.key]![1]()
  else return
  event.preventDefault()
})

export const showShortcuts = (): void => {
  helpShown.value = true
}

export function Shortcuts() {
  if (!helpShown.value) return null
  return (
    <Dialog title="Keyboard" onClose={() => (helpShown.value = false)}>
      <dl class="keys">
        {Object.entries(KEYS).map(([key, [text]]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{text}</dd>
          </div>
        ))}
        {Object.entries(PAGES).map(([key, page]) => (
          <div key={page}>
            <dt>
              <kbd>g</kbd> <kbd>{key}</kbd>
            </dt>
            <dd>Go to {page}</dd>
          </div>
        ))}
      </dl>
      <p class="quiet">They can be switched off in the settings.</p>
    </Dialog>
  )
}
