import { batch, computed, signal } from '@preact/signals'
import { render } from 'preact'
import { ApiProblem, addTask, listTasks, type NewTask, removeTask, setDone, signIn, type Task } from './api.ts'
import { follow, type LiveState } from './live.ts'

const TOKEN = 'todo-token'
const token = signal(sessionStorage.getItem(TOKEN) ?? '')
const tasks = signal<Task[]>([])
const live = signal<LiveState>('connecting')
const problem = signal('')
const open = computed(() => tasks.value.filter(task => task.status === 'open'))
const done = computed(() => tasks.value.filter(task => task.status === 'done'))

let unfollow = (): void => {}
let loading: Promise<void> | undefined
let loadAgain = false

/** Changes arrive in bursts: one load is under way at a time, and one more follows it. */
function load(): void {
  if (loading) {
    loadAgain = true
    return
  }
  loading = attempt(async () => {
    tasks.value = await listTasks(token.value)
  }).finally(() => {
    loading = undefined
    if (loadAgain) {
      loadAgain = false
      load()
    }
  })
}

async function attempt(work: () => Promise<unknown>): Promise<void> {
  try {
    await work()
    problem.value = ''
  } catch (error) {
    // A token that has expired signs out; the message says why, as it does for a wrong password.
    if (error instanceof ApiProblem && error.status === 401 && token.value) enter('')
    problem.value = (error as Error).message
  }
}

function enter(next: string): void {
  unfollow()
  sessionStorage.setItem(TOKEN, next)
  batch(() => {
    token.value = next
    tasks.value = []
  })
  if (!next) return
  load()
  unfollow = follow(next, { onEvent: load, onGap: load, onState: state => (live.value = state) })
}

const REPEATS: Record<string, string> = {
  'FREQ=DAILY': 'every day',
  'FREQ=WEEKLY': 'every week',
  'FREQ=MONTHLY': 'every month',
}

const field = (form: HTMLFormElement, name: string): string => String(new FormData(form).get(name) ?? '').trim()

const submit =
  (work: (form: HTMLFormElement) => Promise<unknown>) =>
  (event: SubmitEvent): void => {
    event.preventDefault()
    void attempt(() => work(event.currentTarget as HTMLFormElement))
  }

function SignIn() {
  return (
    <form
      class="sign-in"
      onSubmit={submit(async form => enter(await signIn(field(form, 'username'), field(form, 'password'))))}
    >
      <label>
        Name
        <input name="username" autocomplete="username" required />
      </label>
      <label>
        Password
        <input name="password" type="password" autocomplete="current-password" required />
      </label>
      <button class="primary" type="submit">
        Sign in
      </button>
    </form>
  )
}

function newTask(form: HTMLFormElement): NewTask {
  const due = field(form, 'due')
  const repeat = field(form, 'repeat')
  return {
    title: field(form, 'title'),
    ...(due && { due_at: new Date(due).toISOString(), due_tz: Intl.DateTimeFormat().resolvedOptions().timeZone }),
    ...(repeat && { recurrence: { rrule: repeat } }),
  }
}

const add = submit(async form => {
  await addTask(token.value, newTask(form))
  form.reset()
  load()
})

function AddTask() {
  return (
    <form class="add" onSubmit={add}>
      <label>
        What is to be done?
        <input name="title" required maxLength={500} autocomplete="off" />
      </label>
      <div class="row">
        <label>
          Due
          <input name="due" type="datetime-local" />
        </label>
        <label>
          Repeat
          <select name="repeat">
            <option value="">never</option>
            {Object.entries(REPEATS).map(([rule, text]) => (
              <option key={rule} value={rule}>
                {text}
              </option>
            ))}
          </select>
        </label>
      </div>
      <button class="primary" type="submit">
        Add task
      </button>
    </form>
  )
}

const dueText = (task: Task): string =>
  task.due_at
    ? new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', ...(!task.all_day && { timeStyle: 'short' }) }).format(
        new Date(task.due_at),
      )
    : ''

function TaskRow({ task }: { task: Task }) {
  const isDone = task.status === 'done'
  const change = (work: () => Promise<unknown>): void => {
    void attempt(work).then(load)
  }
  const facts = [
    dueText(task),
    task.recurrence ? (REPEATS[task.recurrence.rrule] ?? `repeats (${task.recurrence.rrule})`) : '',
  ]
    .filter(Boolean)
    .join(' · ')
  return (
    <li>
      <button
        type="button"
        class="check"
        aria-label={`${isDone ? 'Reopen' : 'Complete'} ${task.title}`}
        onClick={() => change(() => setDone(token.value, task, !isDone))}
      >
        {isDone ? '↺' : '✓'}
      </button>
      <span class="what">
        <span class={isDone ? 'done' : ''}>{task.title}</span>
        {facts && <span class="facts">{facts}</span>}
      </span>
      <button
        type="button"
        class="check"
        aria-label={`Delete ${task.title}`}
        onClick={() => change(() => removeTask(token.value, task))}
      >
        ×
      </button>
    </li>
  )
}

const LIVE_TEXT: Record<LiveState, string> = { connecting: 'connecting…', live: 'live', waiting: 'offline, retrying…' }

function App() {
  return (
    <main class="page">
      <header>
        <h1>Todo</h1>
        {token.value && (
          <>
            <span class="live" role="status" data-state={live.value}>
              {LIVE_TEXT[live.value]}
            </span>
            <button type="button" onClick={() => enter('')}>
              Sign out
            </button>
          </>
        )}
      </header>
      {problem.value && (
        <p class="error" role="alert">
          {problem.value}
        </p>
      )}
      {!token.value && <SignIn />}
      {token.value && (
        <>
          <AddTask />
          {tasks.value.length === 0 && <p class="empty">Nothing to do. Add a task above.</p>}
          <ul class="tasks" aria-label="Open tasks">
            {open.value.map(task => (
              <TaskRow key={task.id} task={task} />
            ))}
          </ul>
          {done.value.length > 0 && (
            <section>
              <h2>Done</h2>
              <ul class="tasks" aria-label="Done tasks">
                {done.value.map(task => (
                  <TaskRow key={task.id} task={task} />
                ))}
              </ul>
            </section>
          )}
        </>
      )}
    </main>
  )
}

render(<App />, document.getElementById('app')!)
if (token.value) enter(token.value)
