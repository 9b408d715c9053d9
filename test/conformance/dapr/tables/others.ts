import {
  type Answer,
  call,
  codesOf,
  get,
  got,
  JSON_TYPE,
  type Json,
  type JsonObject,
  post,
  type Row,
  type SidecarName,
  type Step,
  type Table,
} from '../row.ts'
import { API_TOKEN } from '../stage.ts'

const SECRETS = 'dapr pkg/api/http/secrets.go; pkg/api/universal/secrets.go'
const SCOPES = 'dapr pkg/config/configuration.go IsSecretAllowed'
const METADATA = 'dapr pkg/api/http/metadata.go; pkg/api/universal/metadata.go'
const HEALTH = 'dapr pkg/api/http/healthz.go'
const TOKEN = 'dapr pkg/security/token.go; pkg/api/http/server.go useAPIAuthentication'
const CRON = 'components-contrib bindings/cron/cron.go; dapr pkg/runtime/processor/binding'
const CONVERSATION =
  'dapr pkg/api/universal/conversation.go ConverseAlpha2; components-contrib conversation/echo/echo.go'
const API_RULES = 'dapr pkg/api/http/endpoints/endpoint.go IsAllowed; pkg/api/http/server.go setupRoutes'
const SHUTDOWN = 'dapr pkg/api/http/shutdown.go'

const secret = (name: string, path: string, rule = SECRETS, show?: (body: Json) => Json): Row => ({
  name,
  rule,
  steps: [get(path, show ? { show } : {})],
})
const withToken = { 'dapr-api-token': API_TOKEN }

// biome-ignore format: a table is read row by row
export const secrets: Table = {
  name: 'secrets',
  rows: [
    secret('one', '/v1.0/secrets/vault/db'),
    secret('one of one key', '/v1.0/secrets/vault/open'),
    secret('one that is not there', '/v1.0/secrets/vault/nothing', SECRETS, codesOf),
    secret('all', '/v1.0/secrets/vault/bulk'),
    secret('a store that is not there', '/v1.0/secrets/nothing/db'),
    secret('all of a store that is not there', '/v1.0/secrets/nothing/bulk'),
    secret('a secret that is allowed', '/v1.0/secrets/vault-some/open', SCOPES),
    secret('a secret that is not allowed', '/v1.0/secrets/vault-some/db', SCOPES),
    secret('all that are allowed', '/v1.0/secrets/vault-some/bulk', SCOPES),
    secret('a secret that is denied', '/v1.0/secrets/vault-most/closed', SCOPES),
    secret('a secret that is not denied', '/v1.0/secrets/vault-most/db', SCOPES),
    secret('all but what is denied', '/v1.0/secrets/vault-most/bulk', SCOPES),
    secret('a store that is shut', '/v1.0/secrets/vault-shut/open', SCOPES),
    secret('all of a store that is shut', '/v1.0/secrets/vault-shut/bulk', SCOPES),
    { name: 'POST', rule: SECRETS, steps: [post('/v1.0/secrets/vault/db', {}, { show: codesOf })] },
  ],
}

const ours = (list: Json | undefined, keep: (each: JsonObject) => boolean): Json =>
  ((list ?? []) as JsonObject[]).filter(keep)
const byTopic =
  (topic: string) =>
  (body: Json): Json =>
    ours((body as JsonObject)['subscriptions'], each => String(each['topic']) === topic)
const part =
  (name: string) =>
  (body: Json): Json =>
    (body as JsonObject)[name] ?? null
const components = (body: Json): Json =>
  ((body as JsonObject)['components'] as JsonObject[])
    .map(({ name, type, version }) => [name!, type!, version!].join(' '))
    .filter(each => !each.includes('secretstores'))
    .sort()

