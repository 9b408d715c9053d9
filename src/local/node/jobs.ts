import { type KeyedLoop, keyOf, ownerKeys, splitKey, startKeyedLoop } from '../keyed-loop.ts'
import type { KubeObject, LocalClient } from '../kube-api/api.ts'
import { newPod } from './new-pod.ts'
import { isOwnedBy, isTerminating, JOB, POD, type Pod, type PodTemplate, timestamp } from './types.ts'

interface JobSpec {
  backoffLimit?: number
  template: PodTemplate
}

interface JobStatus {
  active?: number
  succeeded?: number
  failed?: number
  startTime?: string
  completionTime?: string
  conditions?: { type: string; status: string; reason?: string; message?: string; lastTransitionTime?: string }[]
}

type Job = KubeObject<JobSpec, JobStatus>

/** Jobs of one pod: run to success, or fail after `backoffLimit` tries. */
export function startJobs(client: LocalClient, onError: (key: string, error: unknown) => void): KeyedLoop {
  const reconcile = async (key: string): Promise<void> => {
    const { namespace, name } = splitKey(key)
    const job = await client.get<Job>(JOB, namespace, name)
    if (!job?.spec || isTerminating(job) || job.status?.conditions?.some(condition => condition.status === 'True'))
      return
    const pods = (await client.list<Pod>(POD, namespace)).filter(isOwnedBy(job))
    const failed = pods.filter(pod => pod.status?.phase === 'Failed').length
    const succeeded = pods.some(pod => pod.status?.phase === 'Succeeded')
    const active = pods.filter(
      pod => !isTerminating(pod) && !['Failed', 'Succeeded'].includes(pod.status?.phase ?? ''),
    ).length
    const limit = job.spec.backoffLimit ?? 6
    // A container that fails in place (restartPolicy OnFailure) counts by its restarts.
    const restarts = Math.max(0, ...pods.map(pod => pod.status?.containerStatuses?.[0]?.restartCount ?? 0))
    const over = failed > limit || restarts > limit
    const now = timestamp()
    if (!succeeded && !over && active === 0)
      await client.create(newPod(job, job.spec.template, { 'batch.kubernetes.io/job-name': name }))
    if (over && !succeeded)
      for (const pod of pods) if (pod.status?.phase !== 'Failed') await client.delete(POD, namespace, pod.metadata.name)
    const condition = succeeded
      ? {
          type: 'Complete',
          status: 'True',
          reason: 'CompletionsReached',
          message: 'Reached expected number of succeeded pods',
          lastTransitionTime: now,
        }
      : over
        ? {
            type: 'Failed',
            status: 'True',
            reason: 'BackoffLimitExceeded',
            message: 'Job has reached the specified backoff limit',
            lastTransitionTime: now,
          }
        : undefined
    const status: JobStatus = {
      startTime: job.status?.startTime ?? now,
      ...(condition ? { conditions: [condition] } : { active: Math.max(1, active) }),
      ...(succeeded && { succeeded: 1, completionTime: now }),
      ...(failed > 0 && { failed }),
    }
    if (JSON.stringify(status) !== JSON.stringify(job.status ?? {})) await client.replace({ ...job, status }, 'status')
  }
  return startKeyedLoop({
    client,
    watches: [
      { kind: JOB, keysOf: object => [keyOf(object)] },
      { kind: POD, keysOf: ownerKeys('Job') },
    ],
    reconcile,
    onError,
  })
}
