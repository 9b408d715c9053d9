/** What the tests of this room share: an open API, raw requests to it, and a small CRD. */
import type { KubeObject } from './api.ts'
import { type KubeApi, type KubeResponse, openKubeApi } from './index.ts'
import type { JsonObject } from './json.ts'
import type { Status } from './status.ts'

export interface Answer {
  status: number
  // Tests read deep into answers whose shape they assert.
  // biome-ignore lint/suspicious/noExplicitAny: see above
  body: any
  headers: Readonly<Record<string, string>>
}

/** One request through the public door. */
export async function request(
  api: KubeApi,
  method: string,
  url: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response: KubeResponse = await api.handle({ method, url, headers, ...(body === undefined ? {} : { body }) })
  if (response.kind === 'text') return { status: response.status, body: response.text, headers: response.headers }
  if (response.kind !== 'object') throw new Error(`${method} ${url} answered with ${response.kind}`)
  return { status: response.status, body: structuredClone(response.body), headers: response.headers }
}

export const patchType = {
  json: { 'content-type': 'application/json-patch+json' },
  merge: { 'content-type': 'application/merge-patch+json' },
  strategic: { 'content-type': 'application/strategic-merge-patch+json' },
  apply: { 'content-type': 'application/apply-patch+yaml' },
}

/** An API in memory whose clock stands still until it is told otherwise. */
export async function memoryApi(options: { historySize?: number } = {}): Promise<KubeApi & { clock: { now: Date } }> {
  const clock = { now: new Date('2026-03-01T10:00:00Z') }
  const api = await openKubeApi({ store: 'memory', now: () => clock.now, ...options })
  return { ...api, clock }
}

export const configMap = (name: string, data: Record<string, string> = {}, metadata: JsonObject = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { namespace: 'default', name, ...metadata },
  data,
})

export const deployment = (name: string, overrides: JsonObject = {}): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { namespace: 'default', name },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { containers: [{ name: 'main', image: 'app:1', ports: [{ containerPort: 80 }] }] },
    },
    ...overrides,
  },
})

/** The schema of an object with these properties. */
export const objectSchema = (properties: JsonObject, more: JsonObject = {}): JsonObject => ({
  type: 'object',
  properties,
  ...more,
})

/** A CRD `Widget` (widgets.example.com/v1) with the given schema for its spec. */
export const widgetDefinition = (spec: JsonObject, version: JsonObject = {}): KubeObject => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'widgets.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural: 'widgets', kind: 'Widget', shortNames: ['wd'], categories: ['all'] },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: { spec, status: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
          },
        },
        subresources: {
          status: {},
          scale: { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' },
        },
        additionalPrinterColumns: [{ name: 'Size', type: 'integer', jsonPath: '.spec.size' }],
        ...version,
      },
    ],
  },
})

export const widget = (name: string, spec: JsonObject): KubeObject => ({
  apiVersion: 'example.com/v1',
  kind: 'Widget',
  metadata: { namespace: 'default', name },
  spec,
})

/** The Status that a promise was refused with. */
export async function refusal(promise: Promise<unknown>): Promise<Status> {
  try {
    await promise
  } catch (error) {
    const { status } = error as { status?: Status }
    if (status) return status
    throw error
  }
  throw new Error('expected the API to refuse, but it accepted')
}

export const fieldsOf = (status: Status): (string | undefined)[] =>
  (status.details?.causes ?? []).map(cause => cause.field).sort()

/** The answer to a watch as it comes: frames so far, and whether the server ended it. */
export async function openWatch(api: KubeApi, url: string, headers: Record<string, string> = {}) {
  const response = await api.handle({ method: 'GET', url, headers })
  if (response.kind !== 'watch') throw new Error(`no watch: ${JSON.stringify(response)}`)
  const frames: { type: string; object: KubeObject }[] = []
  const state = { ended: false }
  const stop = response.start({
    push: frame => frames.push({ type: frame.type, object: JSON.parse(frame.json) as KubeObject }),
    end: () => {
      state.ended = true
    },
  })
  return { frames, state, stop, names: () => frames.map(({ type, object }) => `${type} ${object.metadata.name ?? ''}`) }
}

/** Lets the controllers run, which follow in microtasks. */
export const settled = () => new Promise<void>(resolve => setImmediate(resolve))
