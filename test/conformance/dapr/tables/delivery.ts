import {
  type Answer,
  bodyOf,
  CLOUD_EVENT,
  dataOf,
  got,
  JSON_TYPE,
  type Json,
  type JsonObject,
  post,
  publish,
  type Row,
  type SubscriptionOf,
  type Table,
} from '../row.ts'

const WORDS = 'dapr pkg/runtime/subscription/postman/http/http.go Deliver'
const ROUTING = 'dapr pkg/runtime/pubsub/subscriptions.go; pkg/runtime/subscription/subscription.go findMatchingRoute'
const DEAD = 'dapr pkg/runtime/subscription/subscription.go sendToDeadLetter'
const SUBSCRIBE = 'dapr pkg/runtime/pubsub/subscriptions.go GetSubscriptionsHTTP'
const RESILIENCY = 'dapr pkg/resiliency/policy.go; pkg/runtime/subscription/subscription.go'
const ok: Answer = {}

/** The first answer of the app, then success: how often it is called tells what the answer meant. */
const answered = (name: string, first: Answer, calls: number): Row => ({
  name,
  rule: WORDS,
  subscriptions: [{}],
  answers: { '/{id}': [first, ok] },
  steps: [publish({ a: 1 }), got('/{id}', calls, { show: dataOf })],
})

/** The same with a dead-letter topic that the app reads too. */
const parked = (
  name: string,
  rule: string,
  answer: Answer,
  calls: number,
  dead: number,
  more: SubscriptionOf = {},
): Row => ({
  name,
  rule,
  subscriptions: [
    { deadLetterTopic: '{id}-dead', ...more },
    { topic: '{id}-dead', route: '/{id}/dead' },
  ],
  answers: { '/{id}': [answer] },
  steps: [
    post(`/v1.0/publish/pubsub/{id}?metadata.partitionKey=k&metadata.mine=yes`, { a: 1 }, { headers: JSON_TYPE }),
    got('/{id}', calls, { show: dataOf }),
    got('/{id}/dead', dead, { show: call => call }),
  ],
})

/** Publishes events of types to routes and looks where they come. */
const routed = (
  name: string,
  routes: JsonObject,
  events: readonly JsonObject[],
  paths: Readonly<Record<string, number>>,
  more: SubscriptionOf = {},
): Row => ({
  name,
  rule: ROUTING,
  subscriptions: [{ routes, ...more }],
  steps: [
    ...events.map(event => publish({ specversion: '1.0', id: 'i', source: 's', type: 't', ...event }, '', CLOUD_EVENT)),
    ...Object.entries(paths).map(([path, count]) =>
      got(path, count, { show: call => (call['body'] as JsonObject)['type'] ?? null }),
    ),
  ],
})

const rule = (match: string, path: string): JsonObject => ({ match, path })
const one = [{ type: 'a' }, { type: 'b' }]

/** By the component's resiliency. */
const retried = (name: string, pubsubname: string, answers: readonly Answer[], calls: number, dead: number): Row => ({
  name,
  rule: RESILIENCY,
  subscriptions: [
    { pubsubname, deadLetterTopic: '{id}-dead' },
    { topic: '{id}-dead', route: '/{id}/dead' },
  ],
  answers: { '/{id}': answers },
  steps: [publish({ a: 1 }), got('/{id}', calls, { show: dataOf }), got('/{id}/dead', dead, { show: dataOf })],
})

