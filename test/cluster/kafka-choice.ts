/** Whose Kafka the platform of the run uses. */
import type { Progress } from '../../src/cli/progress.ts'
import type { Cluster } from '../support/laptop.ts'
import type { Target } from './target.ts'

/** Apache Kafka in a pod of the test, or what Strimzi makes of the platform (`E2E_KAFKA`). */
export type KafkaChoice = 'apache' | 'strimzi'

/** @throws for another word */
export function kafkaChoice(): KafkaChoice {
  const given = process.env['E2E_KAFKA'] || 'apache'
  if (given === 'apache' || given === 'strimzi') return given
  throw new Error(`E2E_KAFKA=${given}: there are apache and strimzi`)
}

/** Labels of the pods that hold the events. */
export const KAFKA_PODS: Readonly<Record<KafkaChoice, string>> = {
  apache: 'e2e.todo.events/store=kafka',
  strimzi: 'strimzi.io/cluster=todo,strimzi.io/broker-role=true',
}

/** @returns what keeps Strimzi from being there, or nothing */
export async function withoutStrimzi(
  target: Target,
  cluster: Cluster,
  { step }: Progress,
): Promise<string | undefined> {
  if (kafkaChoice() === 'apache') return undefined
  if (await cluster.get('apps/v1', 'Deployment', 'strimzi-cluster-operator', 'strimzi')) return undefined
  step('installing Strimzi …')
  return target.installStrimzi().then(
    () => undefined,
    (error: Error) =>
      `Strimzi is not in the namespace strimzi of the cluster, and could not be put there: ${error.message}; where its images cannot be pulled leave E2E_KAFKA out`,
  )
}
