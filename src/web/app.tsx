import { computed, effect, signal } from '@preact/signals'
import { type ComponentType, render } from 'preact'
import { follow, type LiveState } from './kit/live.ts'
import { href, route } from './kit/router.ts'
import { isOperator, person, signOut } from './kit/session.ts'
import { Chat } from './pages/chat.tsx'
import { ConsolePage } from './pages/console.tsx'
import { Inbox, loadInbox, onLiveNotification, unread } from './pages/inbox.tsx'
import { Search } from './pages/search.tsx'
import { Settings } from './pages/settings.tsx'
import { SignIn } from './pages/sign-in.tsx'
import { StatisticsPage } from './pages/statistics.tsx'
import { load, onLive, startStore, tasks, unsaved } from './tasks/store.ts'
import { TaskEditor } from './tasks/task-editor.tsx'
import { TaskList } from './tasks/task-list.tsx'
import { tagsOf, type View } from './tasks/views.ts'
import { Unsettled } from './ui/conflicts.tsx'
import { Shortcuts, showShortcuts } from './ui/keyboard.tsx'
import { Toasts } from './ui/toast.tsx'

const live = signal<LiveState>('connecting')

startStore()

let unfollow = (): void => {}
effect(() => {
  const id = person.value?.id
  unfollow()
  unfollow = (): void => {}
  if (!id) return
  void loadInbox()
  unfollow = follow({
    onEvent(event) {
      onLive(event)
      onLiveNotification(event)
    },
    onGap() {
      void load()
      void loadInbox()
    },
    onState: state => (live.value = state),
  })
})

const LISTS = { today: 'Today', upcoming: 'Upcoming', all: 'All tasks', done: 'Done' } as const
const PAGES: Record<string, { title: string; Page: ComponentType }> = {
  search: { title: 'Search', Page: Search },
  inbox: { title: 'Inbox', Page: Inbox },
  chat: { title: 'Chat', Page: Chat },
  statistics: { title: 'Statistics', Page: StatisticsPage },
  settings: { title: 'Settings', Page: Settings },
}

const isList = (name: string): name is keyof typeof LISTS => Object.hasOwn(LISTS, name)

/** What the address asks for; an address of nothing is today's list. */
const shown = computed<{ title: string; view?: View; Page?: ComponentType }>(() => {
  const [name = 'today', part] = route.value
  if (name === 'tag' && part) return { title: `#${part}`, view: { kind: 'tag', tag: part } }
  if (Object.hasOwn(PAGES, name)) return PAGES[name]!
  if (name === 'console' && isOperator.value) return { title: 'Console', Page: ConsolePage }
  const kind = isList(name) ? name : 'today'
  return { title: LISTS[kind], view: { kind } }
})

effect(() => {
  document.title = `${unread.value ? `(${unread.value}) ` : ''}${shown.value.title} – Todo`
})

const LIVE_TEXT: Record<LiveState, string> = {
  connecting: 'connecting …',
  live: 'live',
  waiting: 'offline, trying again',
}

function Navigation() {
  const [here = 'today', part] = route.value
  const link = (name: string, text: string, badge = 0) => (
    <li key={name}>
      <a href={href(name)} aria-current={here === name ? 'page' : undefined}>
        {text}
        {badge > 0 && <span class="badge">{badge}</span>}
      </a>
    </li>
  )
  return (
    <nav aria-label="Pages">
      <ul>
        {Object.entries(LISTS).map(([name, text]) => link(name, text))}
        {Object.entries(PAGES).map(([name, { title }]) => link(name, title, name === 'inbox' ? unread.value : 0))}
        {isOperator.value && link('console', 'Console')}
      </ul>
      {tagsOf(tasks.value.values()).length > 0 && <h2>Tags</h2>}
      <ul>
        {tagsOf(tasks.value.values())
          .slice(0, 20)
          .map(({ tag, count }) => (
            <li key={tag}>
              <a href={href('tag', tag)} aria-current={here === 'tag' && part === tag ? 'page' : undefined}>
                #{tag} <span class="badge">{count}</span>
              </a>
            </li>
          ))}
      </ul>
    </nav>
  )
}

function App() {
  if (!person.value) return <SignIn />
  const { title, view, Page } = shown.value
  return (
    <>
      <button type="button" class="skip" onClick={() => document.getElementById('main')!.focus()}>
        To the content
      </button>
      <header class="bar">
        <a class="brand" href={href('today')}>
          Todo
        </a>
        <span class="live" role="status" data-state={live.value}>
          {LIVE_TEXT[live.value]}
          {unsaved.value > 0 && `, ${unsaved.value} to be saved`}
        </span>
        <button type="button" class="icon" aria-label="Keyboard shortcuts" onClick={showShortcuts}>
          ?
        </button>
        <span>{person.value.name}</span>
        <button type="button" onClick={() => signOut()}>
          Sign out
        </button>
      </header>
      <div class="columns">
        <Navigation />
        <main id="main" tabIndex={-1}>
          <h1>{title}</h1>
          <Unsettled />
          {view && <TaskList key={title} view={view} />}
          {Page && <Page />}
        </main>
      </div>
      <TaskEditor />
      <Shortcuts />
      <Toasts />
    </>
  )
}

render(<App />, document.getElementById('app')!)
if ('serviceWorker' in navigator) void navigator.serviceWorker.register('worker.js')
