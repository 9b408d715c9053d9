import {
  call,
  codesOf,
  del,
  get,
  JSON_TYPE,
  type Json,
  type JsonObject,
  post,
  type Row,
  type Step,
  silent,
  type Table,
  wait,
} from '../row.ts'

const API = 'dapr pkg/api/http/http.go onPostState, onGetState, onDeleteState; pkg/api/errors/state.go'
const STORE = 'components-contrib state/in-memory/in_memory.go'
const ETAG = 'components-contrib state/errors.go; state/in-memory/in_memory.go'
const PREFIX = 'dapr pkg/components/state/state_config.go GetModifiedStateKey'
const BULK = 'dapr pkg/api/http/http.go onBulkGetState'
const TRANSACTION = 'dapr pkg/api/http/http.go onPostStateTransaction'

const path = '/v1.0/state/store'
const save = (items: unknown, query = '') => post(`${path}${query}`, items, { headers: JSON_TYPE })
const item = (value: unknown, more: JsonObject = {}) => [{ key: '{id}', value: value as Json, ...more }]
const read = (store = 'store') => get(`/v1.0/state/${store}/{id}`)
const etag = { saves: { etag: ({ headers }: { headers: Readonly<Record<string, string>> }) => headers['etag'] ?? '' } }
const remember: Step = get(`${path}/{id}`, { save: etag.saves, silent: true })
const first = silent(save(item({ n: 1 })))
const kept = (name: string, rule: string, ...steps: Step[]): Row => ({ name, rule, steps })
const transaction = (operations: unknown, more: JsonObject = {}) =>
  post(`${path}/transaction`, { operations, ...more }, { headers: JSON_TYPE })
const upsert = (key: string, value: Json, more: JsonObject = {}): JsonObject => ({
  operation: 'upsert',
  request: { key, value, ...more },
})
const withoutEtags = (body: Json): Json =>
  Array.isArray(body) ? (body as JsonObject[]).map(({ etag: _, ...each }) => each) : body
const gone: Step = get(`${path}/{id}`, { until: status => status === 204 })

