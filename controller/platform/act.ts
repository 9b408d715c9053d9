import type { Applier } from '../kube/apply.ts'
import type { Cache } from '../kube/cache.ts'
import type { KubeClient } from '../kube/client.ts'
import { isKubeError } from '../kube/errors.ts'
import type { RecordEvent } from '../kube/events.ts'
import { type KubeObject, keyOf } from '../kube/objects.ts'
import { type Drift, driftOf, type OwnedFields, ownedFields } from '../kube/ownership.ts'
import { FORGOTTEN } from './owned.ts'
import type { Step } from './plan.ts'
import { FIELD_MANAGER, KINDS, type Platform } from './platform.ts'
import { type Cached, driftOfChild } from './project.ts'

export interface Actors {
  client: KubeClient
  applier: Applier
  cache: Cache
  record: RecordEvent
}

export interface Failure {
  object: KubeObject
  error: Error
}

/**
 * Does the steps in order, and lets each answer into the cache at once. One child that cannot be written does not keep the
 * others from being written: failures are collected and told in status, except a lost lease, which ends everything.
 * `madeByChance` names the objects whose content is random: they are looked for at the source before they are created, for
 * a cache that has not caught up would replace a secret in use by another.
 */
export async function act(
  actors: Actors,
  platform: Platform,
  steps: Step[],
  madeByChance: ReadonlySet<string> = new Set(),
): Promise<Failure[]> {
  const failures: Failure[] = []
  const done = new Map<string, string[]>()
  for (const step of steps) {
    if (step.action === 'wait') continue
    try {
      const what = await perform(actors, platform, step, madeByChance)
      if (what) done.set(step.reason, [...(done.get(step.reason) ?? []), what])
    } catch (error) {
      if (isKubeError(error, 'NotLeader')) throw error
      failures.push({ object: step.object, error: error as Error })
    }
  }
  for (const [reason, whats] of done) actors.record(platform, { type: 'Normal', reason, message: brief(whats, '; ') })
  return failures
}

/** Says what was done; nothing when nothing was. */
async function perform(
  { client, applier, cache, record }: Actors,
  platform: Platform,
  step: Exclude<Step, { action: 'wait' }>,
  madeByChance: ReadonlySet<string>,
): Promise<string | undefined> {
  const { object, reason } = step
  const { namespace, name, uid } = object.metadata
  const what = `${object.kind} ${name}`
  if (step.action === 'delete') {
    const left = await client.delete(object, namespace, name, { reason, ...(uid && { uid }) })
    if (left) cache.wrote(left)
    else cache.wroteDelete(object)
    if (uid) applier.forget(uid)
    return `${what} deleted`
  }
  if (step.action === 'create' && madeByChance.has(name) && object.kind === 'Secret') {
    const live = await client.get(object, namespace, name)
    if (live) {
      cache.wrote(live)
      return undefined
    }
  }
  const planned = step.drift === FORGOTTEN ? await driftOfLive(client, cache, object) : step.drift
  // What went or came right meanwhile is told by the watch.
  if (!planned || (step.action === 'update' && planned.length === 0)) return undefined
  if (step.action === 'update' && givesUpReplicas(object, planned)) await handOverReplicas(client, cache, object)
  const drift = driftByNow(cache, step, planned)
  if (!drift) return undefined
  const applied = await applier.apply({ desired: object, uid: step.uid, drift, reason })
  if (!applied.object) return undefined
  cache.wrote(applied.object)
  if (applied.conflicts.length > 0)
    record(platform, {
      type: 'Warning',
      reason: 'FieldConflict',
      message: `${keyOf(object)}: ${brief(
        applied.conflicts.map(({ path, manager }) => `${path} of ${manager}`),
        ', ',
      )}; taken back`,
    })
  return step.action === 'create'
    ? `${what} created`
    : `${what}: ${brief(
        drift.map(({ path }) => path),
        ', ',
      )}`
}

const REPLICAS_MANAGER = `${FIELD_MANAGER}-replicas`

/** Where the live object differs; `undefined`: it is gone. */
async function driftOfLive(client: KubeClient, cache: Cache, desired: KubeObject): Promise<Drift[] | undefined> {
  const { apiVersion, kind, metadata } = desired
  const live = await client.get({ apiVersion, kind }, metadata.namespace, metadata.name)
  if (!live) return undefined
  cache.wrote(live)
  return driftOf(desired, ownedFields(live, FIELD_MANAGER))
}

/**
 * A plan is old when its last step is done, and the watch may have told meanwhile what makes a write pointless: that one of
 * ours whose answer was lost had been taken, that the child is gone or going. `undefined`: there is nothing to write.
 */
function driftByNow(cache: Cache, { action, object }: Step, planned: Drift[]): Drift[] | undefined {
  const { namespace, name } = object.metadata
  const known = cache.get(object, namespace, name) as Cached | undefined
  if (!known) return action === 'create' ? planned : undefined
  if (known.metadata.deletionTimestamp) return undefined
  const drift = driftOfChild(object, known)
  if (drift === FORGOTTEN) return planned
  return drift.length > 0 ? drift : undefined
}

/** The autoscaler is to have the replicas, and they are still ours alone. */
const givesUpReplicas = (object: KubeObject, drift: Drift[]): boolean =>
  object.kind === KINDS.deployment.kind &&
  object['spec'].replicas === undefined &&
  drift.some(({ path }) => path === 'spec.replicas')

/**
 * A field that its only owner no longer applies falls back to its default: one pod. So another manager of ours says the
 * number first, the very one there is, and keeps it until the autoscaler writes its own.
 * https://kubernetes.io/docs/reference/using-api/server-side-apply/#transferring-ownership
 */
async function handOverReplicas(client: KubeClient, cache: Cache, desired: KubeObject): Promise<void> {
  const { apiVersion, kind, metadata } = desired
  const { namespace, name } = metadata
  const live = await client.get({ apiVersion, kind }, namespace, name)
  if (!live) return
  cache.wrote(live)
  const handedOver = ownedFields(live, REPLICAS_MANAGER)?.['f:spec'] as OwnedFields | undefined
  // Whoever died between the two writes comes by here again.
  if (handedOver?.['f:replicas'] !== undefined) return
  const { resourceVersion } = live.metadata
  await client.apply(
    {
      apiVersion,
      kind,
      // The version read: a number that changed meanwhile is not ours to set back.
      metadata: { name, ...(namespace && { namespace }), ...(resourceVersion && { resourceVersion }) },
      spec: { replicas: live['spec']?.replicas ?? 1 },
    },
    { fieldManager: REPLICAS_MANAGER, force: true, reason: 'ReplicasHandedOver' },
  )
}

const brief = (items: string[], separator: string): string =>
  items.slice(0, 5).join(separator) + (items.length > 5 ? `${separator}and ${items.length - 5} more` : '')
