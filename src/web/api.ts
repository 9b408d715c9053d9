/** The HTTP API as this app uses it. Failures are `ApiProblem`s with the sentence to show. */
export interface Task {
  id: string
  version: number
  title: string
  status: 'open' | 'done'
  priority?: string
  due_at?: string | null
  all_day?: boolean
  recurrence?: { rrule: string } | null
}

export interface NewTask {
  title: string
  priority?: string
  due_at?: string
  due_tz?: string
  recurrence?: { rrule: string }
}

export class ApiProblem extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

export async function call<T>(
  token: string,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<T> {
  const response = await fetch(path, {
    method,
    headers: {
      ...(token && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && {
        'content-type': method === 'PATCH' ? 'application/merge-patch+json' : 'application/json',
      }),
      ...headers,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  const answer = text ? JSON.parse(text) : {}
  if (!response.ok) throw new ApiProblem(response.status, answer.detail ?? `The server answered ${response.status}.`)
  return answer as T
}

export const signIn = async (username: string, password: string): Promise<string> =>
  (await call<{ access_token: string }>('', 'POST', '/auth/token', { username, password })).access_token

export const listTasks = async (token: string): Promise<Task[]> =>
  (await call<{ items: Task[] }>(token, 'GET', '/api/v1/tasks?limit=100')).items

/** A key for each attempt a person makes, so that a repeated request adds no second task. */
export const addTask = (token: string, task: NewTask): Promise<Task> =>
  call(token, 'POST', '/api/v1/tasks', task, { 'idempotency-key': crypto.randomUUID() })

export const setDone = (token: string, task: Task, done: boolean): Promise<Task> =>
  call(token, 'POST', `/api/v1/tasks/${task.id}/${done ? 'complete' : 'reopen'}`, undefined, {
    'if-match': `"${task.version}"`,
  })

export const removeTask = (token: string, task: Task): Promise<void> =>
  call(token, 'DELETE', `/api/v1/tasks/${task.id}`)
