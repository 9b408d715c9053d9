import { KubeError } from './kube/errors.ts'
import { WorkQueue } from './kube/queue.ts'
import type { Response } from './kube/transport.ts'
import { counted, createMetrics, queueObserver } from './metrics.ts'

const lines = async (metrics: ReturnType<typeof createMetrics>): Promise<string[]> =>
  (await metrics.registry.metrics()).split('\n').filter(line => line && !line.startsWith('#'))

test('what dashboards ask for is there before anything has happened, and 0', async () => {
  const text = await lines(createMetrics())
  for (const line of [
    'controller_runtime_reconcile_total{controller="todoeventplatform",result="success"} 0',
    'controller_runtime_reconcile_total{controller="todoeventplatform",result="error"} 0',
    'controller_runtime_reconcile_errors_total{controller="todoeventplatform"} 0',
    'controller_runtime_reconcile_time_seconds_count{controller="todoeventplatform"} 0',
    'controller_runtime_active_workers{controller="todoeventplatform"} 0',
    'controller_runtime_max_concurrent_reconciles{controller="todoeventplatform"} 2',
    'workqueue_depth{name="todoeventplatform"} 0',
    'workqueue_adds_total{name="todoeventplatform"} 0',
    'workqueue_retries_total{name="todoeventplatform"} 0',
    'workqueue_queue_duration_seconds_count{name="todoeventplatform"} 0',
    'workqueue_work_duration_seconds_count{name="todoeventplatform"} 0',
    'leader_election_master_status{name="todo-event-platform"} 0',
  ])
    expect(text).toContain(line)
})

test('the queue tells of keys added, waited for, worked on and tried again', async () => {
  const metrics = createMetrics()
  const done = Promise.withResolvers<void>()
  let attempts = 0
  const queue = new WorkQueue(
    async () => {
      if (++attempts === 1) throw new Error('not yet')
      done.resolve()
      return undefined
    },
    { baseMs: 1, observer: queueObserver(metrics) },
  )
  queue.add('a')
  await done.promise
  await queue.stop()
  const text = await lines(metrics)
  expect(text).toContain('workqueue_adds_total{name="todoeventplatform"} 2')
  expect(text).toContain('workqueue_retries_total{name="todoeventplatform"} 1')
  expect(text).toContain('workqueue_queue_duration_seconds_count{name="todoeventplatform"} 2')
  expect(text).toContain('workqueue_work_duration_seconds_count{name="todoeventplatform"} 2')
})

test('requests are counted by method and status, and those without an answer too', async () => {
  const metrics = createMetrics()
  const answer = { status: 409 } as Response
  await counted(async () => answer, metrics)({ method: 'PATCH', path: '/' })
  const broken = counted(async () => Promise.reject(new KubeError('Unreachable', 'reset', 'backoff')), metrics)
  await expect(broken({ method: 'GET', path: '/' })).rejects.toThrow('reset')
  const text = await lines(metrics)
  expect(text).toContain('rest_client_requests_total{code="409",method="PATCH"} 1')
  expect(text).toContain('rest_client_requests_total{code="<error>",method="GET"} 1')
})
