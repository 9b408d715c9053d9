import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openLog } from '../log/index.ts'
import { manualClock, until } from '../log/testing.ts'
import { parseSchedule } from './cron.ts'
import { openJobScheduler } from './index.ts'
import { component, type Place, startApp, startPlace, type TestApp } from './testing.ts'

let place: Place
let app: TestApp | undefined
afterEach(() => place.close())
const codeOf = async (answer: Response) => ({ status: answer.status, ...((await answer.json()) as object) })

describe('jobs', () => {
  const ticks = (name: string) => app!.calls.filter(call => call.method === 'POST' && call.path === `/job/${name}`)
  const startJobs = async (answer?: TestApp['answer']) => {
    const clock = manualClock()
    app = await startApp(answer)
    place = await startPlace([], { app, clock })
    await place.healthy()
    return clock
  }
  const schedule = (name: string, job: object, version = 'v1.0') => place.call('POST', `/${version}/jobs/${name}`, job)
  const left = () => place.jobs.list().map(job => job.name)

  test.each(['v1.0', 'v1.0-alpha1'])('%s: the app gets the data itself at the due time, once', async version => {
    const clock = await startJobs()
    expect((await schedule('r-1', { dueTime: '10s', data: { id: 1 } }, version)).status).toBe(204)
    expect(await (await place.call('GET', `/${version}/jobs/r-1`)).json()).toEqual({
      name: 'r-1',
      dueTime: '10s',
      data: { '@type': 'type.googleapis.com/google.protobuf.Value', value: { id: 1 } },
      failurePolicy: { constant: { interval: '1s', maxRetries: 3 } },
    })
    clock.advance(9_999)
    expect(ticks('r-1')).toEqual([])
    clock.advance(1)
    const tick = await until(() => ticks('r-1')[0])
    expect(tick).toMatchObject({
      body: '{"id":1}',
      headers: expect.objectContaining({ 'content-type': 'application/json' }),
    })
    await until(() => left().length === 0)
  })

  test.each<[string, object, number, number]>([
    ['a time', { dueTime: '2026-01-01T00:01:00Z' }, 60_000, 1],
    ['a time that is past', { dueTime: '2020-01-01T00:00:00Z' }, 0, 1],
    ['an ISO duration', { dueTime: 'PT1M' }, 60_000, 1],
    ['@every with repeats', { schedule: '@every 1m', repeats: 2 }, 60_000, 2],
    ['six fields', { schedule: '30 * * * * *', repeats: 1 }, 30_000, 1],
    ['ttl before the second tick', { schedule: '@every 1m', ttl: '90s' }, 60_000, 1],
  ])('%s', async (_what, job, step, count) => {
    const clock = await startJobs()
    await schedule('j', job)
    for (let n = 1; n <= count; n += 1) {
      clock.advance(step)
      await until(() => ticks('j').length === n)
      if (n < count) await until(() => place.jobs.list()[0]!.due > clock.now())
    }
    await until(() => left().length === 0)
  })

  test('a name that is taken is refused unless overwritten; deleting is quiet', async () => {
    const clock = await startJobs()
    await schedule('j', { dueTime: '10s', data: 1 })
    const again = await schedule('j', { dueTime: '20s', data: 2 })
    expect(await codeOf(again)).toMatchObject({ status: 409, errorCode: 'DAPR_SCHEDULER_SCHEDULE_JOB' })
    expect((await schedule('j', { dueTime: '20s', data: 2, overwrite: true })).status).toBe(204)
    clock.advance(20_000)
    expect((await until(() => ticks('j')[0])).body).toBe('2')
    expect((await place.call('DELETE', '/v1.0/jobs/j')).status).toBe(204)
    expect((await place.call('DELETE', '/v1.0/jobs/j')).status).toBe(204)
  })

  test.each<[string, object | undefined, number, number]>([
    ['by default three times', undefined, 1000, 4],
    ['as often as told', { constant: { interval: '5s', maxRetries: 1 } }, 5000, 2],
    ['never with drop', { drop: {} }, 1000, 1],
  ])('a failed tick is tried again %s', async (_what, failurePolicy, interval, attempts) => {
    const clock = await startJobs(call => (call.path === '/job/j' ? { status: 500 } : undefined))
    await schedule('j', { dueTime: '1s', ...(failurePolicy && { failurePolicy }) })
    clock.advance(1000)
    for (let n = 1; n <= attempts; n += 1) {
      await until(() => ticks('j').length === n)
      if (n < attempts) await until(() => place.jobs.list()[0]!.due > clock.now())
      clock.advance(interval)
    }
    await until(() => left().length === 0)
    expect(ticks('j')).toHaveLength(attempts)
  })

  test('404 counts as done', async () => {
    const clock = await startJobs(call => (call.path === '/job/j' ? { status: 404 } : undefined))
    await schedule('j', { dueTime: '1s' })
    clock.advance(1000)
    await until(() => left().length === 0)
    expect(ticks('j')).toHaveLength(1)
  })

  test('of two replicas one gets the tick', async () => {
    const clock = await startJobs()
    await place.healthy(await place.start({ podName: 'app-1' }))
    await schedule('j', { dueTime: '1s' })
    clock.advance(1000)
    await until(() => left().length === 0)
    expect(ticks('j')).toHaveLength(1)
  })

  test.each<[string, unknown, object]>([
    ['neither schedule nor due time', {}, { errorCode: 'DAPR_SCHEDULER_SCHEDULE_EMPTY' }],
    [
      'a name in the body',
      { name: 'x', dueTime: '1s' },
      { errorCode: 'DAPR_SCHEDULER_JOB_NAME', message: 'Set the job name in the url only' },
    ],
    ['a schedule that is none', { schedule: 'often' }, { errorCode: 'DAPR_SCHEDULER_SCHEDULE_JOB', status: 500 }],
    ['a due time that is none', { dueTime: 'soon' }, { errorCode: 'DAPR_SCHEDULER_SCHEDULE_JOB', status: 500 }],
    ['a body that is no JSON', '{', { errorCode: 'ERR_MALFORMED_REQUEST' }],
  ])('refuses %s', async (_what, job, error) => {
    await startJobs()
    expect(await codeOf(await place.call('POST', '/v1.0/jobs/j', job))).toMatchObject({ status: 400, ...error })
  })

  test('a job that does not exist is a 500 with its own code', async () => {
    await startJobs()
    expect(await codeOf(await place.call('GET', '/v1.0/jobs/none'))).toMatchObject({
      status: 500,
      errorCode: 'DAPR_SCHEDULER_GET_JOB',
    })
  })

  test('jobs survive a restart and wait for their app', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'jobs-'))
    const file = join(folder, 'jobs.db')
    const clock = manualClock()
    const before = openJobScheduler({ file, clock })
    before.schedule({ namespace: 'default', appId: 'app' }, 'j', { dueTime: '1s', data: 7 }, false)
    await before.close()
    clock.advance(60_000)
    app = await startApp()
    place = await startPlace([], {
      app,
      clock,
      jobs: openJobScheduler({ file, clock }),
      log: openLog({ file: ':memory:', clock }),
    })
    expect((await until(() => ticks('j')[0])).body).toBe('7')
    await rm(folder, { recursive: true })
  })
})