// biome-ignore format: a table is read row by row
export const runtime: Table = {
  name: 'runtime',
  rows: [
    { name: 'healthy', rule: HEALTH, steps: [get('/v1.0/healthz')] },
    { name: 'healthy outbound', rule: HEALTH, steps: [get('/v1.0/healthz/outbound')] },
    { name: 'healthy without an app', rule: HEALTH, steps: [get('/v1.0/healthz', { on: 'lone' })] },
    { name: 'healthy by its app id', rule: HEALTH, steps: [get('/v1.0/healthz?appid=orders')] },
    { name: 'not the app id', rule: HEALTH, steps: [get('/v1.0/healthz?appid=other')] },
    { name: 'the id', rule: METADATA, steps: [get('/v1.0/metadata', { show: part('id') })] },
    { name: 'the components', rule: METADATA, steps: [get('/v1.0/metadata', { show: components })] },
    { name: 'the components of another app', rule: METADATA, steps: [get('/v1.0/metadata', { on: 'other', show: components })] },
    { name: 'capabilities of a store', rule: METADATA, steps: [get('/v1.0/metadata', { show: body => ours((body as JsonObject)['components'], each => each['name'] === 'store') })] },
    { name: 'capabilities of a pubsub', rule: METADATA, steps: [get('/v1.0/metadata', { show: body => ours((body as JsonObject)['components'], each => each['name'] === 'pubsub') })] },
    { name: 'capabilities of a binding', rule: METADATA, steps: [get('/v1.0/metadata', { show: body => ours((body as JsonObject)['components'], each => each['name'] === 'cron-plain') })] },
    { name: 'a subscription', rule: METADATA, subscriptions: [{ deadLetterTopic: '{id}-dead', metadata: { mine: 'yes' }, routes: { rules: [{ match: 'event.type == "a"', path: '/a' }], default: '/b' } }], steps: [get('/v1.0/metadata', { show: byTopic('runtime-a-subscription') })] },
    { name: 'a subscription that is declared', rule: METADATA, subscriptions: [{ declared: true, route: '/{id}' }], steps: [get('/v1.0/metadata', { show: byTopic('runtime-a-subscription-that-is-declared') })] },
    { name: 'a bulk subscription', rule: METADATA, subscriptions: [{ bulkSubscribe: { enabled: true, maxMessagesCount: 5 } }], steps: [get('/v1.0/metadata', { show: byTopic('runtime-a-bulk-subscription') })] },
    { name: 'the app', rule: METADATA, steps: [get('/v1.0/metadata', { show: body => { const { port, ...rest } = (body as JsonObject)['appConnectionProperties'] as JsonObject; return { ...rest, port: typeof port } } })] },
    { name: 'no app', rule: METADATA, steps: [get('/v1.0/metadata', { on: 'lone', show: body => (body as JsonObject)['appConnectionProperties'] ?? null })] },
    { name: 'extended metadata', rule: METADATA, steps: [call('PUT', '/v1.0/metadata/{id}', 'mine'), get('/v1.0/metadata', { show: body => ((body as JsonObject)['extended'] as JsonObject)['runtime-extended-metadata'] ?? null })] },
    { name: 'the policies', rule: METADATA, steps: [get('/v1.0/metadata', { show: part('resiliencies') })] },
    { name: 'actors', rule: METADATA, steps: [get('/v1.0/metadata', { show: part('actorRuntime') })] },
    { name: 'POST of metadata', rule: METADATA, steps: [post('/v1.0/metadata', {}, { show: codesOf })] },
    { name: 'without the token', rule: TOKEN, steps: [get('/v1.0/metadata', { on: 'locked' })] },
    { name: 'with another token', rule: TOKEN, steps: [get('/v1.0/metadata', { on: 'locked', headers: { 'dapr-api-token': 'x' } })] },
    { name: 'with the token', rule: TOKEN, steps: [get('/v1.0/metadata', { on: 'locked', headers: withToken, show: part('id') })] },
    { name: 'health without the token', rule: TOKEN, steps: [get('/v1.0/healthz', { on: 'locked' }), get('/v1.0/healthz/outbound', { on: 'locked' })] },
    { name: 'a job without the token', rule: TOKEN, steps: [post('/v1.0/jobs/{id}', { dueTime: '1h' }, { on: 'locked' })] },
    { name: 'the token of the app', rule: 'dapr pkg/channel/http/http_channel.go; pkg/security GetAppToken', steps: [post('/v1.0/jobs/{id}', { dueTime: '0s', data: 1 }, { on: 'locked', headers: { ...withToken, ...JSON_TYPE } }), got('/job/{id}', 1, { app: 'locked' })] },
    { name: 'the token of the app in an invocation', rule: 'dapr pkg/channel/http/http_channel.go', answers: { '/{id}': [{ echo: true }] }, steps: [get('/v1.0/invoke/locked/method/{id}', { show: body => ((body as JsonObject)['headers'] as JsonObject)['dapr-api-token'] ?? null })] },
    { name: 'the token of the API stays here', rule: 'dapr pkg/api/http/directmessaging.go', answers: { '/{id}': [{ echo: true }] }, steps: [get('/v1.0/invoke/other/method/{id}', { on: 'locked', headers: withToken, show: body => ((body as JsonObject)['headers'] as JsonObject)['dapr-api-token'] ?? null })] },
    { name: 'GET of shutdown', rule: SHUTDOWN, steps: [get('/v1.0/shutdown', { show: codesOf })] },
    { name: 'an unknown part of the API', rule: 'dapr pkg/api/http/server.go', steps: [get('/v1.0/nothing', { show: codesOf })] },
    { name: 'an actor', rule: 'dapr pkg/api/http/actors.go', steps: [get('/v1.0/actors/a/1/state/x')] },
    { name: 'an output binding that is not there', rule: 'dapr pkg/api/http/http.go onOutputBindingMessage', steps: [post('/v1.0/bindings/nothing', { operation: 'create', data: 1 }, { show: codesOf })] },
  ],
}

