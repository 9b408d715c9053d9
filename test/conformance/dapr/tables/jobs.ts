import {
  type Answer,
  call,
  codesOf,
  del,
  get,
  got,
  JSON_TYPE,
  type Json,
  post,
  type Row,
  type Step,
  silent,
  type Table,
} from '../row.ts'

const API = 'dapr pkg/api/http/jobs.go; pkg/api/errors/scheduler.go'
const TRIGGER =
  'dapr pkg/channel/http/http_channel.go constructJobRequest; pkg/runtime/scheduler/internal/cluster/streamer.go invokeApp'
const POLICY = 'dapr pkg/runtime/scheduler/internal/cluster/streamer.go; go-etcd-cron failure policies'

const path = '/v1.0/jobs/{id}'
const schedule = (body: unknown, options = {}): Step => post(path, body, { headers: JSON_TYPE, ...options })
const refused = (name: string, body: unknown): Row => ({ name, rule: API, steps: [schedule(body, { show: codesOf })] })
const later = { dueTime: '1h' }
const now = { dueTime: '0s' }
const kept = (name: string, rule: string, ...steps: Step[]): Row => ({ name, rule, steps })

const ticked = (name: string, body: unknown, count: number, rule = TRIGGER, answers?: readonly Answer[]): Row => ({
  name,
  rule,
  ...(answers && { answers: { '/job/{id}': answers } }),
  steps: [schedule(body), got('/job/{id}', count)],
})

const retry = (maxRetries: number): Json => ({ constant: { interval: '0.1s', maxRetries } })

