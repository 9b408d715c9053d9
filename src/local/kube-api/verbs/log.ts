/** The log sub-resource of pods. */
import type { Context } from '../context.ts'
import { child, type JsonObject } from '../json.ts'
import { flag, integer } from '../request.ts'
import type { KubeResponse } from '../response.ts'
import { badRequest } from '../status.ts'
import type { StoredObject } from '../store/store.ts'

/** Streams a container's log; throws 400 when the container is not named clearly or has none yet. */
export function podLog(context: Context, pod: StoredObject, query: URLSearchParams, signal: AbortSignal): KubeResponse {
  const containers = ((child(pod.object, 'spec')['containers'] ?? []) as JsonObject[]).map(
    container => container['name'] as string,
  )
  const init = ((child(pod.object, 'spec')['initContainers'] ?? []) as JsonObject[]).map(
    container => container['name'] as string,
  )
  const asked = query.get('container') || undefined
  if (asked === undefined && containers.length > 1)
    throw badRequest(
      `a container name must be specified for pod ${pod.name}, choose one of: [${[...init, ...containers].join(' ')}]`,
    )
  if (asked !== undefined && !containers.includes(asked) && !init.includes(asked))
    throw badRequest(`container ${asked} is not valid for pod ${pod.name}`)
  const container = asked ?? containers[0]!
  const has = (name: string) => query.has(name) && flag(query, name)
  const [tailLines, sinceSeconds, limitBytes] = [
    integer(query, 'tailLines'),
    integer(query, 'sinceSeconds'),
    integer(query, 'limitBytes'),
  ]
  const bytes = context.podLogs?.(
    { namespace: pod.namespace, pod: pod.name, container },
    {
      follow: has('follow'),
      previous: has('previous'),
      timestamps: has('timestamps'),
      ...(tailLines === undefined ? {} : { tailLines }),
      ...(sinceSeconds === undefined ? {} : { sinceSeconds }),
      ...(limitBytes === undefined ? {} : { limitBytes }),
    },
    signal,
  )
  if (!bytes) {
    if (has('previous')) throw badRequest(`previous terminated container "${container}" in pod "${pod.name}" not found`)
    throw badRequest(`container "${container}" in pod "${pod.name}" is waiting to start: ContainerCreating`)
  }
  return { kind: 'bytes', status: 200, headers: { 'content-type': 'text/plain' }, bytes }
}
