import { hash } from 'node:crypto'
import type { KubeClient } from './client.ts'
import { type Clock, systemClock } from './clock.ts'
import type { KubeObject } from './objects.ts'

export interface EventInput {
  type: 'Normal' | 'Warning'
  /** One word in CamelCase. */
  reason: string
  message: string
}

export type RecordEvent = (about: KubeObject, event: EventInput) => void

/**
 * Records Events about objects: the same (object, reason, message) is one Event with a count. Failing to record never
 * fails what is recorded; `onError` is told.
 */
export function eventRecorder(
  client: KubeClient,
  component: string,
  onError: (error: unknown) => void,
  clock: Clock = systemClock,
): RecordEvent {
  const seen = new Map<string, { count: number; first: string }>()
  return (about, event) => {
    const at = new Date(clock.now()).toISOString().replace(/\.\d+Z/, 'Z')
    const { uid, name, namespace, resourceVersion } = about.metadata
    const digest = hash('sha256', `${uid}/${event.reason}/${event.message}`, 'hex').slice(0, 16)
    const known = seen.get(digest) ?? { count: 0, first: at }
    known.count += 1
    seen.set(digest, known)
    if (seen.size > 1_000) seen.delete(seen.keys().next().value!)
    client
      .apply(
        {
          apiVersion: 'v1',
          kind: 'Event',
          metadata: { name: `${name}.${digest}`, namespace: namespace ?? 'default' },
          involvedObject: { apiVersion: about.apiVersion, kind: about.kind, name, namespace, uid, resourceVersion },
          reason: event.reason,
          message: event.message.slice(0, 1_024),
          type: event.type,
          source: { component },
          reportingComponent: component,
          firstTimestamp: known.first,
          lastTimestamp: at,
          count: known.count,
        },
        { fieldManager: component, force: true, reason: 'EventRecorded' },
      )
      .catch(onError)
  }
}
