/** What the verbs share. */
import type { JsonObject } from './json.ts'
import type { Registry, ResourceType } from './kinds/registry.ts'
import type { Store, StoredObject } from './store/store.ts'

/**
 * Reads a container's log. `undefined` when there is no such container here.
 * `limitBytes`, `tailLines` and `sinceSeconds` are applied by the reader, which knows where its lines begin.
 */
export type PodLogs = (
  ref: { namespace: string; pod: string; container?: string },
  options: {
    follow: boolean
    tailLines?: number
    previous: boolean
    sinceSeconds?: number
    timestamps: boolean
    limitBytes?: number
  },
  signal: AbortSignal,
) => AsyncIterable<Uint8Array> | undefined

/** The port of this machine that leads to a port of a running pod, by number or name. */
export type PodPort = (namespace: string, pod: string, port: number | string) => number | undefined

export interface Context {
  readonly store: Store
  readonly registry: Registry
  readonly now: () => Date
  readonly podLogs: PodLogs | undefined
  readonly podPort?: PodPort | undefined
  /** What ends the open watches when the server closes. */
  readonly closing: Set<() => void>
}

/** RFC 3339 in seconds, as `metav1.Time` prints. */
export const timestamp = (now: Date): string => `${now.toISOString().slice(0, 19)}Z`

const eventFields: readonly (readonly [core: string, events: string])[] = [
  ['involvedObject', 'regarding'],
  ['message', 'note'],
  ['source', 'deprecatedSource'],
  ['firstTimestamp', 'deprecatedFirstTimestamp'],
  ['lastTimestamp', 'deprecatedLastTimestamp'],
  ['count', 'deprecatedCount'],
  ['reportingComponent', 'reportingController'],
]

/** Renames the keys of an Event from one API to the other: both show the same stored object. */
export function renameEvent(object: JsonObject, apiVersion: string): JsonObject {
  const names = new Map(eventFields.map(([core, events]) => (apiVersion === 'v1' ? [events, core] : [core, events])))
  return Object.fromEntries(
    Object.entries({ ...object, apiVersion }).map(([key, value]) => [names.get(key) ?? key, value]),
  )
}

/** A stored object as a version of the API shows it. Frozen, or a shallow copy of frozen parts. */
export function inVersion(object: JsonObject, type: ResourceType): JsonObject {
  if (object['apiVersion'] === type.apiVersion) return object
  if (type.builtIn?.kind !== 'Event') return { ...object, apiVersion: type.apiVersion }
  const event = renameEvent(object, type.apiVersion)
  // What the core group writes even when it is empty, this one does not.
  for (const field of ['reportingController', 'reportingInstance']) if (event[field] === '') delete event[field]
  return event
}

export const jsonInVersion = (entry: StoredObject, type: ResourceType): string =>
  entry.object['apiVersion'] === type.apiVersion ? entry.json : JSON.stringify(inVersion(entry.object, type))
