import {
  type Answer,
  call,
  codesOf,
  get,
  got,
  type Json,
  type JsonObject,
  post,
  type Row,
  type Step,
  type Table,
} from '../row.ts'

const DIRECT = 'dapr pkg/api/http/directmessaging.go onDirectMessage, findTargetIDAndMethod'
const CHANNEL = 'dapr pkg/channel/http/http_channel.go; pkg/messaging/v1'
const RESILIENCY = 'dapr pkg/resiliency/policy.go; pkg/api/http/directmessaging.go'

const to = '/v1.0/invoke/other/method'
/** What the app got, without what each side's library adds. */
const echoOf = (body: Json): Json => {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return body
  const headers = Object.fromEntries(
    Object.entries((body['headers'] as JsonObject | undefined) ?? {}).filter(
      ([name]) => !/^(x-forwarded|forwarded|te$|dapr-ca)/.test(name),
    ),
  )
  return { ...body, headers }
}
const echoed = (name: string, step: Step, path = '/{id}', rule = DIRECT): Row => ({
  name,
  rule,
  answers: { [path]: [{ echo: true }] },
  steps: [{ ...step, show: echoOf } as Step],
})
const answered = (name: string, answer: Answer, show?: (body: Json) => Json): Row => ({
  name,
  rule: CHANNEL,
  answers: { '/{id}': [answer] },
  steps: [get(`${to}/{id}`, show ? { show } : {})],
})
const retried = (name: string, answers: readonly Answer[], calls: number, step: Step = get(`${to}/{id}`)): Row => ({
  name,
  rule: RESILIENCY,
  answers: { '/{id}': answers },
  steps: [step, got('/{id}', calls, { app: 'other', show: ({ method, body }) => [method!, body!] })],
})

// biome-ignore format: a table is read row by row
export const invocation: Table = {
  name: 'invoke',
  rows: [
    ...['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'].map(method => echoed(`${method} goes through`, call(method, `${to}/{id}`, method === 'GET' || method === 'OPTIONS' ? undefined : { a: 1 }, { headers: { 'content-type': 'application/json' } }))),
    echoed('a query goes through', get(`${to}/{id}?a=1&b=x%20y`)),
    echoed('headers go through', get(`${to}/{id}`, { headers: { 'x-mine': 'yes', authorization: 'Bearer t' } })),
    echoed('a path with parts', get(`${to}/{id}/deep/path`), '/{id}/deep/path'),
    echoed('a path with dots is made straight', get(`${to}/x/%2e%2e/{id}`)),
    echoed('text', post(`${to}/{id}`, 'text', { headers: { 'content-type': 'text/plain' } })),
    echoed('the app id in a header', get('/{id}', { headers: { 'dapr-app-id': 'other' } })),
    echoed('the app id in basic authorization', get('/{id}', { headers: { authorization: `Basic ${Buffer.from('dapr-app-id:other').toString('base64')}` } })),
    echoed('the app id with its namespace', get('/v1.0/invoke/other.default/method/{id}')),
    echoed('itself', post('/v1.0/invoke/orders/method/{id}', { a: 1 }, { headers: { 'content-type': 'application/json' } })),
    answered('200 with a body', { body: { fine: true } }),
    answered('201 with a header', { status: 201, headers: { 'x-app': 'yes' }, body: { made: true } }),
    answered('204', { status: 204 }),
    answered('400', { status: 400, body: { error: 'no' } }),
    answered('404', { status: 404, body: { error: 'none' } }),
    answered('409 with text', { status: 409, body: 'taken', headers: { 'content-type': 'text/plain' } }),
    answered('302', { status: 302, headers: { location: '/there', 'x-app': 'yes' } }),
    answered('no content type', { body: 'plain' }),
    { name: 'an app that is not there', rule: DIRECT, steps: [get('/v1.0/invoke/nobody/method/x', { show: codesOf })] },
    { name: 'no app', rule: DIRECT, steps: [get('/nothing/here')] },
    { name: 'an app without a method', rule: DIRECT, steps: [get('/v1.0/invoke/other/method/', { show: codesOf })] },
    { name: 'a sidecar without an app', rule: CHANNEL, steps: [get('/v1.0/invoke/lone/method/x', { show: codesOf })] },
    { name: 'who calls', rule: 'dapr pkg/messaging/v1; pkg/messaging/direct_messaging.go', answers: { '/{id}': [{ echo: true }] }, steps: [get(`${to}/{id}`, { show: body => Object.fromEntries(Object.entries((body as JsonObject)['headers'] as JsonObject).filter(([name]) => name.startsWith('dapr-'))) })] },
    retried('500 is tried again', [{ status: 500 }, { body: { fine: true } }], 2),
    retried('500 at last', [{ status: 500, body: { still: 'no' } }], 3),
    retried('400 is tried again', [{ status: 400 }, {}], 2),
    retried('404 is tried again', [{ status: 404 }, {}], 2),
    retried('302 is not', [{ status: 302, headers: { location: '/there' } }], 1),
    retried('the body comes again', [{ status: 503 }, {}], 2, post(`${to}/{id}`, { a: 1 }, { headers: { 'content-type': 'application/json' } })),
    retried('an app that is too slow', [{ after: 900 }, {}], 2),
  ],
}
