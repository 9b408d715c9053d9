import { type Anything, type Cluster, type Ready, until } from './laptop.ts'

/** Where a platform runs: the embedded place, or a cluster. What is done and seen there is the same. */
export interface Place {
  readonly cluster: Cluster
  readonly ready: Pick<Ready, 'web' | 'api' | 'mcp' | 'realtime'>
  token(user: string): string
  /** A call of the HTTP API by a user. */
  call(
    user: string,
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<{ status: number; headers: Headers; body: Anything }>
  /** Ends one process of a service as SIGKILL does, once it runs. */
  crash(service: string): Promise<void>
}

export const PLATFORM = { apiVersion: 'todo.events/v1alpha1', kind: 'TodoEventPlatform' }

export const condition = (object: Anything, type: string): Anything =>
  object?.status?.conditions?.find((each: Anything) => each.type === type)

export interface View {
  platform(): Promise<Anything>
  /** The platform, once it is Ready for the generation it has. */
  settled(): Promise<Anything>
  addTask(task: object, user?: string): Promise<Anything>
  /** Every page of a list. */
  all(path: string, user?: string): Promise<Anything[]>
  auditOf(taskId: string): Promise<Anything[]>
}

/** What is asked of a place again and again. */
export function viewOf(place: () => Place): View {
  const platform = (): Promise<Anything> => place().cluster.get(PLATFORM.apiVersion, PLATFORM.kind, 'todo')
  const settled = (): Promise<Anything> =>
    until('the platform to be ready', async () => {
      const found = await platform()
      return (
        condition(found, 'Ready')?.status === 'True' &&
        found.status.observedGeneration === found.metadata.generation &&
        found
      )
    })
  const addTask = async (task: object, user = 'demo'): Promise<Anything> => {
    const { status, body } = await place().call(user, 'POST', '/api/v1/tasks', task)
    expect([status, body]).toEqual([201, expect.anything()])
    return body
  }
  const all = async (path: string, user = 'demo'): Promise<Anything[]> => {
    const items: Anything[] = []
    let next = ''
    do {
      const { body } = await place().call(user, 'GET', `${path}${path.includes('?') ? '&' : '?'}limit=100${next}`)
      items.push(...body.items)
      const after = body.next_cursor
        ? `&cursor=${encodeURIComponent(body.next_cursor)}`
        : body.next_after
          ? `&after=${body.next_after}`
          : ''
      next = after
    } while (next)
    return items
  }
  const auditOf = (taskId: string): Promise<Anything[]> => all(`/api/v1/audit?task_id=${taskId}`)
  return { platform, settled, addTask, all, auditOf }
}

/** Types of audit entries, without what all have in common. */
export const types = (entries: Anything[]): string[] => entries.map(entry => entry.type.replace('com.taskmanager.', ''))
