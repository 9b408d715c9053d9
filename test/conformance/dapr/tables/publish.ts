import {
  bodyOf,
  CLOUD_EVENT,
  codesOf,
  dataOf,
  got,
  headersOf,
  JSON_TYPE,
  type Json,
  type JsonObject,
  post,
  publish,
  type Row,
  type Step,
  type Table,
} from '../row.ts'

const WRAPPING = 'components-contrib pubsub/envelope.go NewCloudEventsEnvelope; dapr pkg/runtime/pubsub/cloudevents.go'
const ADOPTING =
  'dapr pkg/runtime/pubsub/cloudevents.go NewCloudEvent; components-contrib pubsub/envelope.go FromCloudEvent'
const API = 'dapr pkg/api/http/http.go onPublish; pkg/api/errors/pubsub.go'
const METADATA = 'dapr pkg/api/http/http.go getMetadataFromRequest'
const PRODUCER = 'components-contrib common/component/kafka/producer.go'
const RAW = 'components-contrib pubsub/envelope.go FromRawPayload'

/** A row that publishes to its topic and looks at what its app gets. */
const delivered = (name: string, rule: string, step: Step, show: (call: JsonObject) => Json = bodyOf): Row => ({
  name,
  rule,
  subscriptions: [{}],
  steps: [step, got('/{id}', 1, { show })],
})

/** What lies in the topic: seen by a second group that takes it raw. */
const stored = (name: string, rule: string, ...steps: Step[]): Row => ({
  name,
  rule,
  subscriptions: [{ pubsubname: 'observer', route: '/{id}/raw', metadata: { rawPayload: 'true' } }],
  steps: [
    ...steps,
    got('/{id}/raw', steps.length, {
      show: call => {
        const { data_base64, ...event } = call['body'] as JsonObject
        const text = Buffer.from(String(data_base64), 'base64').toString()
        let value: Json = text
        try {
          value = JSON.parse(text) as Json
        } catch {
          // It is no JSON then.
        }
        return { headers: call['headers']!, event, value }
      },
    }),
  ],
})

const text = { 'content-type': 'text/plain' }
const event = { specversion: '1.0', id: 'of-the-app', source: 'the-app', type: 'app.made' }
const keyOf = (call: JsonObject): Json => (call['headers'] as JsonObject)['__key'] ?? null

