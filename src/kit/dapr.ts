import { STATE_STORE } from '../contracts/topology.ts'
import type { ServiceConfig } from './config.ts'
import { Problem } from './problem.ts'

export interface BulkEntry {
  entryId: string
  /** As JSON: what is published by the thousand is not read and written again on the way. */
  event: string
  partitionKey: string
}

export interface Job {
  /** When it fires; a time in the past fires at once. */
  dueTime: Date
  data: unknown
}

/** What a sidecar says of itself, as far as it is read here (dapr pkg/api/http/metadata.go). */
export interface SidecarMetadata {
  components?: { name: string }[]
  subscriptions?: { pubsubname: string; topic: string; rules?: { path: string }[] }[]
  extended?: Record<string, string>
}

interface Words {
  content: { text: string }[]
}

export interface ConversationToolCall {
  id?: string
  function: { name: string; arguments: string }
}

/** dapr proto runtime/v1/ai.proto ConversationMessage, as JSON. */
export type ConversationMessage =
  | { ofSystem: Words }
  | { ofUser: Words }
  | { ofAssistant: Words & { toolCalls?: ConversationToolCall[] } }
  | { ofTool: Words & { toolId: string; name: string } }

/** The parts of Dapr's HTTP API the services use. */
export interface Dapr {
  /**
   * Publishes canonical events in one request.
   * @returns ids of the entries that did not reach the broker, with the reason; empty when all did
   */
  publishBulk(topic: string, entries: readonly BulkEntry[]): Promise<Map<string, string>>
  /** Creates the job or replaces the one of that name. @throws Problem TEP4206 */
  scheduleJob(name: string, job: Job): Promise<void>
  /** A job that does not exist is not an error. @throws Problem TEP4206 */
  deleteJob(name: string): Promise<void>
  /** @returns undefined when there is none @throws Problem TEP4206 */
  getState<T>(key: string): Promise<{ value: T; etag: string } | undefined>
  /**
   * The first write wins.
   * @param etag as it was read; absent: there is none yet
   * @returns false when somebody else wrote meanwhile
   * @throws Problem TEP4206
   */
  saveState(key: string, value: unknown, etag?: string): Promise<boolean>
  /** @throws Problem TEP4206 */
  deleteState(key: string): Promise<void>
  /**
   * Asks the model behind a conversation component.
   * @param tools each with a JSON Schema as its parameters
   * @returns what it says, or the status and code of the sidecar's refusal
   * @throws Problem TEP4206
   */
  converse(
    component: string,
    messages: readonly ConversationMessage[],
    tools: readonly { name: string; description: string; parameters: object }[],
  ): Promise<{ content?: string; toolCalls?: ConversationToolCall[] } | { refused: string }>
  /** @throws Problem TEP4206, soon: it is asked to find out whether the sidecar answers */
  metadata(): Promise<SidecarMetadata>
}

/** A job that fails is tried again for ten minutes; after that the sweeper of its owner finds it. */
const FAILURE_POLICY = { constant: { interval: '5s', maxRetries: 120 } }
const TIMEOUT_MS = 15_000
const METADATA_TIMEOUT_MS = 2_000
/** Models think. */
const CONVERSE_TIMEOUT_MS = 60_000

/**
 * Plain HTTP instead of `@dapr/dapr`: its client answers failures as `{error}` without throwing, knows no jobs, and its
 * bulk publish still uses the alpha path.
 */
