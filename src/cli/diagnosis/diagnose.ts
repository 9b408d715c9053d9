import { clusterRules, platformRules, writeRules } from './cluster-rules.ts'
import { dataRules } from './data-rules.ts'
import { type Finding, inOrder } from './finding.ts'
import { messagingRules } from './messaging-rules.ts'
import type { Observation } from './observe.ts'
import { podRules } from './pod-rules.ts'
import { secretRules } from './secret-rules.ts'

const RULES = [clusterRules, platformRules, writeRules, secretRules, dataRules, podRules, messagingRules]

/** `observation → what is wrong`, causes first. Pure, but for the age of a status. */
export function diagnose(observation: Observation): Finding[] {
  const found = RULES.flatMap(rule => rule(observation))
  return inOrder(found.filter((each, i) => !found.slice(0, i).some(other => sameCause(each, other))))
}

/** A ReplicaSet and its Deployment say the same of the same pods. */
const sameCause = (a: Finding, b: Finding): boolean =>
  a.rule === b.rule && a.message === b.message && (a.object === b.object || a.message.length > 40)

/** What the status says is not ready and no rule explains: its operator's words, and where to read more. */
export function unexplained({ platforms }: Observation, findings: readonly Finding[]): Finding[] {
  const told = new Set(findings.map(({ object }) => object))
  return platforms.flatMap(({ metadata, status }) =>
    (status?.components ?? [])
      .filter(
        ({ ready, reason, kind, name }) =>
          !ready &&
          reason !== 'WaitingForParts' &&
          ![...told].some(each => each.endsWith(`/${name}`) && each.startsWith(kind)),
      )
      .map(({ kind, name, reason, message }) => ({
        rule: 'not-ready',
        layer: LAYER_OF[kind] ?? 'services',
        severity: 'error' as const,
        object: `${kind} ${metadata.namespace}/${name}`,
        message: `${reason ?? 'NotReady'}${message ? `: ${message}` : ''}`,
        fix: `kubectl describe -n ${metadata.namespace} ${kind.toLowerCase()}/${name}`,
      })),
  )
}

const LAYER_OF: Record<string, Finding['layer']> = {
  Kafka: 'kafka',
  KafkaNodePool: 'kafka',
  KafkaTopic: 'topics',
  Topic: 'topics',
  KafkaUser: 'topics',
  User: 'topics',
  Cluster: 'database',
  ObjectStore: 'database',
  ScheduledBackup: 'database',
  Job: 'database',
  Secret: 'messaging',
  Component: 'messaging',
  Configuration: 'messaging',
  Resiliency: 'messaging',
  Subscription: 'messaging',
}

/** The layer a kind of child belongs to. */
export const layerOfKind = (kind: string): Finding['layer'] => LAYER_OF[kind] ?? 'services'
