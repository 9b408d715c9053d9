import { isDeepStrictEqual } from 'node:util'
import type { KubeObject, LocalClient } from '../kube-api/api.ts'

export interface Condition {
  type: string
  status: 'True' | 'False'
  reason?: string
  message?: string
  lastTransitionTime?: string
}

export interface WithConditions {
  conditions?: Condition[]
  observedGeneration?: number
  [field: string]: unknown
}

export type Resource<Spec> = KubeObject<Spec, WithConditions>

/** Strimzi writes times with nanoseconds. */
const nanoseconds = (now: number): string => new Date(now).toISOString().replace('Z', '000000Z')

const bare = ({ lastTransitionTime: _, ...condition }: Condition): Omit<Condition, 'lastTransitionTime'> => condition

/** Gives each condition a time: that of the same condition before, or now. */
export function timed(conditions: Condition[], before: Condition[] | undefined, now: number): Condition[] {
  return conditions.map(condition => {
    const same = before?.find(one => isDeepStrictEqual(bare(one), bare(condition)))
    return { ...bare(condition), lastTransitionTime: same?.lastTransitionTime ?? nanoseconds(now) }
  })
}

/** Replaces the whole status when it differs; an unchanged one is not written, so that nothing wakes up for it. */
export async function writeStatus<Spec>(
  client: LocalClient,
  object: Resource<Spec>,
  status: WithConditions,
  now: number,
): Promise<Resource<Spec>> {
  const next = { ...status, conditions: timed(status.conditions ?? [], object.status?.conditions, now) }
  if (isDeepStrictEqual(next, object.status)) return object
  return (await client.replace({ ...object, status: next } as KubeObject, 'status')) as Resource<Spec>
}

export const ownerReference = (owner: KubeObject, controller = false) => ({
  apiVersion: owner.apiVersion,
  kind: owner.kind,
  name: owner.metadata.name,
  uid: owner.metadata.uid ?? '',
  controller,
  blockOwnerDeletion: true,
})

/** Kubernetes keeps Secret data in base64. */
export const encodeData = (data: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')]))

export function decodeData(secret: KubeObject | undefined): Record<string, string> | undefined {
  const data = secret?.['data'] as Record<string, string> | undefined
  if (data === undefined) return undefined
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]))
}