test.each<[string, string, string]>([
  ['*/15 * * * *', '2026-01-01T00:07:30Z', '2026-01-01T00:15:00Z'],
  ['0 30 9 * * MON-FRI', '2026-01-02T10:00:00Z', '2026-01-05T09:30:00Z'],
  ['0 0 29 2 *', '2026-01-01T00:00:00Z', '2028-02-29T00:00:00Z'],
  ['0 0 1 * 1', '2026-01-02T00:00:00Z', '2026-01-05T00:00:00Z'],
  ['@monthly', '2026-01-15T00:00:00Z', '2026-02-01T00:00:00Z'],
  ['@every 1h30m', '2026-01-01T00:00:00Z', '2026-01-01T01:30:00Z'],
])('schedule %s after %s is %s', async (schedule, after, next) => {
  place = await startPlace([])
  expect(new Date(parseSchedule(schedule).next(Date.parse(after))!)).toEqual(new Date(next))
})

test.each<[string, object[], TestApp['answer'], number]>([
  ['by its name', [], () => undefined, 1],
  ['by its route', [{ name: 'route', value: '/bindings/tick' }], () => undefined, 1],
  ['405 to OPTIONS', [], call => (call.method === 'OPTIONS' ? { status: 405 } : undefined), 1],
  ['404 to OPTIONS', [], call => (call.method === 'OPTIONS' ? { status: 404 } : undefined), 0],
  [
    '404 to OPTIONS with direction input',
    [{ name: 'direction', value: 'input' }],
    call => (call.method === 'OPTIONS' ? { status: 404 } : undefined),
    1,
  ],
])('a cron binding ticks: %s', async (_what, metadata, answer, count) => {
  const clock = manualClock()
  app = await startApp(answer)
  place = await startPlace(
    [component('tick', 'bindings.cron', [{ name: 'schedule', value: '@every 10s' }, ...metadata])],
    { app, clock },
  )
  await place.healthy()
  const path = metadata.some(one => (one as { name: string }).name === 'route') ? '/bindings/tick' : '/tick'
  const asked = metadata.every(one => (one as { name: string }).name !== 'direction')
  if (asked) await until(() => app!.calls.some(call => call.method === 'OPTIONS' && call.path === path))
  const posts = () => app!.calls.filter(call => call.method === 'POST' && call.path === path).length
  if (count === 0) {
    await until(() => place.lines.some(line => String(line['msg']).includes('has not subscribed to binding')))
    clock.advance(10_000)
  } else {
    await until(() => {
      clock.advance(10_000)
      return posts() >= 1
    })
  }
  expect(posts() >= 1).toBe(count === 1)
})
