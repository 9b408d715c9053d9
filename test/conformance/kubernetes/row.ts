/** A row of a conformance table: requests as data, and the few words to write them in. */
import type { KubeConfig } from '@kubernetes/client-node'
import type { Json, JsonObject } from '../../../src/local/kube-api/json.ts'

export type { Json, JsonObject }

/** In paths, headers and bodies `{ns}` stands for the row's namespace, `{table}` for the table's, `{x}` for a saved value. */
export interface Step {
  method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Path and query. */
  path: string
  headers?: Readonly<Record<string, string>>
  /** Sent as JSON; a string as it stands. */
  body?: unknown
  /** Values of the answer that later steps use: name → dotted path. */
  save?: Readonly<Record<string, string>>
  /** What happens by and by is asked for again until this holds. */
  until?: (body: JsonObject, status: number) => boolean
  /** What of the body is compared; all of it unless told. */
  show?: (body: JsonObject) => Json | undefined
  /** A watch: ends when it has seen so many frames or the server ends it. `during` runs once it is open. */
  watch?: { frames: number; during: readonly Step[] }
  /** kubectl in place of a request. */
  kubectl?: { args: readonly string[]; objects: readonly unknown[] }
  /** A program that uses client-node in place of a request. */
  call?: { title: string; run: (config: KubeConfig, namespace: string) => Promise<unknown> }
  /** The server's history up to here is thrown away (etcd's compaction) in place of a request. */
  compact?: true
  /** Not compared: it only has to be 2xx. */
  silent?: true
}

export interface Row {
  name: string
  /** The rule it checks: a page of the documentation, or a source file of Kubernetes. */
  rule: string
  steps: readonly Step[]
}

export interface Table {
  name: string
  /** Runs once, in the namespace `{table}`. */
  setup?: readonly Step[]
  rows: readonly Row[]
}

export const row = (name: string, rule: string, ...steps: (Step | readonly Step[])[]): Row => ({
  name,
  rule,
  steps: steps.flat() as Step[],
})

/** The paths of what the tables use, by plural; others are written out. */
const PATHS: Readonly<Record<string, string>> = {
  configmaps: '/api/v1/namespaces/{ns}/configmaps',
  secrets: '/api/v1/namespaces/{ns}/secrets',
  services: '/api/v1/namespaces/{ns}/services',
  serviceaccounts: '/api/v1/namespaces/{ns}/serviceaccounts',
  pods: '/api/v1/namespaces/{ns}/pods',
  persistentvolumeclaims: '/api/v1/namespaces/{ns}/persistentvolumeclaims',
  events: '/api/v1/namespaces/{ns}/events',
  'events.events.k8s.io': '/apis/events.k8s.io/v1/namespaces/{ns}/events',
  namespaces: '/api/v1/namespaces',
  deployments: '/apis/apps/v1/namespaces/{ns}/deployments',
  statefulsets: '/apis/apps/v1/namespaces/{ns}/statefulsets',
  jobs: '/apis/batch/v1/namespaces/{ns}/jobs',
  cronjobs: '/apis/batch/v1/namespaces/{ns}/cronjobs',
  leases: '/apis/coordination.k8s.io/v1/namespaces/{ns}/leases',
  roles: '/apis/rbac.authorization.k8s.io/v1/namespaces/{ns}/roles',
  rolebindings: '/apis/rbac.authorization.k8s.io/v1/namespaces/{ns}/rolebindings',
  networkpolicies: '/apis/networking.k8s.io/v1/namespaces/{ns}/networkpolicies',
  poddisruptionbudgets: '/apis/policy/v1/namespaces/{ns}/poddisruptionbudgets',
  customresourcedefinitions: '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
  widgets: '/apis/conformance.example.com/v1/namespaces/{ns}/widgets',
  gadgets: '/apis/conformance.example.com/v1/gadgets',
}

/** `configmaps/a?dryRun=All` written out; a path that begins with `/` stays. */
export function path(short: string): string {
  if (short.startsWith('/')) return short
  const [, plural, rest] = /^([^/?]+)(.*)$/.exec(short)!
  const found = PATHS[plural!]
  if (!found) throw new Error(`no path for ${plural}`)
  return found + rest
}

type Extra = Omit<Partial<Step>, 'method' | 'path' | 'body'>
export const get = (short: string, extra: Extra = {}): Step => ({ method: 'GET', path: path(short), ...extra })
export const post = (short: string, body: unknown, extra: Extra = {}): Step => ({
  method: 'POST',
  path: path(short),
  body,
  ...extra,
})
export const put = (short: string, body: unknown, extra: Extra = {}): Step => ({
  method: 'PUT',
  path: path(short),
  body,
  ...extra,
})
export const del = (short: string, body?: unknown, extra: Extra = {}): Step => ({
  method: 'DELETE',
  path: path(short),
  ...(body === undefined ? {} : { body }),
  ...extra,
})

const patch =
  (type: string) =>
  (short: string, body: unknown, extra: Extra = {}): Step => ({
    method: 'PATCH',
    path: path(short),
    body,
    ...extra,
    headers: { 'content-type': type, ...extra.headers },
  })
export const mergePatch = patch('application/merge-patch+json')
export const jsonPatch = patch('application/json-patch+json')
export const strategicPatch = patch('application/strategic-merge-patch+json')

/** Server-side apply by `manager`. */
export const apply = (
  short: string,
  body: unknown,
  manager = 'one',
  options: { force?: boolean; query?: string } & Extra = {},
): Step => {
  const { force, query, ...extra } = options
  return {
    method: 'PATCH',
    path: `${path(short)}?fieldManager=${manager}${force ? '&force=true' : ''}${query ? `&${query}` : ''}`,
    body,
    ...extra,
    headers: { 'content-type': 'application/apply-patch+yaml', ...extra.headers },
  }
}

export const silent = (step: Step): Step => ({ ...step, silent: true })
export const compact: Step = { method: 'GET', path: '/', compact: true }

/** A watch of `short`; the answer is its frames. */
export const watch = (short: string, frames: number, during: readonly Step[] = [], extra: Extra = {}): Step => ({
  method: 'GET',
  path: path(short),
  watch: { frames, during },
  ...extra,
})

// What the tables write about.
export const configMap = (name: string, data: JsonObject = {}, metadata: JsonObject = {}): JsonObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, ...metadata },
  data,
})
export const widget = (name: string, spec: JsonObject = {}, metadata: JsonObject = {}): JsonObject => ({
  apiVersion: 'conformance.example.com/v1',
  kind: 'Widget',
  metadata: { name, ...metadata },
  spec,
})
export const deployment = (name: string, spec: JsonObject = {}, container: JsonObject = {}): JsonObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name },
  spec: {
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { containers: [{ name: 'main', image: 'app:1', ...container }] },
    },
    ...spec,
  },
})

/** Parts of an answer for `show`. */
export const metadataOf = (body: JsonObject): Json => body['metadata'] ?? null
export const namesOf = (body: JsonObject): Json =>
  Array.isArray(body['items'])
    ? (body['items'] as JsonObject[]).map(item => (item['metadata'] as JsonObject)['name']!)
    : body
export const specOf = (body: JsonObject): Json => body['spec'] ?? body
export const dataOf = (body: JsonObject): Json => body['data'] ?? body
/** Only who owns what. */
export const managersOf = (body: JsonObject): Json =>
  (body['metadata'] as JsonObject | undefined)?.['managedFields'] ?? body
export const nothing = (): Json => null
