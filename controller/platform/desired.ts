import { hash } from 'node:crypto'
import { canonicalJson } from '../../src/contracts/events/identifiers.ts'
import type { KubeObject } from '../kube/objects.ts'
import { HASH_ANNOTATION, PLATFORM_LABEL, PLATFORM_NAMESPACE_LABEL, type Platform } from './platform.ts'

/** The parts of a platform, in the order in which they can come up. */
export const PARTS = [
  'foundation',
  'kafka',
  'topics',
  'users',
  'database',
  'credentials',
  'messaging',
  'subscriptions',
  'migrations',
  'services',
] as const
export type Part = (typeof PARTS)[number]

/** Which parts must be ready before an object of a part is created. */
export const READY_BEFORE: Record<Part, readonly Part[]> = {
  foundation: [],
  kafka: [],
  topics: ['kafka'],
  users: ['kafka'],
  database: [],
  credentials: ['users'],
  // A Component whose Secret is missing keeps every app of the namespace from loading any component (Dapr operator API).
  // And the Secret outlives its user: while one is made again, it holds a password that Kafka no longer knows.
  messaging: ['credentials', 'users', 'topics', 'database'],
  subscriptions: ['messaging'],
  migrations: ['database'],
  services: ['foundation', 'subscriptions', 'migrations'],
}

/** Parts whose changes, too, wait: new code must not meet an old schema. */
export const CHANGES_WAIT_FOR: Partial<Record<Part, readonly Part[]>> = { services: ['migrations'] }

export interface Desired {
  part: Part
  /** Absent inputs: the object cannot be rendered yet, and why. */
  waiting?: string
  object: KubeObject
  /** Holds data that deletionPolicy Retain keeps. */
  stateful: boolean
}

export const APP = 'todo-event-platform'

/** Labels every child carries; Argo CD's own labels are never copied from the parent, or it would prune the children. */
export const childLabels = (platform: Platform, component: string, version: string): Record<string, string> => ({
  'app.kubernetes.io/name': APP,
  'app.kubernetes.io/instance': platform.metadata.name,
  'app.kubernetes.io/component': component,
  'app.kubernetes.io/part-of': APP,
  'app.kubernetes.io/version': version,
  'app.kubernetes.io/managed-by': APP,
  [PLATFORM_LABEL]: platform.metadata.name,
  [PLATFORM_NAMESPACE_LABEL]: platform.metadata.namespace,
})

/** What must go with the platform is owned by it; what holds data is not: the garbage collector knows no deletionPolicy. */
export const ownerReference = (platform: Platform): KubeObject['metadata']['ownerReferences'] => [
  {
    apiVersion: platform.apiVersion,
    kind: platform.kind,
    name: platform.metadata.name,
    uid: platform.metadata.uid,
    controller: true,
    blockOwnerDeletion: true,
  },
]

/** The same whatever the order of keys: what it names or restarts must not move because a spec was written down anew. */
export const hashOf = (value: unknown): string => digest(canonicalJson(value))

/** Not cut out of the whole digest as text: the cache keeps one for each child, and a part of a string keeps all of it. */
const digest = (text: string): string => hash('sha256', text, 'buffer').toString('hex', 0, 8)

/** Stamps the hash of the object as rendered. */
export function withHash(object: KubeObject): KubeObject {
  const annotations = { ...object.metadata.annotations, [HASH_ANNOTATION]: digest(JSON.stringify(object)) }
  return { ...object, metadata: { ...object.metadata, annotations } }
}
