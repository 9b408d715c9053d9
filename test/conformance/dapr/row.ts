/** A row of a Dapr table: what the app subscribes to and answers, and what is asked of the sidecar, as data. */
import type { Json, JsonObject } from '../../../src/local/kube-api/json.ts'

export type { Json, JsonObject }

/** What the app answers: status 200 and no body unless told. */
export interface Answer {
  status?: number
  headers?: Readonly<Record<string, string>>
  /** Sent as JSON; a string as it stands. */
  body?: unknown
  /** Answers with what came: method, path, query, headers, body. */
  echo?: true
  /** Milliseconds before the answer. */
  after?: number
  /** The connection is cut in place of an answer. */
  hangUp?: true
}

export interface SubscriptionOf {
  /** `pubsub` unless told. */
  pubsubname?: string
  /** `{id}` unless told. */
  topic?: string
  route?: string
  routes?: JsonObject
  deadLetterTopic?: string
  bulkSubscribe?: JsonObject
  metadata?: JsonObject
  /** By a Subscription resource, and not by the app's `/dapr/subscribe`. */
  declared?: true
}

/** `{id}` stands for the row everywhere: its topic, its keys, the first part of its paths. */
export type Step =
  | {
      do: 'call'
      /** Which sidecar is asked. */
      on: SidecarName
      method: string
      path: string
      headers?: Readonly<Record<string, string>>
      /** Sent as JSON; a string as it stands. */
      body?: unknown
      /** What of the body is compared; all of it unless told. */
      show?: (body: Json) => Json | undefined
      /** Asked again until it holds or patience ends. */
      until?: (status: number, body: Json) => boolean
      save?: Readonly<Record<string, (answer: { headers: Readonly<Record<string, string>>; body: Json }) => string>>
      silent?: true
      /** No answer is one too, of status 0. */
      mayBeGone?: true
    }
  | {
      do: 'got'
      path: string
      /** Waits for so many calls of the app, and then some time whether more come. */
      count: number
      app: AppName
      /** Only calls of this method. */
      method?: string
      /** Of several partitions: in the order of what is shown. */
      sorted?: true
      /** What comes without end: only so many are looked at. */
      first?: number
      show?: (call: JsonObject) => Json | undefined
    }
  | { do: 'wait'; milliseconds: number }

export type SidecarName = 'orders' | 'other' | 'locked' | 'lone' | 'closed' | 'mostly'
export type AppName = 'orders' | 'other' | 'locked'

export interface Row {
  name: string
  /** The rule it checks: a source file of dapr 1.18 or components-contrib 1.18. */
  rule: string
  subscriptions?: readonly SubscriptionOf[]
  /** By path; the answers in their order, the last one for all that come after. */
  answers?: Readonly<Record<string, readonly Answer[]>>
  steps: readonly Step[]
}

export interface Table {
  name: string
  rows: readonly Row[]
}

type Call = Extract<Step, { do: 'call' }>
type CallOptions = Partial<Omit<Call, 'do' | 'method' | 'path' | 'body'>>

export const call = (method: string, path: string, body?: unknown, options: CallOptions = {}): Step => ({
  do: 'call',
  on: 'orders',
  method,
  path,
  ...(body === undefined ? {} : { body }),
  ...options,
})

export const get = (path: string, options: CallOptions = {}): Step => call('GET', path, undefined, options)
export const post = (path: string, body: unknown, options: CallOptions = {}): Step => call('POST', path, body, options)
export const del = (path: string, options: CallOptions = {}): Step => call('DELETE', path, undefined, options)

/** The calls that the app got at `path`. */
export const got = (path: string, count: number, options: Partial<Extract<Step, { do: 'got' }>> = {}): Step => ({
  do: 'got',
  app: 'orders',
  path,
  count,
  ...options,
})

export const wait = (milliseconds: number): Step => ({ do: 'wait', milliseconds })
export const silent = (step: Step): Step => ({ ...step, silent: true }) as Step

export const JSON_TYPE = { 'content-type': 'application/json' }
export const CLOUD_EVENT = { 'content-type': 'application/cloudevents+json' }

/** Publishes to the row's topic. */
export const publish = (data: unknown, query = '', headers: Readonly<Record<string, string>> = JSON_TYPE): Step =>
  post(`/v1.0/publish/pubsub/{id}${query}`, data, { headers })

export const statusOnly = (): Json => null
const WORDS = new Set(['message', 'description', 'error'])
const withoutWords = (value: Json): Json => {
  if (Array.isArray(value)) return value.map(withoutWords)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, WORDS.has(key) ? typeof each : withoutWords(each)]),
  )
}
/** A refusal without its words, where those are of a Go parser or of a client of Kafka. */
export const codesOf = (body: Json): Json => withoutWords(body)
export const bodyOf = (one: JsonObject): Json => one['body'] ?? null
export const dataOf = (one: JsonObject): Json => (one['body'] as JsonObject | null)?.['data'] ?? null
export const headersOf = (one: JsonObject): Json => one['headers'] ?? null
