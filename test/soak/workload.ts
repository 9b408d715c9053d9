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

/** A change, as it is asked for alone and within a batch. */
interface Command {
  /** Absent: a new one. */
  task?: Known
  method: string
  path: string
  body?: object
  operation: object
  /** @param task as it was answered; a deletion alone is answered without */
  // biome-ignore lint/suspicious/noExplicitAny: answers are JSON
  answered(task: any): void
}

/** Share of the requests that are batches, their commands, and how many of those are about the task of the one before. */
const BATCHED = { chance: 0.2, most: 8, same: 0.5 }

/**
 * One careful client: one request at a time, the same key until there is an answer.
 * @param more asked before each command; false: no more
 */
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
    const key = `${user}-${count++}`
    const commands = [next(key)]
    if (random.chance(BATCHED.chance))
      for (let n = random.int(1, BATCHED.most - 1); n > 0 && (await more()); n--)
        commands.push(next(`${key}-${n}`, random.chance(BATCHED.same) ? commands.at(-1)!.task : undefined))
    const [alone] = commands
    if (commands.length === 1) {
      const { body } = await call(alone!.method, alone!.path, alone!.body, key)
      alone!.answered(body)
    } else {
      const operations = commands.map(({ operation }) => operation)
      const { body } = await call('POST', '/api/v1/tasks/batch', { operations }, key)
      for (const [index, command] of commands.entries()) command.answered(body.items[index])
    }
  }

  function next(title: string, same?: Known): Command {
    const task = same ?? (tasks.length > 0 && random.chance(0.7) ? random.pick(tasks) : undefined)
    return task ? change(task, title) : create(title)
  }

  function create(title: string): Command {
    const left = random.chance(0.1)
    const recurs = !left && random.chance(0.4)
    const task = {
      title,
      tags: ['soak'],
      ...(recurs ? { recurrence: { rrule: 'FREQ=DAILY', dtstart: '2030-01-01T09:00:00', tzid: 'Europe/Berlin' } } : {}),
      ...(left ? { reminders: [{ at: new Date(Date.now() + random.int(200, 3_000)).toISOString() }] } : {}),
    }
    return {
      method: 'POST',
      path: '/api/v1/tasks',
      body: task,
      operation: { op: 'create', task },
      answered({ id, recurrence }) {
        acked.push({ user, task: id, version: 1, kind: 'create', ...(left ? { reminder: true as const } : {}) })
        // A task with a reminder is left alone: nothing may cancel what is counted.
        if (left) return
        const series = recurrence && { id: recurrence.series_id, index: recurrence.index }
        tasks.push({ id, version: 1, status: 'open', deleted: false, ...(series ? { series } : {}) })
      },
    }
  }

  function change(task: Known, title: string): Command {
    const { id } = task
    const path = `/api/v1/tasks/${id}`
    const kind = task.deleted
      ? 'restore'
      : random.pick(['update', 'update', task.status === 'open' ? 'complete' : 'reopen', 'delete'] as const)
    const series = kind === 'complete' && task.series ? { series: task.series } : {}
    // It is asked for until it is done, so that what comes after it in a batch builds upon it already.
    const version = ++task.version
    if (kind === 'complete') task.status = 'done'
    if (kind === 'reopen') task.status = 'open'
    task.deleted = kind === 'delete'
    const answered = (): void => {
      acked.push({ user, task: id, version, kind, ...series })
    }
    if (kind === 'update')
      return {
        task,
        method: 'PATCH',
        path,
        body: { title },
        operation: { op: kind, id, task: { title } },
        answered,
      }
    if (kind === 'delete') return { task, method: 'DELETE', path, operation: { op: kind, id }, answered }
    return { task, method: 'POST', path: `${path}/${kind}`, operation: { op: kind, id }, answered }
  }
}