export function daprClient({ daprUrl, daprApiToken, pubsubName, topicPrefix }: ServiceConfig): Dapr {
  /** @param body text is sent as it is */
  const call = async (method: string, path: string, body?: unknown, timeoutMs = TIMEOUT_MS): Promise<Response> => {
    try {
      return await fetch(`${daprUrl}${path}`, {
        method,
        headers: { 'content-type': 'application/json', ...(daprApiToken ? { 'dapr-api-token': daprApiToken } : {}) },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
        signal: AbortSignal.timeout(timeoutMs),
      })
    } catch (error) {
      throw new Problem('TEP4206', `The sidecar at ${daprUrl} does not answer: ${reasonOf(error)}`)
    }
  }
  const must = async (method: string, path: string, body?: unknown): Promise<void> => {
    const response = await call(method, path, body)
    const text = await response.text()
    if (!response.ok) throw new Problem('TEP4206', `${method} ${path}: ${response.status} ${text.slice(0, 300)}`)
  }
  return {
    async publishBulk(topic, entries) {
      const failures = new Map<string, string>()
      // partitionKey belongs into each entry: as query metadata it would be the key of every entry.
      const entriesJson = entries.map(({ entryId, event, partitionKey }) => {
        const about = { entryId, contentType: 'application/cloudevents+json', metadata: { partitionKey } }
        return `${JSON.stringify(about).slice(0, -1)},"event":${event}}`
      })
      const path = `/v1.0/publish/bulk/${encodeURIComponent(pubsubName)}/${encodeURIComponent(topicPrefix + topic)}`
      try {
        const response = await call('POST', path, `[${entriesJson.join()}]`)
        const text = await response.text()
        if (response.ok) return failures
        const named = failedEntries(text)
        // A refusal that names no entry refuses all of them.
        for (const { entryId } of entries) {
          if (named.size === 0 || named.has(entryId))
            failures.set(entryId, named.get(entryId) ?? `${response.status} ${text.slice(0, 300)}`)
        }
      } catch (error) {
        for (const { entryId } of entries) failures.set(entryId, reasonOf(error))
      }
      return failures
    },
    scheduleJob: (name, { dueTime, data }) =>
      must('POST', `/v1.0/jobs/${encodeURIComponent(name)}`, {
        dueTime: dueTime.toISOString(),
        data,
        overwrite: true,
        failurePolicy: FAILURE_POLICY,
      }),
    deleteJob: name => must('DELETE', `/v1.0/jobs/${encodeURIComponent(name)}`),
    async getState<T>(key: string) {
      const response = await call('GET', statePath(key))
      const text = await response.text()
      if (!response.ok) throw new Problem('TEP4206', `GET ${statePath(key)}: ${response.status} ${text.slice(0, 300)}`)
      return text ? { value: JSON.parse(text) as T, etag: response.headers.get('etag') ?? '' } : undefined
    },
    async saveState(key, value, etag) {
      const options = { concurrency: 'first-write', consistency: 'strong' }
      const path = `/v1.0/state/${STATE_STORE}`
      const response = await call('POST', path, [{ key, value, ...(etag ? { etag } : {}), options }])
      const text = await response.text()
      // Dapr tells a mismatch by 409, and a first write that came second by 500: the difference to a failure is the item.
      if (response.status === 409 || /no item was updated/.test(text)) return false
      if (!response.ok) throw new Problem('TEP4206', `POST ${path}: ${response.status} ${text.slice(0, 300)}`)
      return true
    },
    deleteState: key => must('DELETE', statePath(key)),
    async converse(component, messages, tools) {
      const path = `/v1.0-alpha2/conversation/${encodeURIComponent(component)}/converse`
      const body = { inputs: [{ messages }], tools: tools.map(tool => ({ function: tool })) }
      const response = await call('POST', path, body, CONVERSE_TIMEOUT_MS)
      const text = await response.text()
      if (!response.ok) return { refused: `status ${response.status}${codeOf(text)}` }
      return (JSON.parse(text) as ConversationAnswer).outputs?.[0]?.choices?.[0]?.message ?? {}
    },
    async metadata() {
      const response = await call('GET', '/v1.0/metadata', undefined, METADATA_TIMEOUT_MS)
      if (!response.ok) throw new Problem('TEP4206', `the sidecar answers ${response.status}`)
      return (await response.json()) as SidecarMetadata
    },
  }
}

interface ConversationAnswer {
  outputs?: { choices?: { message?: { content?: string; toolCalls?: ConversationToolCall[] } }[] }[]
}

/** The code of a refusal; its message may have words of a third party in it. */
const codeOf = (text: string): string => {
  const [code] = /\bERR_[A-Z_]+\b/.exec(text) ?? []
  return code ? ` ${code}` : ''
}

const statePath = (key: string): string => `/v1.0/state/${STATE_STORE}/${encodeURIComponent(key)}`

function failedEntries(text: string): Map<string, string> {
  try {
    const { failedEntries: failed } = JSON.parse(text) as { failedEntries?: { entryId: string; error?: string }[] }
    return new Map((failed ?? []).map(({ entryId, error }) => [entryId, error ?? 'refused']))
  } catch {
    return new Map()
  }
}

const reasonOf = (error: unknown): string => {
  const { message, cause } = error as Error & { cause?: { code?: string } }
  return cause?.code ? `${message} (${cause.code})` : message
}