// biome-ignore format: a table is read row by row
export const delivery: Table = {
  name: 'delivery',
  rows: [
    answered('200 without a body', { status: 200 }, 1),
    answered('204', { status: 204 }, 1),
    answered('201', { status: 201, body: 'made' }, 1),
    answered('SUCCESS', { body: { status: 'SUCCESS' } }, 1),
    answered('a body that is no JSON', { body: 'fine' }, 1),
    answered('a status that is empty', { body: { status: '' } }, 1),
    answered('an object without a status', { body: { result: 'fine' } }, 1),
    answered('a list', { body: [1] }, 1),
    answered('a status that is a number', { body: { status: 7 } }, 1),
    answered('a status that is null', { body: { status: null } }, 1),
    answered('Status in capitals', { body: { Status: 'RETRY' } }, 2),
    answered('RETRY', { body: { status: 'RETRY' } }, 2),
    answered('DROP', { body: { status: 'DROP' } }, 1),
    answered('ok is no word', { body: { status: 'ok' } }, 2),
    answered('success in small letters', { body: { status: 'success' } }, 2),
    answered('DUPLICATE is no word', { body: { status: 'DUPLICATE' } }, 2),
    answered('LOGGED is no word', { body: { status: 'LOGGED' } }, 2),
    ...[400, 401, 403, 408, 409, 422, 429, 500, 502, 503].map(status => answered(`${status}`, { status }, 2)),
    answered('404 is not tried again', { status: 404 }, 1),
    answered('404 with RETRY is not tried again', { status: 404, body: { status: 'RETRY' } }, 1),
    answered('a redirection', { status: 302, headers: { location: '/elsewhere' } }, 2),
    answered('a connection that breaks', { hangUp: true }, 2),
    answered('500 with SUCCESS', { status: 500, body: { status: 'SUCCESS' } }, 2),
    { name: 'events of one partition keep their order', rule: WORDS, subscriptions: [{}], answers: { '/{id}': [{ status: 500 }, ok] }, steps: [publish({ n: 1 }), publish({ n: 2 }), publish({ n: 3 }), got('/{id}', 4, { show: dataOf })] },
    { name: 'the request of a delivery', rule: WORDS, subscriptions: [{}], steps: [publish({ a: 1 }), got('/{id}', 1)] },
    parked('DROP is a dead letter', DEAD, { body: { status: 'DROP' } }, 1, 1),
    parked('404 is a dead letter', DEAD, { status: 404 }, 1, 1),
    parked('RETRY is a dead letter without a policy', DEAD, { body: { status: 'RETRY' } }, 1, 1),
    parked('500 is a dead letter without a policy', DEAD, { status: 500 }, 1, 1),
    parked('an unknown word is a dead letter', DEAD, { body: { status: 'ok' } }, 1, 1),
    parked('SUCCESS is none', DEAD, { body: { status: 'SUCCESS' } }, 1, 0),
    parked('no rule matches', DEAD, ok, 0, 1, { routes: { rules: [rule('event.type == "x"', '/{id}')] } }),
    { name: 'expired is a dead letter', rule: DEAD, subscriptions: [{ deadLetterTopic: '{id}-dead' }, { pubsubname: 'observer', topic: '{id}-dead', route: '/{id}/dead', metadata: { rawPayload: 'true' } }], steps: [publish({ specversion: '1.0', id: 'i', source: 's', type: 't', expiration: '2001-01-01T00:00:00Z' }, '', CLOUD_EVENT), got('/{id}', 0), got('/{id}/dead', 1, { show: call => JSON.parse(Buffer.from(String((call['body'] as JsonObject)['data_base64']), 'base64').toString()) as Json })] },
    { name: 'what is no CloudEvent is a dead letter', rule: DEAD, subscriptions: [{ deadLetterTopic: '{id}-dead' }, { pubsubname: 'observer', topic: '{id}-dead', route: '/{id}/dead', metadata: { rawPayload: 'true' } }], steps: [publish('no event', '?metadata.rawPayload=true'), got('/{id}', 0), got('/{id}/dead', 1, { show: bodyOf })] },
    retried('a policy of two retries', 'pubsub-retry', [{ status: 500 }], 3, 1),
    retried('a policy, success at last', 'pubsub-retry', [{ status: 500 }, { body: { status: 'RETRY' } }, ok], 3, 0),
    retried('a policy and DROP', 'pubsub-retry', [{ body: { status: 'DROP' } }], 1, 1),
    retried('a policy and 404', 'pubsub-retry', [{ status: 404 }], 1, 1),
    retried('a policy and a timeout', 'pubsub-retry', [{ after: 800 }, ok], 2, 0),
    retried('a policy for 503 and 503', 'pubsub-matching', [{ status: 503 }], 3, 1),
    retried('a policy for 520-529 and 525', 'pubsub-matching', [{ status: 525 }], 3, 1),
    retried('a policy for 503 and 500', 'pubsub-matching', [{ status: 500 }], 1, 1),
    retried('a policy for 503 and RETRY', 'pubsub-matching', [{ body: { status: 'RETRY' } }], 3, 1),
    retried('a policy of no retries', 'pubsub-never', [{ status: 500 }], 1, 1),
    { name: 'without retries of the component', rule: 'components-contrib common/component/kafka/consumer.go consumeRetryEnabled', subscriptions: [{ pubsubname: 'pubsub-patient' }], answers: { '/{id}': [{ status: 500 }] }, steps: [publish({ n: 1 }), publish({ n: 2 }), got('/{id}', 2, { show: dataOf })] },
    routed('a rule by type', { rules: [rule('event.type == "a"', '/{id}/a')], default: '/{id}/else' }, one, { '/{id}/a': 1, '/{id}/else': 1 }),
    routed('the first rule that matches', { rules: [rule('event.type == "a"', '/{id}/first'), rule('event.type == "a"', '/{id}/second')], default: '/{id}/else' }, [{ type: 'a' }], { '/{id}/first': 1, '/{id}/second': 0 }),
    routed('no rule and no default', { rules: [rule('event.type == "a"', '/{id}/a')] }, one, { '/{id}/a': 1 }),
    routed('a rule by data', { rules: [rule('event.data.kind == "x"', '/{id}/x')], default: '/{id}/else' }, [{ type: 'a', data: { kind: 'x' } }, { type: 'b', data: { kind: 'y' } }], { '/{id}/x': 1, '/{id}/else': 1 }),
    routed('a rule by an extension', { rules: [rule('event.userid == "u"', '/{id}/u')], default: '/{id}/else' }, [{ type: 'a', userid: 'u' }], { '/{id}/u': 1, '/{id}/else': 0 }),
    routed('a rule by several parts', { rules: [rule('event.type == "a" && event.source == "s" || event.id == "z"', '/{id}/a')], default: '/{id}/else' }, [{ type: 'a' }, { type: 'b', id: 'z' }, { type: 'c' }], { '/{id}/a': 2, '/{id}/else': 1 }),
    routed('a rule that takes a part of a text', { rules: [rule('event.type.startsWith("todo.")', '/{id}/todo')], default: '/{id}/else' }, [{ type: 'todo.made' }, { type: 'other' }], { '/{id}/todo': 1, '/{id}/else': 1 }),
    routed('a rule by a list', { rules: [rule('event.type in ["a", "b"]', '/{id}/ab')], default: '/{id}/else' }, [{ type: 'a' }, { type: 'c' }], { '/{id}/ab': 1, '/{id}/else': 1 }),
    routed('a rule that looks whether a field is there', { rules: [rule('has(event.userid)', '/{id}/u')], default: '/{id}/else' }, [{ type: 'a', userid: 'u' }, { type: 'b' }], { '/{id}/u': 1, '/{id}/else': 1 }),
    routed('a rule that compares numbers', { rules: [rule('int(event.data.size) > 3', '/{id}/large')], default: '/{id}/else' }, [{ type: 'a', data: { size: 5 } }, { type: 'b', data: { size: 1 } }], { '/{id}/large': 1, '/{id}/else': 1 }),
    routed('a declared subscription', { rules: [rule('event.type == "a"', '/{id}/a')], default: '/{id}/else' }, one, { '/{id}/a': 1, '/{id}/else': 1 }, { declared: true }),
    { name: 'a declared default route', rule: SUBSCRIBE, subscriptions: [{ declared: true, route: '/{id}/declared' }], steps: [publish({ a: 1 }), got('/{id}/declared', 1, { show: dataOf })] },
    { name: 'declared and programmatic', rule: SUBSCRIBE, subscriptions: [{ declared: true, route: '/{id}/declared' }, { route: '/{id}/programmatic' }], steps: [publish({ a: 1 }), got('/{id}/programmatic', 1, { show: dataOf }), got('/{id}/declared', 0, { show: dataOf })] },
    { name: 'a route without a slash', rule: SUBSCRIBE, subscriptions: [{ route: '{id}' }], steps: [publish({ a: 1 }), got('/{id}', 1, { show: dataOf })] },
    { name: 'a route with a query', rule: SUBSCRIBE, subscriptions: [{ route: '/{id}?from=here' }], steps: [publish({ a: 1 }), got('/{id}', 1, { show: ({ query }) => query ?? null })] },
    { name: 'a topic that may not be subscribed to', rule: 'dapr pkg/scopes', subscriptions: [{ pubsubname: 'pubsub-scoped', topic: 'mine' }], steps: [post('/v1.0/publish/pubsub/mine', 1, { headers: JSON_TYPE }), got('/{id}', 0)] },
    { name: 'a topic that may be subscribed to', rule: 'dapr pkg/scopes', subscriptions: [{ pubsubname: 'pubsub-scoped', topic: 'allowed' }], steps: [post('/v1.0/publish/pubsub/allowed', { from: 'row' }, { headers: JSON_TYPE }), got('/{id}', 1, { show: call => (call['body'] as JsonObject)['topic'] ?? null })] },
    { name: 'a raw subscription of an envelope', rule: 'components-contrib pubsub/envelope.go FromRawPayload', subscriptions: [{ metadata: { rawPayload: 'true' } }], steps: [publish({ a: 1 }), got('/{id}', 1, { show: call => { const { data_base64, ...event } = call['body'] as JsonObject; return { event, text: Object.keys(JSON.parse(Buffer.from(String(data_base64), 'base64').toString()) as object).sort() } } })] },
    { name: 'a raw delivery again has another id', rule: 'components-contrib pubsub/envelope.go FromRawPayload', subscriptions: [{ metadata: { rawPayload: 'true' } }], answers: { '/{id}': [{ status: 500 }, ok] }, steps: [publish('x', '?metadata.rawPayload=true'), got('/{id}', 2, { show: call => (call['body'] as JsonObject)['id'] ?? null })] },
  ],
}