// biome-ignore format: a table is read row by row
export const states: Table = {
  name: 'state',
  rows: [
    kept('saved and read', STORE, save(item({ n: 1 })), read()),
    kept('a text', STORE, save(item('text')), read()),
    kept('a number', STORE, save(item(7)), read()),
    kept('null', STORE, save(item(null)), read()),
    kept('false', STORE, save(item(false)), read()),
    kept('a list', STORE, save(item([1, 'a'])), read()),
    kept('letters of all alphabets', STORE, save(item('世界 🎉')), read()),
    kept('a number of many digits', STORE, save('[{"key":"{id}","value":{"n":12345678901234567890}}]'), get(`${path}/{id}`, { show: body => JSON.stringify(body) })),
    kept('no value', STORE, save([{ key: '{id}' }]), read()),
    kept('what is not there', STORE, read()),
    kept('written over', STORE, first, save(item(2)), read()),
    kept('PUT saves too', API, call('PUT', path, item(1), { headers: JSON_TYPE }), read()),
    kept('two at once', API, save([{ key: '{id}', value: 1 }, { key: '{id}-2', value: 2 }]), read(), get(`${path}/{id}-2`)),
    kept('none at once', API, save([])),
    kept('deleted', API, first, del(`${path}/{id}`), read()),
    kept('what is not there is deleted', API, del(`${path}/{id}`)),
    kept('a key in the path with an escape', API, save([{ key: '{id} x', value: 1 }]), get(`${path}/{id}%20x`)),
    kept('a store that is not there', API, post('/v1.0/state/nothing', item(1))),
    kept('read of a store that is not there', API, get('/v1.0/state/nothing/{id}')),
    kept('a store of another app', API, get('/v1.0/state/elsewhere/{id}')),
    kept('where there is no store', API, get('/v1.0/state/store/{id}', { on: 'lone' })),
    kept('no key', API, post(path, [{ value: 1 }], { show: codesOf })),
    kept('no list', API, post(path, { key: '{id}', value: 1 }, { show: codesOf })),
    kept('no JSON', API, post(path, '[{', { show: codesOf })),
    kept('too large a body', API, post(path, 'x'.repeat(5 * 1024 * 1024), { show: codesOf })),
    kept('a key with bars', API, post(path, [{ key: '{id}||x', value: 1 }])),
    kept('reading a key with bars', API, get(`${path}/{id}%7C%7Cx`)),
    kept('an unknown concurrency', API, post(path, item(1, { options: { concurrency: 'perhaps' } }), { show: codesOf })),
    kept('an unknown consistency', API, post(path, item(1, { options: { consistency: 'perhaps' } }), { show: codesOf })),
    kept('strong consistency', API, save(item(1, { options: { consistency: 'strong' } })), get(`${path}/{id}?consistency=strong`)),
    kept('the etag it has', ETAG, first, remember, save(item(2, { etag: '{saved:etag}' })), read()),
    kept('an etag of another', ETAG, first, post(path, item(2, { etag: '00000000-0000-4000-8000-000000000000' }), { show: codesOf }), read()),
    kept('an etag that is none', ETAG, first, post(path, item(2, { etag: 'x' }), { show: codesOf })),
    kept('an etag for what is not there', ETAG, post(path, item(2, { etag: '00000000-0000-4000-8000-000000000000' }), { show: codesOf }), read()),
    kept('an empty etag', ETAG, first, save(item(2, { etag: '' })), read()),
    kept('first write of what is there', ETAG, first, post(path, item(2, { options: { concurrency: 'first-write' } }), { show: codesOf }), read()),
    kept('first write of what is not there', ETAG, save(item(2, { options: { concurrency: 'first-write' } })), read()),
    kept('first write with the etag', ETAG, first, remember, save(item(2, { etag: '{saved:etag}', options: { concurrency: 'first-write' } })), read()),
    kept('last write with an old etag', ETAG, first, post(path, item(2, { etag: '00000000-0000-4000-8000-000000000000', options: { concurrency: 'last-write' } }), { show: codesOf })),
    kept('each write has another etag', ETAG, first, read(), silent(save(item(2))), read()),
    kept('deleted with its etag', ETAG, first, remember, del(`${path}/{id}`, { headers: { 'if-match': '{saved:etag}' } }), read()),
    kept('not deleted with another etag', ETAG, first, del(`${path}/{id}`, { headers: { 'if-match': '00000000-0000-4000-8000-000000000000' }, show: codesOf }), read()),
    kept('not deleted with an etag that is none', ETAG, first, del(`${path}/{id}`, { headers: { 'if-match': 'x' }, show: codesOf })),
    kept('deleted with an etag and not there', ETAG, del(`${path}/{id}`, { headers: { 'if-match': '00000000-0000-4000-8000-000000000000' }, show: codesOf })),
    kept('lives for a second', STORE, save(item(1, { metadata: { ttlInSeconds: '1' } })), read(), wait(1200), gone),
    kept('lives for a second by the query', STORE, save(item(1), '?metadata.ttlInSeconds=1'), read(), wait(1200), gone),
    kept('lives for ever', STORE, save(item(1, { metadata: { ttlInSeconds: '-1' } })), read()),
    kept('a life that is no number', STORE, post(path, item(1, { metadata: { ttlInSeconds: 'long' } }), { show: codesOf })),
    kept('a life below -1', STORE, post(path, item(1, { metadata: { ttlInSeconds: '-2' } }), { show: codesOf })),
    kept('a life that ends by a write', STORE, silent(save(item(1, { metadata: { ttlInSeconds: '1' } }))), save(item(2)), wait(1200), read()),
    kept('keys of an app', PREFIX, first, get('/v1.0/state/store/{id}', { on: 'orders' })),
    kept('keys by the name of the store', PREFIX, post('/v1.0/state/store-by-name', item(1)), get('/v1.0/state/store-by-name/{id}')),
    kept('keys without a prefix', PREFIX, post('/v1.0/state/store-none', item(1)), get('/v1.0/state/store-none/{id}')),
    kept('many are read at once', BULK, first, post(`${path}/bulk`, { keys: ['{id}', '{id}-nothing'] }, { show: withoutEtags })),
    kept('many with their parallelism', BULK, first, post(`${path}/bulk`, { keys: ['{id}'], parallelism: 2 }, { show: withoutEtags })),
    kept('none are read at once', BULK, post(`${path}/bulk`, { keys: [] })),
    kept('many of no JSON', BULK, post(`${path}/bulk`, '{', { show: codesOf })),
    kept('many of a store that is not there', BULK, post('/v1.0/state/nothing/bulk', { keys: ['a'] })),
    kept('the life of many', BULK, silent(save(item(1, { metadata: { ttlInSeconds: '60' } }))), post(`${path}/bulk`, { keys: ['{id}'] }, { show: withoutEtags })),
    kept('a transaction', TRANSACTION, transaction([upsert('{id}', 1), upsert('{id}-2', 2)]), read(), get(`${path}/{id}-2`)),
    kept('a transaction that deletes', TRANSACTION, first, transaction([{ operation: 'delete', request: { key: '{id}' } }]), read()),
    kept('a transaction in its order', TRANSACTION, transaction([upsert('{id}', 1), { operation: 'delete', request: { key: '{id}' } }, upsert('{id}', 2)]), read()),
    kept('a transaction is all or nothing', TRANSACTION, first, post(`${path}/transaction`, { operations: [upsert('{id}-2', 2), upsert('{id}', 2, { etag: '00000000-0000-4000-8000-000000000000' })] }, { show: codesOf }), read(), get(`${path}/{id}-2`)),
    kept('a transaction with the etag', TRANSACTION, first, remember, transaction([upsert('{id}', 2, { etag: '{saved:etag}' })]), read()),
    kept('a transaction of nothing', TRANSACTION, transaction([])),
    kept('a transaction with an unknown operation', TRANSACTION, post(`${path}/transaction`, { operations: [{ operation: 'rename', request: { key: '{id}' } }] })),
    kept('a transaction of no JSON', TRANSACTION, post(`${path}/transaction`, '{', { show: codesOf })),
    kept('a transaction of a store that is not there', TRANSACTION, post('/v1.0/state/nothing/transaction', { operations: [] })),
    kept('a transaction with a life', TRANSACTION, transaction([upsert('{id}', 1, { metadata: { ttlInSeconds: '1' } })]), read(), wait(1200), gone),
    kept('a transaction with metadata of all', TRANSACTION, transaction([upsert('{id}', 1)], { metadata: { ttlInSeconds: '1' } }), read(), wait(1200), gone),
    kept('a transaction with a key of bars', TRANSACTION, post(`${path}/transaction`, { operations: [upsert('{id}||x', 1)] }, { show: codesOf })),
  ],
}
