/** `/v1.0/state`: dapr pkg/api/http, pkg/components/state. */
import type { Clock } from '../log/index.ts'
import type { Components, LoadedStateStore } from './components.ts'
import { DaprError, state as errors, malformedRequest, messageOf } from './errors.ts'
import { type ApiRequest, json, noContent, type Reply, readJson } from './http.ts'
import { isRecord } from './json.ts'
import { type Policy, type Resiliency, runWith } from './resiliency.ts'
import {
  type DeleteOperation,
  EtagMismatchError,
  type Operation,
  type SetOperation,
  type StateItem,
} from './state-store.ts'

export interface StateContext {
  appId: string
  namespace: string
  clock: Clock
  components: Components
  resiliency: () => Resiliency
}

interface Store extends LoadedStateStore {
  name: string
  /** `told`: whether a refusal names the key's field. */
  keyOf(key: string, told?: boolean): string
  run<T>(work: () => Promise<T>): Promise<T>
}

/** An etag mismatch is the caller's news, not the store's fault: no retry helps. */
function settled<T>(work: () => Promise<T>): Promise<{ value: T } | { mismatch: EtagMismatchError }> {
  return work().then(
    value => ({ value }),
    error => {
      if (error instanceof EtagMismatchError) return { mismatch: error }
      throw error
    },
  )
}

function open(context: StateContext, name: string): Store {
  const { configured, found } = context.components.stateStore(name)
  if (!configured) throw errors.notConfigured(name, context.appId)
  if (!found) throw errors.notFound(name, context.appId)
  const prefixes: Record<string, string> = {
    appid: `${context.appId}||`,
    name: `${name}||`,
    namespace: `${context.namespace}.${context.appId}||`,
    none: '',
  }
  const prefix = prefixes[found.keyPrefix] ?? `${found.keyPrefix}||`
  const policy: Policy = context.resiliency().component(name, 'Statestore', 'Outbound')
  return {
    ...found,
    name,
    keyOf(key, told = true) {
      if (key.includes('||')) throw errors.illegalKey(name, key, told)
      return prefix + key
    },
    async run(work) {
      const result = await runWith(policy, context.clock, new AbortController().signal, () => settled(work))
      if ('mismatch' in result) throw result.mismatch
      return result.value
    },
  }
}

const ttlHeader = (item: StateItem): Record<string, string> =>
  item.expires === undefined ? {} : { ttlExpireTime: new Date(item.expires).toISOString().replace(/\.\d+Z$/, 'Z') }

export async function getState(context: StateContext, _request: ApiRequest, name: string, key: string): Promise<Reply> {
  const store = open(context, name)
  const stored = store.keyOf(key)
  try {
    const item = (await store.run(() => store.store.get([stored]))).get(stored)
    if (item === undefined) return noContent
    const ttl = Object.entries(ttlHeader(item)).map(([header, value]) => [`metadata.${header}`, value])
    const headers = { 'content-type': 'application/json', etag: item.etag, ...Object.fromEntries(ttl) }
    return { status: 200, headers, body: item.value }
  } catch (error) {
    throw new DaprError(500, 'ERR_STATE_GET', `fail to get ${key} from state store ${name}: ${messageOf(error)}`)
  }
}

export async function getBulkState(context: StateContext, request: ApiRequest, name: string): Promise<Reply> {
  const store = open(context, name)
  const body = await readJson(request)
  const keys = isRecord(body) && Array.isArray(body['keys']) ? body['keys'].map(String) : []
  const stored = keys.map(key => store.keyOf(key))
  try {
    const items = await store.run(() => store.store.get(stored))
    return json(
      keys.map((key, at) => {
        const item = items.get(stored[at]!)
        if (item === undefined) return { key }
        const metadata = ttlHeader(item)
        const extra = Object.keys(metadata).length > 0 ? { metadata } : {}
        return { key, data: JSON.parse(item.value.toString()) as unknown, etag: item.etag, ...extra }
      }),
    )
  } catch (error) {
    throw new DaprError(500, 'ERR_STATE_BULK_GET', messageOf(error))
  }
}