const ticks = (
  name: string,
  path: string,
  answers?: readonly Answer[],
  more: Partial<Extract<Step, { do: 'got' }>> = {},
): Row => ({
  name,
  rule: CRON,
  ...(answers && { answers: { [path]: answers } }),
  steps: [
    got(path, 1, {
      method: 'POST',
      first: 1,
      show: ({ method, body, headers }) => ({
        method: method!,
        body: body!,
        headers: Object.keys(headers as object).sort(),
      }),
      ...more,
    }),
  ],
})
const asked = (name: string, path: string, count: number): Row => ({
  name,
  rule: CRON,
  steps: [got(path, count, { method: 'OPTIONS', show: ({ method }) => method! })],
})

// biome-ignore format: a table is read row by row
export const bindings: Table = {
  name: 'bindings',
  rows: [
    ticks('a tick', '/cron-plain', [{}]),
    ticks('a tick at a route', '/ticks/here', [{}]),
    ticks('a schedule of six fields', '/cron-six', [{}]),
    ticks('an app that answers OPTIONS with 405', '/cron-not-allowed', [{ status: 405 }, {}]),
    ticks('a binding that only reads is not asked for', '/cron-input', [{}]),
    ticks('a tick that fails comes again by its policy', '/cron-retry', [{}, { status: 500 }, { status: 500 }, {}], { count: 3, first: 3, show: ({ headers }) => Object.keys(headers as object).length > 0 }),
    { name: 'an app that answers OPTIONS with 404', rule: CRON, answers: { '/cron-refused': [{ status: 404 }] }, steps: [{ do: 'wait', milliseconds: 1500 }, got('/cron-refused', 0, { method: 'POST' })] },
    asked('the app is asked', '/cron-plain', 1),
    asked('the app is asked at the route', '/ticks/here', 1),
    asked('the app is not asked', '/cron-input', 0),
    { name: 'nothing to send to', rule: 'dapr pkg/api/http/http.go onOutputBindingMessage', steps: [post('/v1.0/bindings/cron-plain', { operation: 'create' }, { show: codesOf })] },
  ],
}

const said = (name: string, component: string, body: unknown, show?: typeof codesOf): Row => ({
  name,
  rule: CONVERSATION,
  steps: [post(`/v1.0-alpha2/conversation/${component}/converse`, body, { on: 'lone', ...(show && { show }) })],
})
const words = (text: string) => ({ content: [{ text }] })
const tell = (...messages: object[]) => ({ inputs: [{ messages }] })
const lookUp = {
  function: {
    name: 'look_up',
    description: 'Looks up.',
    parameters: { type: 'object', properties: { what: {}, much: {} } },
  },
}
const called = { id: 'c1', function: { name: 'look_up', arguments: '{"what":"x"}' } }

