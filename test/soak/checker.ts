import type { TodoEvent } from '../../src/contracts/events/index.ts'
import type { Acked } from './workload.ts'

/** What the databases hold at the end. */
export interface Effects {
  /** Audit entries about tasks. */
  audit: { task_id: string; sequence: string | null; type: string }[]
  tasks: {
    id: string
    version: number
    status: string
    deleted: boolean
    parent_task_id: string | null
    series_id: string | null
    series_index: number | null
  }[]
  projections: { task_id: string; version: number; status: string; deleted: boolean }[]
  notifications: { task_id: string }[]
}

export interface Verdict {
  acked: number
  effects: number
  lost: number
  duplicated: number
  reordered: number
  /** The first of each, in words. */
  examples: string[]
}

/** A version of a task on its way; of a million of them, no more than this is kept. */
export interface Publication {
  id: string
  task: string
  version: number
}

export const publicationOf = ({ id, type, sequence, data }: TodoEvent): Publication | undefined =>
  type.startsWith('com.taskmanager.task.')
    ? { id, task: (data as { task_id: string }).task_id, version: Number(sequence) }
    : undefined

/**
 * Whether every change that was answered 2xx has each of its effects exactly once, and every projection its newest state:
 * the histories are compared, not the counts. Knows nothing of how it was done.
 */
export function judge(
  acked: readonly Acked[],
  { audit, tasks, projections, notifications }: Effects,
  published: readonly Publication[],
): Verdict {
  const found = { lost: [] as string[], duplicated: [] as string[], reordered: [] as string[] }
  const exactlyOnce = (count: number, what: string): void => {
    if (count === 0) found.lost.push(what)
    if (count > 1) found.duplicated.push(`${what}, ${count} times`)
  }

  const entries = tally(audit.map(({ task_id: id, sequence }) => `${id} ${Number(sequence)}`))
  for (const { task, version, kind } of acked)
    exactlyOnce(entries.get(`${task} ${version}`) ?? 0, `audit of ${kind} ${task} version ${version}`)

  const created = new Set(acked.filter(({ kind }) => kind === 'create').map(({ task }) => task))
  for (const task of tasks)
    if (task.parent_task_id === null && !created.has(task.id))
      found.duplicated.push(`task ${task.id}, never acknowledged`)

  const occurrences = tally(tasks.map(({ series_id: id, series_index: index }) => `${id} ${index}`))
  for (const [id, index] of new Map(
    acked.flatMap(({ series }) => (series ? [[series.id, series.index]] : []) as [string, number][]),
  ))
    exactlyOnce(occurrences.get(`${id} ${index + 1}`) ?? 0, `occurrence ${index + 1} of series ${id}`)

  const notices = tally(notifications.map(({ task_id: id }) => id))
  for (const { task, reminder } of acked)
    if (reminder) exactlyOnce(notices.get(task) ?? 0, `notification about ${task}`)

  const projected = new Map(projections.map(row => [row.task_id, row]))
  for (const { id, version, status, deleted } of tasks) {
    const seen = projected.get(id)
    if (!seen) found.lost.push(`statistics of ${id}`)
    else if (seen.version !== version || seen.status !== status || seen.deleted !== deleted)
      found.reordered.push(`statistics of ${id} at version ${seen.version}, not ${version}`)
  }
  found.reordered.push(...outOfOrder(published))

  return {
    acked: acked.length,
    effects:
      audit.length + projections.length + notifications.length + tasks.filter(task => task.parent_task_id).length,
    lost: found.lost.length,
    duplicated: found.duplicated.length,
    reordered: found.reordered.length,
    examples: Object.entries(found).flatMap(([kind, list]) => list.slice(0, 3).map(what => `${kind}: ${what}`)),
  }
}

const tally = (keys: readonly string[]): Map<string, number> => {
  const counts = new Map<string, number>()
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1)
  return counts
}

/** Versions of one task must reach the broker in order; that one comes again does not count. */
function outOfOrder(published: readonly Publication[]): string[] {
  const newest = new Map<string, number>()
  const seen = new Set<string>()
  return published.flatMap(({ id, task, version }) => {
    if (seen.has(id)) return []
    seen.add(id)
    const before = newest.get(task) ?? 0
    newest.set(task, Math.max(before, version))
    return version > before ? [] : [`${task}: version ${version} published after ${before}`]
  })
}
