import type { KubeClient } from '../kube/client.ts'
import { isKubeError } from '../kube/errors.ts'
import type { RecordEvent } from '../kube/events.ts'
import { type KubeObject, keyOf } from '../kube/objects.ts'
import type { Step } from './plan.ts'
import { FIELD_MANAGER, type Platform } from './platform.ts'

export interface ActResult {
  /** What the server answered, to be read back at once. */
  written: KubeObject[]
  failures: { object: KubeObject; error: Error }[]
}

/**
 * Does the steps in order. One child that cannot be written does not keep the others from being written: failures are
 * collected and told in status, except a lost lease, which ends everything at once.
 */
export async function act(
  client: KubeClient,
  record: RecordEvent,
  platform: Platform,
  steps: Step[],
): Promise<ActResult> {
  const result: ActResult = { written: [], failures: [] }
  for (const step of steps) {
    if (step.action === 'wait') continue
    try {
      if (step.action === 'delete') {
        const { metadata } = step.object
        await client.delete(step.object, metadata.namespace, metadata.name, {
          reason: step.reason,
          ...(metadata.uid && { uid: metadata.uid }),
        })
      } else {
        result.written.push(await applyChild(client, record, platform, step.object, step.reason))
      }
      if (step.action !== 'create') record(platform, { type: 'Normal', reason: step.reason, message: describe(step) })
    } catch (error) {
      if (isKubeError(error, 'NotLeader')) throw error
      result.failures.push({ object: step.object, error: error as Error })
    }
  }
  return result
}

const describe = (step: Step): string => {
  const name = `${step.object.kind} ${step.object.metadata.name}`
  if (step.action === 'update')
    return `${name}: ${step.fields.slice(0, 5).join(', ')}${step.fields.length > 5 ? ` and ${step.fields.length - 5} more` : ''}`
  return `${name} deleted`
}

/** Applies politely first, so that whoever else owns one of our fields is named before the field is taken back. */
async function applyChild(
  client: KubeClient,
  record: RecordEvent,
  platform: Platform,
  object: KubeObject,
  reason: string,
): Promise<KubeObject> {
  const options = { fieldManager: FIELD_MANAGER, reason }
  try {
    return await client.apply(object, options)
  } catch (error) {
    if (!isKubeError(error, 'Conflict')) throw error
    const causes = (error.status.details?.causes ?? []).map(cause => `${cause.field}: ${cause.message}`).join('; ')
    record(platform, {
      type: 'Warning',
      reason: 'FieldConflict',
      message: `${keyOf(object)}: ${causes || error.message}; taken back`,
    })
    return client.apply(object, { ...options, force: true })
  }
}