// biome-ignore format: a table is read row by row
export const conversation: Table = {
  name: 'conversation',
  rows: [
    said('a person', 'parrot', tell({ ofUser: { name: 'anna', ...words('hello there') } })),
    said('each role', 'parrot', tell({ ofSystem: words('be brief') }, { ofDeveloper: words('in English') }, { ofUser: words('hi') }, { ofAssistant: words('yes?') })),
    said('several inputs', 'parrot', { inputs: [...tell({ ofUser: words('one') }).inputs, ...tell({ ofUser: words('two') }).inputs] }),
    said('a call that was made', 'parrot', tell({ ofAssistant: { ...words('one moment'), toolCalls: [called] } })),
    said('what a tool answered', 'parrot', tell({ ofTool: { toolId: 'c1', name: 'look_up', ...words('found') } })),
    said('tools', 'parrot', { ...tell({ ofUser: words('find') }), tools: [lookUp] }),
    said('a tool that is chosen', 'parrot', { ...tell({ ofUser: words('find') }), tools: [lookUp], toolChoice: 'look_up' }),
    said('a tool that is not there', 'parrot', { ...tell({ ofUser: words('find') }), tools: [lookUp], toolChoice: 'guess' }, codesOf),
    said('required tools that are not there', 'parrot', { ...tell({ ofUser: words('find') }), toolChoice: 'required' }, codesOf),
    said('a context', 'parrot', { contextId: 'c', ...tell({ ofUser: words('hi') }) }),
    said('no message', 'parrot', tell()),
    said('a message of no type', 'parrot', tell({}), codesOf),
    said('no inputs', 'parrot', {}),
    said('no component', 'nobody', tell({ ofUser: words('hi') })),
    { name: 'GET', rule: CONVERSATION, steps: [get('/v1.0-alpha2/conversation/parrot/converse', { on: 'lone', show: codesOf })] },
    {
      name: 'a model behind an API',
      rule: 'components-contrib conversation/langchaingokit/model.go',
      answers: { '/brain/chat/completions': [
        { body: { id: '1', object: 'chat.completion', model: 'small-2026', choices: [{ index: 0, finish_reason: 'tool_calls', message: { role: 'assistant', content: '', tool_calls: [{ ...called, type: 'function' }] } }], usage: { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 } } },
        { body: { id: '2', object: 'chat.completion', model: 'small-2026', choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'It is 7.' } }], usage: { prompt_tokens: 9, completion_tokens: 4, total_tokens: 13 } } },
        { status: 401, body: { error: { message: 'no' } } },
      ] },
      steps: [
        post('/v1.0-alpha2/conversation/brain/converse', { ...tell({ ofUser: words('how many?') }), tools: [lookUp] }, { on: 'lone' }),
        post('/v1.0-alpha2/conversation/brain/converse', { ...tell({ ofUser: words('how many?') }, { ofAssistant: { toolCalls: [called] } }, { ofTool: { toolId: 'c1', name: 'look_up', ...words('7') } }), tools: [lookUp] }, { on: 'lone' }),
        post('/v1.0-alpha2/conversation/brain/converse', tell({ ofUser: words('again') }), { on: 'lone', show: codesOf }),
      ],
    },
  ],
}

const closed = (name: string, step: Step): Row => ({ name, rule: API_RULES, steps: [step] })
const at = (on: SidecarName) => ({ on, show: codesOf })

// biome-ignore format: a table is read row by row
export const apiRules: Table = {
  name: 'api-rules',
  rows: [
    closed('health is always open', get('/v1.0/healthz', { on: 'closed' })),
    closed('outbound health is always open', get('/v1.0/healthz/outbound', { on: 'closed' })),
    closed('what is allowed', post('/v1.0/publish/pubsub/warm', {}, at('closed'))),
    closed('more of what is allowed', post('/v1.0/publish/bulk/pubsub/warm', [], at('closed'))),
    closed('another version of what is allowed', post('/v1.0-alpha1/publish/bulk/pubsub/warm', [], at('closed'))),
    closed('what is not allowed', get('/v1.0/metadata', { on: 'closed' })),
    closed('a method that is not allowed either', post('/v1.0/metadata', {}, { on: 'closed' })),
    closed('a rule that is the beginning of a path', get('/v1.0/state/store/a', { on: 'closed' })),
    closed('a rule of another protocol', get('/v1.0/jobs/none', { on: 'closed' })),
    closed('a rule with the version of a group', post('/v1.0/bindings/none', { operation: 'create' }, at('closed'))),
    closed('invocation that is not allowed', get('/v1.0/invoke/orders/method/x', { on: 'closed' })),
    closed('a path of nothing', get('/nothing', { on: 'closed' })),
    closed('allowed in general', get('/v1.0/state/store/a', { on: 'mostly' })),
    closed('denied in particular', get('/v1.0/state/elsewhere/a', { on: 'mostly' })),
    closed('allowed and denied', get('/v1.0/invoke/orders/method/x', { on: 'mostly' })),
    closed('neither', post('/v1.0/publish/pubsub/warm', {}, { on: 'mostly' })),
    closed('nothing of it is said of others', get('/v1.0/metadata', { show: body => 'id' in (body as JsonObject) })),
  ],
}

// biome-ignore format: a table is read row by row
export const shutdown: Table = {
  name: 'shutdown',
  rows: [
    { name: 'the sidecar goes when it is told to', rule: SHUTDOWN, steps: [post('/v1.0/shutdown', undefined, { on: 'lone' }), get('/v1.0/healthz', { on: 'lone', mayBeGone: true, until: status => status === 0 })] },
    { name: 'others stay', rule: SHUTDOWN, steps: [get('/v1.0/healthz')] },
  ],
}
