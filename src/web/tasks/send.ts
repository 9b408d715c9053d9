import { ApiProblem, call, Offline } from '../kit/api.ts'
import type { Edit } from './edits.ts'
import type { Answer } from './queue.ts'
import type { Task } from './task.ts'

/** Sends one edit. Changes say which version they were made on, so that nobody's work is overwritten unseen. */
export async function sendEdit(edit: Edit): Promise<Answer> {
  const headers = { 'idempotency-key': edit.id }
  const path = `/api/v1/tasks/${edit.taskId}`
  const request = (): Promise<Task | ''> => {
    switch (edit.kind) {
      case 'create':
        return call('/api/v1/tasks', { method: 'POST', body: { id: edit.taskId, ...edit.task }, headers })
      case 'change':
        return call(`${path}${edit.scope ? `?scope=${edit.scope}` : ''}`, {
          method: 'PATCH',
          body: edit.patch,
          headers: { ...headers, 'if-match': `"${edit.version}"` },
        })
      case 'delete':
        return call(path, { method: 'DELETE', headers })
      default:
        return call(`${path}/${edit.kind}`, { method: 'POST', headers })
    }
  }
  try {
    const task = await request()
    return { kind: 'saved', ...(task && { task }) }
  } catch (error) {
    if (error instanceof Offline) return { kind: 'later', seconds: 5 }
    if (!(error instanceof ApiProblem)) throw error
    // Signed out: everything waits for the same person to come back.
    if (error.status === 401) return { kind: 'later', seconds: 60 }
    if (error.passing) return { kind: 'later', seconds: error.retryAfter || 5 }
    const current = error.body['current'] as Task | undefined
    if (error.status === 412 && current) return { kind: 'stale', current }
    // Created twice, after the server forgot the key of the first time, is created.
    if (error.status === 409 && edit.kind === 'create') return { kind: 'saved' }
    // Deleted twice is deleted.
    if (error.status === 404 && edit.kind === 'delete') return { kind: 'saved' }
    return { kind: 'refused', reason: error.message }
  }
}