function ttlOf(metadata: Record<string, unknown>): number | undefined {
  const text = metadata['ttlInSeconds']
  if (text === undefined || text === '') return undefined
  const ttl = Number(text)
  if (!Number.isInteger(ttl)) throw new Error(`error parsing TTL: incorrect value for metadata 'ttlInSeconds': ${text}`)
  return ttl
}

function etagOf(request: Record<string, unknown>): string | undefined {
  const { etag } = request
  return typeof etag === 'string' && etag !== '' ? etag : undefined
}

function setOperation(
  one: Record<string, unknown>,
  store: Store,
  query: Record<string, string>,
  told = true,
): SetOperation {
  const { key } = one
  if (typeof key !== 'string' || key === '') throw errors.malformed('"key" is a required field')
  const options = isRecord(one['options']) ? one['options'] : {}
  const concurrency = String(options['concurrency'] ?? '')
  if (!['', 'first-write', 'last-write'].includes(concurrency)) {
    throw new Error(`unrecognized concurrency model '${concurrency}'`)
  }
  const consistency = String(options['consistency'] ?? '')
  if (!['', 'strong', 'eventual'].includes(consistency)) {
    throw new Error(`unrecognized consistency model '${consistency}'`)
  }
  return {
    type: 'upsert',
    key: store.keyOf(key, told),
    value: Buffer.from(JSON.stringify(one['value'] ?? null)),
    etag: etagOf(one),
    firstWrite: concurrency === 'first-write',
    ttl: ttlOf({ ...(isRecord(one['metadata']) ? one['metadata'] : {}), ...query }),
  }
}

const failure = (code: string, prefix: string, error: unknown): DaprError => {
  if (error instanceof DaprError) return error
  return new DaprError(error instanceof EtagMismatchError ? 409 : 500, code, `${prefix}${messageOf(error)}`)
}

export async function saveState(context: StateContext, request: ApiRequest, name: string): Promise<Reply> {
  const store = open(context, name)
  const body = await readJson(request).catch(error => {
    throw errors.malformed(messageOf(error))
  })
  if (!Array.isArray(body)) throw errors.malformed('the body is not a JSON array of {key, value}')
  const failures: unknown[] = []
  try {
    const operations = body.filter(isRecord).map(one => setOperation(one, store, request.metadata))
    // Several keys are several writes, not a transaction (state.NewDefaultBulkStore): the rest is written all the same.
    for (const operation of operations) {
      await store.run(() => store.store.apply([operation])).catch(error => failures.push(error))
    }
    if (failures.length > 0) throw failures[0]
    return noContent
  } catch (error) {
    throw failure('ERR_STATE_SAVE', `failed saving state in state store ${name}: `, error)
  }
}

export async function deleteState(
  context: StateContext,
  request: ApiRequest,
  name: string,
  key: string,
): Promise<Reply> {
  const store = open(context, name)
  const etag = request.headers['if-match']
  const operation: DeleteOperation = { type: 'delete', key: store.keyOf(key), etag }
  try {
    await store.run(() => store.store.apply([operation]))
    return noContent
  } catch (error) {
    throw failure('ERR_STATE_DELETE', `failed deleting state with key ${key}: `, error)
  }
}

export async function transactState(context: StateContext, request: ApiRequest, name: string): Promise<Reply> {
  const store = open(context, name)
  const body = await readJson(request)
  if (!isRecord(body)) throw malformedRequest('the body is not a JSON object')
  const list = Array.isArray(body['operations']) ? body['operations'].filter(isRecord) : []
  try {
    const operations = list.map((one): Operation => {
      const target = isRecord(one['request']) ? one['request'] : {}
      if (one['operation'] === 'upsert') return setOperation(target, store, request.metadata, false)
      if (one['operation'] !== 'delete') throw errors.unsupportedOperation(String(one['operation']))
      return { type: 'delete', key: store.keyOf(String(target['key'] ?? ''), false), etag: etagOf(target) }
    })
    if (operations.length > 0) await store.run(() => store.store.apply(operations))
    return noContent
  } catch (error) {
    if (error instanceof DaprError) throw error
    // A mismatch inside a transaction is a 500 in Dapr, unlike that of a single write (onPostStateTransaction).
    throw new DaprError(500, 'ERR_STATE_TRANSACTION', `error while executing state transaction: ${messageOf(error)}`)
  }
}
