import type { Random } from '../fault/random.ts'

/** A change that was answered 2xx: from then on its effects are owed. */
export interface Acked {
  user: string
  task: string
  version: number
  kind: 'create' | 'update' | 'complete' | 'reopen' | 'delete' | 'restore'
  /** Of a completed task of a series. */
  series?: { id: string; index: number }
  /** Whether a reminder was set that nothing takes back. */
  reminder?: true
}

/** A task as its only client knows it. */
interface Known {
  id: string
  version: number
  status: 'open' | 'done'
  deleted: boolean
  series?: { id: string; index: number }
}

export type Call = (
  method: string,
  path: string,
  body: unknown,
  key: string,
  // biome-ignore lint/suspicious/noExplicitAny: answers are JSON
) => Promise<{ status: number; body: any }>

/** One careful client: a command at a time, the same key until there is an answer. */
export async function runClient(
  user: string,
  call: Call,
  random: Random,
  more: () => boolean | Promise<boolean>,
  acked: Acked[],
): Promise<void> {
  const tasks: Known[] = []
  let count = 0
  while (await more()) {
    const task = tasks.length > 0 && random.chance(0.7) ? random.pick(tasks) : undefined
    const key = `${user}-${count++}`
    if (!task) await create(key)
    else await change(task, key)
  }

  async function create(key: string): Promise<void> {
    const left = random.chance(0.1)
    const recurs = !left && random.chance(0.4)
    const { body } = await call(
      'POST',
      '/api/v1/tasks',
      {
        title: key,
        tags: ['soak'],
        ...(recurs
          ? { recurrence: { rrule: 'FREQ=DAILY', dtstart: '2030-01-01T09:00:00', tzid: 'Europe/Berlin' } }
          : {}),
        ...(left ? { reminders: [{ at: new Date(Date.now() + random.int(200, 3_000)).toISOString() }] } : {}),
      },
      key,
    )
    acked.push({ user, task: body.id, version: 1, kind: 'create', ...(left ? { reminder: true as const } : {}) })
    // A task with a reminder is left alone: nothing may cancel what is counted.
    if (left) return
    const series = body.recurrence && { id: body.recurrence.series_id, index: body.recurrence.index }
    tasks.push({ id: body.id, version: 1, status: 'open', deleted: false, ...(series ? { series } : {}) })
  }

  async function change(task: Known, key: string): Promise<void> {
    const path = `/api/v1/tasks/${task.id}`
    const kind = task.deleted
      ? 'restore'
      : random.pick(['update', 'update', task.status === 'open' ? 'complete' : 'reopen', 'delete'] as const)
    if (kind === 'update') await call('PATCH', path, { title: key }, key)
    else if (kind === 'delete') await call('DELETE', path, undefined, key)
    else await call('POST', `${path}/${kind}`, undefined, key)
    task.version++
    if (kind === 'complete') task.status = 'done'
    if (kind === 'reopen') task.status = 'open'
    task.deleted = kind === 'delete'
    const series = kind === 'complete' && task.series ? { series: task.series } : {}
    acked.push({ user, task: task.id, version: task.version, kind, ...series })
  }
}
