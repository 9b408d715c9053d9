import { setTimeout as pause } from 'node:timers/promises'
import { CLUSTERS } from './clusters.ts'
import { type Any, CLUSTER, type Fact, kafka, type Place, pool, type Row, type Step } from './row.ts'
import { TOPICS } from './topics.ts'
import { USERS } from './users.ts'

export const TABLES: Readonly<Record<string, readonly Row[]>> = {
  KafkaTopic: TOPICS,
  KafkaUser: USERS,
  'Kafka and KafkaNodePool': CLUSTERS,
}

/** How long an operator may take; a real cluster's first Kafka takes minutes. */
export interface Patience {
  cluster: number
  step: number
}

/** The one cluster all rows share; afterwards it is ready. */
export async function bringUp(place: Place, { cluster }: Patience): Promise<void> {
  await place.create(pool('dual', CLUSTER))
  await place.create(kafka(CLUSTER))
  await settled('the cluster to be ready', cluster, async () => {
    const found = await place.get('Kafka', CLUSTER)
    return (
      (found?.status?.['conditions'] as { type: string }[] | undefined)?.some(({ type }) => type === 'Ready') ?? false
    )
  })
}

/** Does what a row does and gives what it sees; a row that never gets that far gives what it saw last. */
export async function observe(place: Place, row: Row, { step }: Patience): Promise<Fact> {
  for (const each of row.steps) await take(place, each, step)
  let seen: Fact
  // A look may come before the operator's answer: it is the answer that counts, so it is waited for.
  for (const end = Date.now() + step; ; ) {
    seen = await row.look(place)
    if (same(seen, row.expect) || Date.now() > end) return seen
    await pause(20)
  }
}

export const same = (a: Fact, b: Fact): boolean => JSON.stringify(a) === JSON.stringify(b)

async function take(place: Place, step: Step, patience: number): Promise<void> {
  if ('create' in step) {
    await place.create(step.create)
    await dealtWith(place, step.create.kind!, step.create.metadata!.name!, patience)
  } else if ('merge' in step) {
    await place.merge(step.kind, step.name, step.merge)
    await dealtWith(place, step.kind, step.name, patience)
  } else if ('delete' in step) {
    await place.delete(step.delete, step.name)
  } else {
    await settled('what the row waits for', patience, () => step.until(place))
  }
}

/** Until the status is of the newest generation; what nobody reconciles (no label, paused) is given a moment. */
async function dealtWith(place: Place, kind: string, name: string, patience: number): Promise<void> {
  const told = (found: Any | undefined): boolean =>
    found?.status?.['observedGeneration'] === found?.metadata?.generation &&
    (found?.status?.['conditions'] as { reason?: string }[] | undefined)?.[0]?.reason !== 'Creating'
  const ignored = (found: Any | undefined): boolean =>
    kind === 'KafkaNodePool' ||
    (!found?.metadata?.labels?.['strimzi.io/cluster'] && kind !== 'Kafka') ||
    !!found?.metadata?.annotations?.['strimzi.io/pause-reconciliation']
  if (ignored(await place.get(kind, name))) return pause(100)
  await settled(`${kind} ${name} to be dealt with`, patience, async () => told(await place.get(kind, name)))
}

async function settled(what: string, patience: number, look: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + patience; !(await look()); ) {
    if (Date.now() > end) throw new Error(`waited ${patience} ms for ${what}`)
    await pause(20)
  }
}
