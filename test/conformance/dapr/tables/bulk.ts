import {
  type Answer,
  codesOf,
  dataOf,
  got,
  JSON_TYPE,
  type Json,
  type JsonObject,
  post,
  publish,
  type Row,
  type Table,
} from '../row.ts'

const PUBLISH = 'dapr pkg/api/http/http.go onBulkPublish; pkg/runtime/pubsub/publisher BulkPublish'
const DELIVER = 'dapr pkg/runtime/subscription/bulksubscription.go; postman/http/http.go DeliverBulk'

const entry = (entryId: string, event: unknown, more: JsonObject = {}): JsonObject => ({
  entryId,
  event: event as Json,
  contentType: 'application/json',
  ...more,
})
const bulk = (entries: unknown, query = '', version = 'v1.0') =>
  post(`/${version}/publish/bulk/pubsub/{id}${query}`, entries, { headers: JSON_TYPE, show: codesOf })
const published = (
  name: string,
  entries: unknown,
  count: number,
  show: (call: JsonObject) => Json = dataOf,
  query = '',
  version?: string,
): Row => ({
  name,
  rule: PUBLISH,
  subscriptions: [{}],
  steps: [bulk(entries, query, version), got('/{id}', count, { show })],
})

const subscribe = { enabled: true, maxMessagesCount: 3, maxAwaitDurationMs: 400 }
const eventsOf = (call: JsonObject): Json =>
  ((call['body'] as JsonObject)['entries'] as JsonObject[]).map(each => (each['event'] as JsonObject)['data'] ?? null)
const three = [entry('1', { n: 1 }), entry('2', { n: 2 }), entry('3', { n: 3 })]

/** The app's answer to a batch, by the data of the entries: what comes again tells what it meant. */
const batch = (name: string, answers: readonly Answer[], calls: number, dead?: number): Row => ({
  name,
  rule: DELIVER,
  subscriptions: [
    { bulkSubscribe: subscribe, ...(dead === undefined ? {} : { deadLetterTopic: '{id}-dead' }) },
    ...(dead === undefined ? [] : [{ topic: '{id}-dead', route: '/{id}/dead' }]),
  ],
  answers: { '/{id}': answers },
  steps: [
    publish({ n: 1 }),
    got('/{id}', calls, { show: eventsOf }),
    ...(dead === undefined ? [] : [got('/{id}/dead', dead, { show: dataOf })]),
  ],
})

// biome-ignore format: a table is read row by row
export const bulks: Table = {
  name: 'bulk',
  rows: [
    published('three at once', three, 3),
    published('the older path', three, 3, dataOf, '', 'v1.0-alpha1'),
    published('text', [entry('1', 'hello', { contentType: 'text/plain' })], 1, call => call['body']!),
    published('bytes', [entry('1', 'AQI=', { contentType: 'application/octet-stream' })], 1, call => call['body']!),
    published('a CloudEvent', [entry('1', { specversion: '1.0', id: 'i', source: 's', type: 't', data: 1 }, { contentType: 'application/cloudevents+json' })], 1, call => call['body']!),
    published('an envelope', [entry('1', { n: 1 })], 1, call => call['body']!),
    published('keys of entries', [entry('1', 1, { metadata: { partitionKey: 'k1' } }), entry('2', 2, { metadata: { partitionKey: 'k2' } })], 2, call => (call['headers'] as JsonObject)['__key'] ?? null),
    published('the key of the query is of all', [entry('1', 1, { metadata: { partitionKey: 'k1' } })], 1, call => (call['headers'] as JsonObject)['__key'] ?? null, '?metadata.partitionKey=all'),
    published('raw', [entry('1', { n: 1 })], 0, dataOf, '?metadata.rawPayload=true'),
    { name: 'the answer', rule: PUBLISH, steps: [post('/v1.0/publish/bulk/pubsub/{id}', three, { headers: JSON_TYPE })] },
    { name: 'too large a body', rule: PUBLISH, steps: [post('/v1.0/publish/bulk/pubsub/{id}', 'x'.repeat(5 * 1024 * 1024), { show: codesOf })] },
    { name: 'an empty list', rule: PUBLISH, steps: [bulk([])] },
    { name: 'no list', rule: PUBLISH, steps: [bulk({ entryId: '1' })] },
    { name: 'no JSON', rule: PUBLISH, steps: [bulk('[{')] },
    { name: 'the same entry twice', rule: PUBLISH, steps: [bulk([entry('1', 1), entry('1', 2)])] },
    { name: 'an entry without an id', rule: PUBLISH, steps: [bulk([entry('', 1)])] },
    { name: 'an entry without a content type', rule: PUBLISH, steps: [bulk([{ entryId: '1', event: { a: 1 } }])] },
    { name: 'text without a content type', rule: PUBLISH, steps: [bulk([{ entryId: '1', event: 'hello' }])] },
    { name: 'a content type that does not fit', rule: PUBLISH, steps: [bulk([entry('1', { a: 1 }, { contentType: 'text/plain' })])] },
    { name: 'a pubsub that is not there', rule: PUBLISH, steps: [post('/v1.0/publish/bulk/nothing/{id}', three)] },
    { name: 'no topic', rule: PUBLISH, steps: [post('/v1.0/publish/bulk/pubsub/', three, { show: codesOf })] },
    { name: 'a topic that is not allowed', rule: PUBLISH, steps: [post('/v1.0/publish/bulk/pubsub-scoped/others', three)] },
    { name: 'a batch is one request', rule: DELIVER, subscriptions: [{ bulkSubscribe: subscribe }], answers: { '/{id}': [{ body: { statuses: [{ entryId: '0', status: 'SUCCESS' }] } }] }, steps: [publish({ n: 1 }), { do: 'got', app: 'orders', path: '/{id}', count: 1, show: call => { const { entries, ...rest } = call['body'] as JsonObject; return { ...rest, method: call['method']!, entries: (entries as JsonObject[]).map(({ entryId: _, ...each }) => each) } } }] },
    batch('no statuses at all', [{ body: {} }, { status: 404 }], 2),
    batch('404 is done with', [{ status: 404 }], 1),
    batch('500 comes again', [{ status: 500 }, { status: 404 }], 2),
    batch('500 is a dead letter', [{ status: 500 }], 1, 1),
    batch('no statuses are dead letters', [{ body: {} }], 1, 1),
    batch('statuses of others are dead letters', [{ body: { statuses: [{ entryId: 'x', status: 'SUCCESS' }] } }], 1, 1),
    batch('an answer that is no JSON', [{ body: 'fine' }, { status: 404 }], 2),
    batch('an answer that is empty', [{}, { status: 404 }], 2),
  ],
}
