import { batch, computed, effect, signal } from '@preact/signals'
import { ApiProblem, call, Offline } from '../kit/api.ts'
import type { LiveEvent } from '../kit/live.ts'
import { person } from '../kit/session.ts'
import { baseOf, type Change, type Edit, overlay } from './edits.ts'
import { EditQueue } from './queue.ts'
import { sendEdit } from './send.ts'
import type { Task, TaskFields } from './task.ts'

/** Tasks as the server last told, by id. Replaced, never changed. */
const known = signal<ReadonlyMap<string, Task>>(new Map())
const waiting = signal<readonly Edit[]>([])
export const refused = signal<readonly { edit: Edit; reason: string }[]>([])
export const conflicts = signal<readonly (Change & { conflict: Task })[]>([])
export const loading = signal(false)
export const loadProblem = signal('')

/** What the person sees: the server's tasks with every edit on top. */
export const tasks = computed(() => overlay(known.value, waiting.value))
export const unsaved = computed(() => waiting.value.length)

let queue: EditQueue | undefined
let timer: ReturnType<typeof setTimeout> | undefined
const cacheKey = (id: string): string => `todo.tasks.${id}`

function refresh(): void {
  batch(() => {
    waiting.value = queue?.edits ?? []
    refused.value = queue?.refused ?? []
    conflicts.value = queue?.conflicts ?? []
  })
}

/** Tasks that changed since the load under way began: its answers may be older. */
const heardOf = new Set<string>()

/** Keeps the newest version of a task; an older answer that arrives late changes nothing. */
function keep(...changed: Task[]): void {
  const next = new Map(known.value)
  for (const task of changed) {
    const before = next.get(task.id)
    if (before && before.version > task.version) continue
    next.set(task.id, { ...before, ...task })
    heardOf.add(task.id)
  }
  known.value = next
}

const PAGE = 200
/** Who has more open tasks than this finds the rest by searching. */
const MOST_PAGES = 25

let again = false
/** Fetches everything anew. Changes come in bursts: one load is under way at a time, and one more follows it. */
export async function load(): Promise<void> {
  if (loading.peek()) {
    again = true
    return
  }
  loading.value = true
  try {
    do {
      again = false
      await fetchAll()
    } while (again)
    loadProblem.value = ''
  } catch (error) {
    if (!(error instanceof ApiProblem) && !(error instanceof Offline)) throw error
    loadProblem.value = error.message
  } finally {
    loading.value = false
  }
}

async function fetchAll(): Promise<void> {
  heardOf.clear()
  const seen: Task[] = []
  let cursor = ''
  for (let page = 0; page < MOST_PAGES; page++) {
    const query = `status=open&sort=due_at&limit=${PAGE}${cursor && `&cursor=${encodeURIComponent(cursor)}`}`
    const answer = await call<{ items: Task[]; next_cursor: string | null }>(`/api/v1/tasks?${query}`)
    seen.push(...answer.items)
    if (!answer.next_cursor) break
    cursor = answer.next_cursor
  }
  const done = await call<{ items: Task[] }>(`/api/v1/tasks?status=done&limit=${PAGE}`)
  // What is not in the answer is gone, but for what came while it was on its way.
  const heard = [...known.peek()].filter(([id]) => heardOf.has(id))
  known.value = new Map([...[...seen, ...done.items].map(task => [task.id, newer(task)] as const), ...heard])
}

const newer = (task: Task): Task => {
  const before = known.peek().get(task.id)
  return before && before.version > task.version ? before : task
}

/** One task with all there is to know about it. */
export const fetchTask = async (id: string): Promise<void> => keep(await call<Task>(`/api/v1/tasks/${id}`))

