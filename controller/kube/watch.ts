import { backoffDelay } from './backoff.ts'
import type { KubeClient } from './client.ts'
import { type Clock, sleep, systemClock } from './clock.ts'
import { errorFromStatus, isKubeError, KubeError, type StatusBody } from './errors.ts'
import { readJson, wholeLines } from './lines.ts'
import { type Kind, type KubeObject, kindKey } from './objects.ts'
import { type Random, systemRandom } from './random.ts'

export interface WatchHandlers {
  /** The whole truth at one moment: after the first list, and again after each relist. */
  replace(objects: KubeObject[]): void
  upsert(object: KubeObject): void
  remove(object: KubeObject): void
  /** Something went wrong and is being retried; for metrics and logs. */
  trouble?(error: KubeError): void
}

export interface WatchOptions {
  kind: Kind
  namespace?: string
  labelSelector?: string
  signal: AbortSignal
  pageSize?: number
  /** Milliseconds between looks for a kind whose CRD is absent. */
  absentPollMs?: number
  clock?: Clock
  random?: Random
}

/** The server ends a watch after this time; a little more without a byte means that the socket is half-open. */
const WATCH_SECONDS = 290
const IDLE_MS = 320_000

/**
 * Lists, then watches, until the signal aborts: resumes from the last resourceVersion after a cut, relists after 410
 * (HTTP or in band), waits for a kind that is absent, backs off with jitter on every other failure and never gives up.
 * Rule of resumption: https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
 */
export async function listWatch(client: KubeClient, options: WatchOptions, handlers: WatchHandlers): Promise<void> {
  const { signal, clock = systemClock, random = systemRandom } = options
  let version: string | undefined
  let failures = 0
  while (!signal.aborted) {
    try {
      if (version === undefined) {
        const listed = await listAll(client, options)
        if (signal.aborted) return
        handlers.replace(listed.objects)
        version = listed.resourceVersion
      }
      version = await watchOnce(client, options, version, handlers, next => {
        version = next
        failures = 0
      })
    } catch (error) {
      if (signal.aborted) return
      const known =
        error instanceof KubeError ? error : new KubeError('Unexpected', String(error), 'backoff', {}, error)
      if (known.code === 'Expired') version = undefined
      if (known.code === 'NotFound' || known.code === 'KindAbsent') {
        // The CRD is not there (yet, or any more): nothing of its kind can exist.
        client.forget(options.kind)
        version = undefined
        handlers.replace([])
        await sleep(clock, options.absentPollMs ?? 2_000, signal)
        continue
      }
      handlers.trouble?.(known)
      const asked = typeof known.retry === 'object' ? known.retry.afterSeconds * 1_000 : 0
      await sleep(clock, Math.max(asked, backoffDelay(failures++, random)), signal)
    }
  }
}

async function listAll(
  client: KubeClient,
  options: WatchOptions,
): Promise<{ objects: KubeObject[]; resourceVersion: string }> {
  const path = await client.path(options.kind, options.namespace)
  const objects: KubeObject[] = []
  let token: string | undefined
  for (;;) {
    const query = new URLSearchParams({ limit: String(options.pageSize ?? 500) })
    if (options.labelSelector) query.set('labelSelector', options.labelSelector)
    if (token) query.set('continue', token)
    const answer = await client.open({
      method: 'GET',
      path: `${path}?${query}`,
      signal: options.signal,
      idleTimeoutMs: 60_000,
    })
    const page = (await readJson(answer.body)) as {
      items?: KubeObject[]
      metadata?: { resourceVersion?: string; continue?: string }
    }
    // Items of a list carry no apiVersion and kind of their own for built-in kinds; those of a watch do.
    for (const item of page.items ?? [])
      objects.push({ ...item, apiVersion: options.kind.apiVersion, kind: options.kind.kind })
    token = page.metadata?.continue
    if (!token) return { objects, resourceVersion: page.metadata?.resourceVersion ?? '0' }
  }
}

interface WireEvent {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR'
  object: KubeObject & StatusBody
}

async function watchOnce(
  client: KubeClient,
  options: WatchOptions,
  from: string,
  handlers: WatchHandlers,
  advanced: (version: string) => void,
): Promise<string> {
  const path = await client.path(options.kind, options.namespace)
  const query = new URLSearchParams({
    watch: 'true',
    allowWatchBookmarks: 'true',
    resourceVersion: from,
    timeoutSeconds: String(WATCH_SECONDS),
  })
  if (options.labelSelector) query.set('labelSelector', options.labelSelector)
  const answer = await client.open({
    method: 'GET',
    path: `${path}?${query}`,
    signal: options.signal,
    idleTimeoutMs: IDLE_MS,
  })
  let version = from
  const lines = wholeLines(answer.body)
  try {
    for (;;) {
      const next = await lines.next()
      if (next.done) {
        if (next.value.truncated)
          throw new KubeError('Unreachable', `watch of ${kindKey(options.kind)}: the last event was cut`, 'backoff')
        return version
      }
      const event = JSON.parse(next.value) as WireEvent
      if (event.type === 'ERROR')
        throw errorFromStatus(event.object.code ?? 500, event.object, `watch of ${kindKey(options.kind)}`)
      if (event.type === 'DELETED') handlers.remove(event.object)
      else if (event.type !== 'BOOKMARK') handlers.upsert(event.object)
      version = event.object.metadata.resourceVersion ?? version
      advanced(version)
    }
  } catch (error) {
    if (isKubeError(error)) throw error
    throw new KubeError(
      'Unreachable',
      `watch of ${kindKey(options.kind)}: ${(error as Error).message}`,
      'backoff',
      {},
      error,
    )
  } finally {
    answer.body.destroy()
  }
}