// biome-ignore format: a table is read row by row
export const jobs: Table = {
  name: 'jobs',
  rows: [
    kept('scheduled', API, schedule({ ...later, data: { a: 1 } })),
    kept('scheduled and read', API, silent(schedule({ ...later, data: { a: 1 } })), get(path)),
    kept('read through the older path', API, silent(schedule(later)), get('/v1.0-alpha1/jobs/{id}')),
    kept('scheduled through the older path', API, post('/v1.0-alpha1/jobs/{id}', later, { headers: JSON_TYPE }), get(path)),
    kept('a schedule is read', API, silent(schedule({ schedule: '@every 1h', repeats: 3 })), get(path)),
    kept('a schedule of six fields', API, silent(schedule({ schedule: '0 30 3 * * *' })), get(path)),
    kept('a failure policy is read', API, silent(schedule({ ...later, failurePolicy: { constant: { interval: '10s', maxRetries: 3 } } })), get(path)),
    kept('a policy that drops is read', API, silent(schedule({ ...later, failurePolicy: { drop: {} } })), get(path)),
    kept('a life is read', API, silent(schedule({ schedule: '@every 1h', ttl: '2h' })), get(path)),
    kept('an interval with a fraction', API, silent(schedule({ ...later, failurePolicy: { constant: { interval: '1.5s', maxRetries: 1 } } })), get(path)),
    kept('a policy without an end', API, silent(schedule({ ...later, failurePolicy: { constant: { interval: '1s' } } })), get(path)),
    kept('data that is a text', API, silent(schedule({ ...later, data: 'text' })), get(path)),
    kept('data that is null', API, silent(schedule({ ...later, data: null })), get(path)),
    kept('data that is a list', API, silent(schedule({ ...later, data: [1, 'a'] })), get(path)),
    kept('the same name again', API, silent(schedule(later)), schedule(later)),
    kept('the same name through the older path', API, silent(schedule(later)), post('/v1.0-alpha1/jobs/{id}', later, { headers: JSON_TYPE, show: codesOf })),
    kept('the same name with overwrite', API, silent(schedule(later)), schedule({ dueTime: '2h', overwrite: true }), get(path)),
    kept('overwrite of what is not there', API, schedule({ ...later, overwrite: true })),
    kept('what is not there', API, get(path)),
    kept('deleted', API, silent(schedule(later)), del(path), get(path, { show: codesOf })),
    kept('what is not there is deleted', API, del(path)),
    kept('the name is free again', API, silent(schedule(later)), silent(del(path)), schedule(later)),
    kept('PUT', API, call('PUT', path, later, { headers: JSON_TYPE, show: codesOf })),
    refused('neither schedule nor due time', { data: 1 }),
    refused('a name in the body', { ...later, name: 'other' }),
    refused('a schedule that is none', { schedule: 'sometimes' }),
    refused('a schedule of five fields', { schedule: '* * * * *' }),
    refused('a due time that is none', { dueTime: 'soon' }),
    refused('a life that is none', { ...later, ttl: 'long' }),
    refused('repeats below 0', { ...later, repeats: -1 }),
    refused('a life without a schedule', { ...later, ttl: '2h' }),
    refused('repeats without a schedule', { ...later, repeats: 2 }),
    refused('one repeat without a schedule', { ...later, repeats: 1 }),
    refused('no repeats', { schedule: '@every 1h', repeats: 0 }),
    refused('a life that ends before it is due', { schedule: '@every 1h', dueTime: '2h', ttl: '2001-01-01T00:00:00Z' }),
    refused('a due time that repeats', { dueTime: 'R2/PT1H' }),
    refused('an ISO due time', { dueTime: 'PT1H' }),
    refused('an interval in milliseconds', { ...later, failurePolicy: { constant: { interval: '100ms' } } }),
    refused('a due time that is a number', { dueTime: 7 }),
    refused('@hourly', { schedule: '@hourly' }),
    refused('@every and nothing', { schedule: '@every' }),
    refused('no JSON', '{'),
    refused('too large a body', 'x'.repeat(5 * 1024 * 1024)),
    refused('an unknown field', { ...later, when: 'now' }),
    refused('a due time in the past', { dueTime: '2001-01-01T00:00:00Z' }),
    refused('a policy of both kinds', { ...later, failurePolicy: { drop: {}, constant: {} } }),
    ticked('due now', { ...now, data: { a: 1 } }, 1),
    ticked('due in a second', { dueTime: '1s', data: { a: 1 } }, 1),
    ticked('due at a time long past', { dueTime: '2001-01-01T00:00:00Z' }, 1),
    ticked('a text as data', { ...now, data: 'text' }, 1),
    ticked('a number as data', { ...now, data: 7 }, 1),
    ticked('no data', now, 1),
    ticked('null as data', { ...now, data: null }, 1),
    ticked('twice by a schedule', { schedule: '@every 1s', repeats: 2, data: 1 }, 2),
    ticked('by an ISO duration', { schedule: 'R2/PT1S', data: 1 }, 2),
    ticked('a schedule that begins at once', { schedule: '@every 1s', ...now, repeats: 2, data: 1 }, 2),
    ticked('404 is done', now, 1, TRIGGER, [{ status: 404 }]),
    ticked('204 is done', now, 1, TRIGGER, [{ status: 204 }]),
    ticked('500 comes again', now, 2, POLICY, [{ status: 500 }, {}]),
    ticked('400 comes again', now, 2, POLICY, [{ status: 400 }, {}]),
    ticked('500 and a policy that drops', { ...now, failurePolicy: { drop: {} } }, 1, POLICY, [{ status: 500 }]),
    ticked('500 and a policy of two retries', { ...now, failurePolicy: retry(2) }, 3, POLICY, [{ status: 500 }]),
    ticked('500 once and a policy of two retries', { ...now, failurePolicy: retry(2) }, 2, POLICY, [{ status: 500 }, {}]),
    { name: 'done jobs are gone', rule: TRIGGER, steps: [schedule(now), got('/job/{id}', 1), get(path, { show: codesOf })] },
    { name: 'dropped jobs are gone', rule: POLICY, answers: { '/job/{id}': [{ status: 500 }] }, steps: [schedule({ ...now, failurePolicy: { drop: {} } }), got('/job/{id}', 1), get(path, { show: codesOf })] },
    { name: 'deleted before it is due', rule: TRIGGER, steps: [schedule({ dueTime: '2s' }), del(path), { do: 'wait', milliseconds: 2200 }, got('/job/{id}', 0)] },
    { name: 'overwritten before it is due', rule: TRIGGER, steps: [schedule({ dueTime: '1s', data: 1 }), schedule({ dueTime: '1s', data: 2, overwrite: true }), got('/job/{id}', 1, { show: ({ body }) => body ?? null })] },
    { name: 'an app has its own jobs', rule: TRIGGER, steps: [silent(schedule(later)), get(path, { on: 'other', show: codesOf }), post(path, later, { on: 'other', headers: JSON_TYPE })] },
  ],
}