/** A changed task arrives whole, but for its reminders' ids. */
export function onLive({ type, data }: LiveEvent): void {
  if (!type.startsWith('ui.')) return
  const {
    task_id: id,
    version,
    task,
    action,
  } = data as { task_id?: string; version?: number; task?: Task; action?: string }
  if (!id || !version || !task) return void load()
  keep({ ...task, id, version, deleted_at: action === 'deleted' ? new Date().toISOString() : null })
}

/** Sends what waits. Of several tabs one does. */
export async function flush(): Promise<void> {
  clearTimeout(timer)
  const mine = queue
  if (!mine) return
  const seconds = await navigator.locks.request('todo.flush', () => mine.flush(sendEdit, saved))
  if (seconds) timer = setTimeout(flush, seconds * 1_000)
}

function saved(edit: Edit, answer: Task | undefined): void {
  const task = answer ?? known.peek().get(edit.taskId)
  if (task) keep(edit.kind === 'delete' ? { ...task, deleted_at: new Date().toISOString() } : task)
}

/** The task as the person sees it. */
export const find = (id: string): Task | undefined => tasks.value.get(id)

function enqueue(edit: Edit): void {
  if (!queue) throw new Error('nobody is signed in')
  queue.add(edit)
  void flush()
}

const fresh = (): string => crypto.randomUUID()

/** @returns its id, which is chosen here so that it has one also offline */
export function create(task: TaskFields & { title: string }): string {
  const taskId = fresh()
  enqueue({ id: fresh(), taskId, kind: 'create', task })
  return taskId
}

export function change(task: Task, patch: TaskFields, scope?: 'this' | 'following'): void {
  const { version } = known.peek().get(task.id) ?? task
  enqueue({
    id: fresh(),
    taskId: task.id,
    kind: 'change',
    patch,
    base: baseOf(task, patch),
    version,
    ...(scope && { scope }),
  })
}

export const act = (task: Task, kind: 'complete' | 'reopen' | 'delete' | 'restore' | 'skip'): void =>
  enqueue({ id: fresh(), taskId: task.id, kind })

export const discard = (edit: Edit): void => queue?.drop(edit.id)

export function keepMine(edit: Edit): void {
  queue?.keepMine(edit.id)
  void flush()
}

export function retry(edit: Edit): void {
  queue?.retry(edit.id)
  void flush()
}

/** Tasks that fit, best first, as the server knows them; without a connection those on this device that contain the words. */
export async function search(text: string): Promise<Task[]> {
  try {
    return (await call<{ items: Task[] }>(`/api/v1/tasks?limit=100&q=${encodeURIComponent(text)}`)).items
  } catch (error) {
    if (!(error instanceof Offline)) throw error
    const words = text.toLowerCase().split(/\s+/).filter(Boolean)
    return [...tasks.peek().values()].filter(task => {
      const own = `${task.title} ${task.description ?? ''} ${task.tags?.join(' ') ?? ''}`.toLowerCase()
      return words.every(word => own.includes(word))
    })
  }
}

/** What this device knows of a person's tasks is there at once when they sign in, and goes when they leave. */
export function startStore(): void {
  let before: string | undefined
  effect(() => {
    const id = person.value?.id
    if (id === before) return
    if (before && !id) localStorage.removeItem(cacheKey(before))
    before = id
    queue = id ? new EditQueue(localStorage, id, refresh) : undefined
    batch(() => {
      known.value = new Map(id ? (JSON.parse(localStorage.getItem(cacheKey(id)) ?? '[]') as [string, Task][]) : [])
      refresh()
    })
    if (id) void load().then(flush)
  })
  effect(() => {
    const id = person.peek()?.id
    const entries = [...known.value]
    if (!id) return
    try {
      localStorage.setItem(cacheKey(id), JSON.stringify(entries))
    } catch {
      // More than the device gives us: without the copy the app still works, just not before the first answer.
      localStorage.removeItem(cacheKey(id))
    }
  })
  addEventListener('storage', event => {
    if (queue?.isKey(event.key)) refresh()
  })
  addEventListener('online', () => void flush())
}