// biome-ignore format: a table is read row by row
export const publishing: Table = {
  name: 'publish',
  rows: [
    delivered('an object is wrapped', WRAPPING, publish({ a: 1 })),
    delivered('a list is wrapped', WRAPPING, publish([1, 2]), dataOf),
    delivered('a number is wrapped', WRAPPING, publish('7'), dataOf),
    delivered('false is wrapped', WRAPPING, publish('false'), dataOf),
    delivered('null is wrapped', WRAPPING, publish('null')),
    delivered('a number of many digits', WRAPPING, publish('{"n":12345678901234567890}'), dataOf),
    delivered('a fraction', WRAPPING, publish('{"n":1.50}'), dataOf),
    delivered('text is wrapped', WRAPPING, publish('hello', '', text)),
    delivered('no body', WRAPPING, publish('')),
    delivered('JSON that is none', WRAPPING, publish('{"a":')),
    delivered('bytes are wrapped', WRAPPING, publish('bytes', '', { 'content-type': 'application/octet-stream' })),
    delivered('a content type of its own', WRAPPING, publish('<a/>', '', { 'content-type': 'application/xml' })),
    delivered('JSON with a charset', WRAPPING, publish({ a: 1 }, '', { 'content-type': 'application/json; charset=utf-8' })),
    delivered('a type that ends in +json', WRAPPING, publish({ a: 1 }, '', { 'content-type': 'application/vnd.todo+json' })),
    delivered('letters of all alphabets', WRAPPING, publish({ text: 'Grüße, 世界 🎉' }), dataOf),
    delivered('HTML stays as it is', WRAPPING, publish({ text: '<b>&</b>' }), dataOf),
    ...['id', 'type', 'source', 'subject', 'traceid', 'traceparent', 'tracestate', 'datacontenttype', 'time'].map(name =>
      delivered(`cloudevent.${name} of the query`, WRAPPING, publish({ a: 1 }, `?metadata.cloudevent.${name}=chosen`))),
    delivered('cloudevent.ID in capitals', WRAPPING, publish({ a: 1 }, '?metadata.cloudevent.ID=chosen')),
    delivered('a trace begins where tracing is on', 'dapr pkg/api/http/server.go useTracing; pkg/diagnostics/utils IsTracingEnabled', { ...publish({ a: 1 }), on: 'other' } as Step),
    delivered('a trace goes on where tracing is on', 'dapr pkg/diagnostics/http_tracing.go', { ...publish({ a: 1 }, '', { ...JSON_TYPE, traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', tracestate: 'a=b' }), on: 'other' } as Step, call => { const { traceparent, tracestate } = call['body'] as JsonObject; return [String(traceparent).split('-')[1]!, tracestate!] }),
    delivered('a trace of the caller', WRAPPING, publish({ a: 1 }, '', { ...JSON_TYPE, traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' }), call => { const { traceparent, traceid } = call['body'] as JsonObject; return [String(traceparent).split('-'), String(traceid).split('-')] }),
    delivered('a CloudEvent stays', ADOPTING, publish({ ...event, data: { a: 1 } }, '', CLOUD_EVENT)),
    delivered('a CloudEvent keeps extensions', ADOPTING, publish({ ...event, userid: 'u1', data: 1 }, '', CLOUD_EVENT)),
    delivered('a CloudEvent keeps its time', ADOPTING, publish({ ...event, time: '2001-02-03T04:05:06Z' }, '', CLOUD_EVENT)),
    delivered('a CloudEvent cannot choose its topic', ADOPTING, publish({ ...event, topic: 'elsewhere', pubsubname: 'other' }, '', CLOUD_EVENT)),
    delivered('a CloudEvent without an id', ADOPTING, publish({ specversion: '1.0', source: 's', type: 't' }, '', CLOUD_EVENT)),
    delivered('a CloudEvent without a source', ADOPTING, publish({ specversion: '1.0', id: 'i', type: 't' }, '', CLOUD_EVENT)),
    delivered('a CloudEvent without a type', ADOPTING, publish({ specversion: '1.0', id: 'i', source: 's' }, '', CLOUD_EVENT)),
    delivered('an empty CloudEvent', ADOPTING, publish({}, '', CLOUD_EVENT)),
    delivered('a CloudEvent and the query', ADOPTING, publish({ ...event }, '?metadata.cloudevent.type=chosen&metadata.cloudevent.id=chosen', CLOUD_EVENT)),
    delivered('a CloudEvent with data_base64', ADOPTING, publish({ ...event, data_base64: 'AQI=' }, '', CLOUD_EVENT)),
    delivered('a CloudEvent of another version', ADOPTING, publish({ ...event, specversion: '0.3' }, '', CLOUD_EVENT)),
    { name: 'a CloudEvent that is a list', rule: ADOPTING, steps: [post('/v1.0/publish/pubsub/{id}', [1], { headers: CLOUD_EVENT, show: codesOf })] },
    { name: 'a partition that is not there', rule: PRODUCER, steps: [post('/v1.0/publish/pubsub/{id}?metadata.partitionNumber=7', 1, { headers: JSON_TYPE, show: codesOf })] },
    { name: 'a partition of its own', rule: PRODUCER, subscriptions: [{ pubsubname: 'observer', topic: 'parts-chosen' }], steps: [post('/v1.0/publish/pubsub/parts-chosen?metadata.partitionNumber=2', 1, { headers: JSON_TYPE }), got('/{id}', 1, { show: call => (call['headers'] as JsonObject)['__partition'] ?? null })] },
    { name: 'keys and their partitions', rule: PRODUCER, subscriptions: [{ topic: 'parts-by-key' }], steps: [...['user-1', 'user-2', 'ü', '', 'a much longer key than the others'].map(key => post(`/v1.0/publish/pubsub/parts-by-key?metadata.partitionKey=${encodeURIComponent(key)}`, 1, { headers: JSON_TYPE })), got('/{id}', 5, { sorted: true, show: call => { const { __key, __partition } = call['headers'] as JsonObject; return `${__key ?? 'none'}: ${__key ? __partition : ''}` } })] },
    { name: 'a CloudEvent that is no JSON', rule: ADOPTING, steps: [post('/v1.0/publish/pubsub/{id}', '{"a":', { headers: CLOUD_EVENT, show: codesOf })] },
    delivered('JSON that looks like a CloudEvent is wrapped', WRAPPING, publish({ ...event, data: 1 })),
    delivered('a time to live', 'dapr pkg/runtime/pubsub; components-contrib metadata/utils.go TryGetTTL', publish({ a: 1 }, '?metadata.ttlInSeconds=60'), bodyOf),
    { name: 'expired before it is delivered', rule: 'dapr pkg/runtime/subscription/subscription.go pubsub.HasExpired', subscriptions: [{}], steps: [publish({ ...event, expiration: '2001-01-01T00:00:00Z' }, '', CLOUD_EVENT), got('/{id}', 0)] },
    delivered('headers of a delivery', PRODUCER, publish({ a: 1 }, '?metadata.partitionKey=k1'), headersOf),
    delivered('metadata in a header is not read', METADATA, publish({ a: 1 }, '', { ...JSON_TYPE, 'metadata.partitionKey': 'k1' }), headersOf),
    delivered('metadata of its own', METADATA, publish({ a: 1 }, '?metadata.mine=yes&other=no'), headersOf),
    delivered('metadata given twice', METADATA, publish({ a: 1 }, '?metadata.mine=one&metadata.mine=two'), headersOf),
    delivered('metadata with letters of all alphabets', METADATA, publish({ a: 1 }, `?metadata.mine=${encodeURIComponent('ü')}`), headersOf),
    delivered('metadata in capitals', METADATA, publish({ a: 1 }, '?METADATA.mine=yes'), headersOf),
    delivered('partitionKey is the key', PRODUCER, publish({ a: 1 }, '?metadata.partitionKey=user-1'), keyOf),
    delivered('__key is the key', PRODUCER, publish({ a: 1 }, '?metadata.__key=user-2'), keyOf),
    delivered('__key before partitionKey', PRODUCER, publish({ a: 1 }, '?metadata.__key=user-2&metadata.partitionKey=user-1'), keyOf),
    delivered('no key', PRODUCER, publish({ a: 1 }), keyOf),
    { name: 'one key, one partition', rule: PRODUCER, subscriptions: [{ topic: 'parts' }], steps: [...['a', 'b', 'c', 'a', 'b'].map(key => post(`/v1.0/publish/pubsub/parts?metadata.partitionKey=${key}`, { key }, { headers: JSON_TYPE })), got('/{id}', 5, { sorted: true, show: call => { const { __key, __partition } = call['headers'] as JsonObject; return [__key!, __partition!] } })] },
    { name: 'a partition that is no number', rule: PRODUCER, steps: [post('/v1.0/publish/pubsub/{id}?metadata.partitionNumber=x', 1, { headers: JSON_TYPE, show: codesOf })] },
    stored('an envelope in the topic', WRAPPING, publish({ a: 1 }, '?metadata.partitionKey=k')),
    stored('raw in the topic', RAW, publish({ a: 1 }, '?metadata.rawPayload=true&metadata.partitionKey=k')),
    stored('raw as T', RAW, publish({ a: 1 }, '?metadata.rawPayload=T')),
    stored('raw text', RAW, publish('just text', '?metadata.rawPayload=true', text)),
    stored('not raw', RAW, publish({ a: 1 }, '?metadata.rawPayload=false')),
    stored('a raw CloudEvent', RAW, publish({ ...event, data: 1 }, '?metadata.rawPayload=true', CLOUD_EVENT)),
    { name: 'raw that is no boolean', rule: RAW, steps: [post('/v1.0/publish/pubsub/{id}?metadata.rawPayload=maybe', 1, { headers: JSON_TYPE, show: codesOf })] },
    { name: 'the answer to a publish', rule: API, steps: [publish({ a: 1 })] },
    { name: 'PUT publishes too', rule: API, steps: [{ ...publish({ a: 1 }), method: 'PUT' } as Step] },
    { name: 'GET does not', rule: API, steps: [{ do: 'call', on: 'orders', method: 'GET', path: '/v1.0/publish/pubsub/{id}', show: codesOf }] },
    { name: 'a pubsub that is not there', rule: API, steps: [post('/v1.0/publish/nothing/{id}', 1)] },
    { name: 'no topic', rule: API, steps: [post('/v1.0/publish/pubsub/', 1)] },
    { name: 'neither pubsub nor topic', rule: API, steps: [post('/v1.0/publish/', 1, { show: codesOf })] },
    { name: 'a topic that is not there', rule: API, steps: [post('/v1.0/publish/pubsub/{id}-nothing', 1, { show: codesOf })] },
    { name: 'a component of another app', rule: 'dapr pkg/runtime/authorizer', steps: [post('/v1.0/publish/store/{id}', 1)] },
    { name: 'too large a message', rule: 'sarama MaxMessageBytes; Kafka max.message.bytes', steps: [post('/v1.0/publish/pubsub/{id}', 'x'.repeat(2 * 1024 * 1024), { show: codesOf })] },
    { name: 'too large a body', rule: 'dapr pkg/api/http/server.go useMaxBodySize', steps: [post('/v1.0/publish/pubsub/{id}', 'x'.repeat(5 * 1024 * 1024))] },
    { name: 'a topic that may be published to', rule: 'dapr pkg/scopes; pkg/runtime/pubsub/publisher', steps: [post('/v1.0/publish/pubsub-scoped/allowed', 1)] },
    { name: 'a topic of another app', rule: 'dapr pkg/scopes; pkg/runtime/pubsub/publisher', steps: [post('/v1.0/publish/pubsub-scoped/mine', 1)] },
    { name: 'a protected topic', rule: 'dapr pkg/scopes IsOperationAllowed', steps: [post('/v1.0/publish/pubsub-scoped/guarded', 1)] },
    { name: 'a topic that is not allowed', rule: 'dapr pkg/scopes IsOperationAllowed', steps: [post('/v1.0/publish/pubsub-scoped/others', 1)] },
  ],
}
