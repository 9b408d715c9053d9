import { AsyncLocalStorage } from 'node:async_hooks'
import { type Context, type ContextManager, context, ROOT_CONTEXT, type Span, trace } from '@opentelemetry/api'
import { KubeClient, type Write } from './client.ts'
import { KubeError } from './errors.ts'
import {
  fixedRandom,
  json,
  ManualClock,
  plainRoot,
  reset,
  scripted,
  settle,
  status,
  WIDGET,
  widget,
} from './test-support.ts'
import { inSpan } from './tracing.ts'

const denied = (): ReturnType<typeof status> => status(403, 'Forbidden')

test('a 403 that RBAC explains names the rule that is missing, in the words of a role', async () => {
  const { transport, requests } = scripted(denied(), json({ status: { allowed: false } }, 201))
  const failing = new KubeClient(transport).apply(widget('a', 1), {
    fieldManager: 'me',
    subresource: 'status',
    reason: 'Test',
  })
  const error = (await failing.catch((thrown: unknown) => thrown)) as KubeError
  expect([error.code, error.rule]).toEqual([
    'Forbidden',
    { apiGroup: 'test.dev', resource: 'widgets/status', verb: 'patch', namespace: 'a' },
  ])
  expect(requests[1]).toMatchObject({
    path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
    body: {
      spec: {
        resourceAttributes: {
          group: 'test.dev',
          resource: 'widgets',
          subresource: 'status',
          verb: 'patch',
          namespace: 'a',
        },
      },
    },
  })
})

test.each([
  ['RBAC does not explain', () => json({ status: { allowed: true } }, 201)],
  ['cannot be explained', reset],
])('a 403 that %s keeps its own message', async (_name, review) => {
  const { transport } = scripted(denied(), review)
  const error = (await new KubeClient(transport).get(WIDGET, 'a', 'b').catch((thrown: unknown) => thrown)) as KubeError
  expect([error.code, error.rule, error.message]).toEqual([
    'Forbidden',
    undefined,
    expect.stringContaining('scripted Forbidden'),
  ])
})

test.each([
  [400, 'BadRequest', 'Invalid', 'never'],
  [401, 'Unauthorized', 'Unauthorized', 'backoff'],
  [409, 'AlreadyExists', 'AlreadyExists', 'backoff'],
  [409, 'Conflict', 'Conflict', 'backoff'],
  [410, 'Expired', 'Expired', 'backoff'],
  [422, 'Invalid', 'Invalid', 'never'],
  [500, 'InternalError', 'Unavailable', 'backoff'],
  [418, 'Teapot', 'Unexpected', 'never'],
])('%i %s is %s, to be tried again: %s', async (code, reason, expected, retry) => {
  const { transport } = scripted(status(code, reason))
  await expect(new KubeClient(transport).get(WIDGET, 'a', 'b')).rejects.toMatchObject({ code: expected, retry })
})

test.each([
  ['seconds', '12'],
  ['a date', new Date(Date.parse('2026-03-01T10:00:12Z')).toUTCString()],
])('Retry-After in %s is the time to wait', async (_name, header) => {
  const { transport } = scripted(status(429, 'TooManyRequests', {}, { 'retry-after': header }))
  const client = new KubeClient(transport, { clock: new ManualClock() })
  await expect(client.get(WIDGET, 'a', 'b')).rejects.toMatchObject({ code: 'Throttled', retry: { afterSeconds: 12 } })
})

test('an answer that never comes is given up, so that no worker is held for ever', async () => {
  const clock = new ManualClock()
  const { transport } = scripted()
  const asking = new KubeClient(transport, { clock, timeoutMs: 5_000 }).get(WIDGET, 'a', 'b')
  const outcome = expect(asking).rejects.toMatchObject({ code: 'Unreachable', retry: 'backoff' })
  await clock.advance(5_001)
  await outcome
  expect(clock.timers).toBe(0)
})

test('the fence is asked before each write and stops it; each write is told with its reason and outcome', async () => {
  const told: Write[] = []
  let open = true
  const { transport, asked } = scripted(json(widget('a', 2)), status(409, 'Conflict'))
  const client = new KubeClient(transport, {
    observer: {
      before: () => {
        if (!open) throw new KubeError('NotLeader', 'not held', 'backoff')
      },
      after: write => told.push(write),
    },
  })
  await client.replace(widget('a', 1), { reason: 'First' })
  await expect(client.replace(widget('a', 1), { reason: 'Second' })).rejects.toMatchObject({ code: 'Conflict' })
  open = false
  await expect(client.delete(WIDGET, 'a', 'a', { reason: 'Third' })).rejects.toMatchObject({ code: 'NotLeader' })
  expect([asked.length, told.map(({ verb, reason, ok }) => [verb, reason, ok])]).toEqual([
    2,
    [
      ['update', 'First', true],
      ['update', 'Second', false],
    ],
  ])
})

test('a deletion tells what is still there, and finds it no error that nothing was', async () => {
  const held = {
    ...widget('a', 3),
    metadata: { ...widget('a', 3).metadata, deletionTimestamp: 'now', finalizers: ['x'] },
  }
  const { transport } = scripted(
    json(held),
    json({ kind: 'Status', metadata: {}, status: 'Success' }),
    status(404, 'NotFound'),
  )
  const client = new KubeClient(transport)
  const remove = () => client.delete(WIDGET, 'a', 'a', { reason: 'Test' })
  expect([await remove(), await remove(), await remove()]).toEqual([held, undefined, undefined])
})

describe('discovery', () => {
  const OTHER = { apiVersion: 'other.dev/v1', kind: 'Cluster' }
  const list = (...resources: object[]) => json({ resources })
  const widgets = { name: 'widgets', kind: 'Widget', namespaced: true }
  /** A server of Widgets and Clusters, as it tells of them: all at once, group by group, or with one group that it could not ask. */
  const discovering = (root: (accept: string | undefined) => ReturnType<typeof json>) => {
    const asked: string[] = []
    const client = new KubeClient(async ({ path, accept }) => {
      if (!/^\/apis(\/[^/]+\/v1)?$/.test(path)) return json({ ...widget('a', 1), path })
      asked.push(path)
      await settle()
      if (path === '/apis') return root(accept)
      if (path === '/apis/test.dev/v1') return list(widgets, { ...widgets, name: 'widgets/status' })
      return path === '/apis/other.dev/v1'
        ? list({ name: 'clusters', kind: 'Cluster', namespaced: false })
        : status(404, 'NotFound')
    })
    return { asked, client, read: (kind = WIDGET) => client.get(kind, 'a', 'a').then(object => object?.['path']) }
  }
  const aggregated = (freshness: string) => (accept: string | undefined) => {
    expect(accept).toMatch(/^application\/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application\/json$/)
    const group = (name: string, resource: object) => ({
      metadata: { name },
      versions: [{ version: 'v1', freshness: name === 'other.dev' ? freshness : 'Current', resources: [resource] }],
    })
    return json({
      kind: 'APIGroupDiscoveryList',
      items: [
        group('test.dev', { resource: 'widgets', responseKind: { kind: 'Widget' }, scope: 'Namespaced' }),
        group(
          'other.dev',
          freshness === 'Stale'
            ? {}
            : { resource: 'clusters', responseKind: { kind: 'Cluster' }, scope: 'Cluster', subresources: [{}] },
        ),
      ],
    })
  }
  const ADDRESSES = ['/apis/test.dev/v1/namespaces/a/widgets/a', '/apis/other.dev/v1/clusters/a']

  test('asks a server once for everything, and no more for what is not in it', async () => {
    const { asked, client, read } = discovering(aggregated('Current'))
    const gadget = read({ ...WIDGET, kind: 'Gadget' })
    await expect(gadget).rejects.toMatchObject({ code: 'KindAbsent' })
    expect(await Promise.all([read(), read(OTHER)])).toEqual(ADDRESSES)
    expect(asked).toEqual(['/apis'])
    client.forget(WIDGET)
    expect(await read()).toBe(ADDRESSES[0])
    expect(asked).toEqual(['/apis', '/apis/test.dev/v1'])
  })

  test('asks a group by itself where the server could not tell of it', async () => {
    const { asked, read } = discovering(aggregated('Stale'))
    expect(await Promise.all([read(), read(OTHER)])).toEqual(ADDRESSES)
    expect(asked).toEqual(['/apis', '/apis/other.dev/v1'])
  })

  test.each([
    ['knows no such answer', () => plainRoot('as=APIGroupDiscoveryList')!],
    ['does not let its groups be listed', () => status(403, 'Forbidden')],
  ])('asks a server that %s for each group once, however many want it at a time', async (_what, root) => {
    const { asked, read } = discovering(root)
    expect(await Promise.all([read(), read(OTHER), read(), read(OTHER)])).toEqual([...ADDRESSES, ...ADDRESSES])
    expect(asked).toEqual(['/apis', '/apis/test.dev/v1', '/apis/other.dev/v1'])
    await expect(read({ ...WIDGET, kind: 'Gadget' })).rejects.toMatchObject({ code: 'KindAbsent' })
  })

  test('is tried again after a failure', async () => {
    let broken = true
    const { asked, read } = discovering(accept =>
      broken ? status(503, 'ServiceUnavailable') : aggregated('Current')(accept),
    )
    await expect(read()).rejects.toMatchObject({ code: 'Unavailable' })
    broken = false
    expect(await read()).toBe(ADDRESSES[0])
    expect(asked).toEqual(['/apis', '/apis'])
  })

  test('is shared with the client that asks no fence', async () => {
    const { asked, client, read } = discovering(aggregated('Current'))
    await read()
    await client.unobserved().get(OTHER, undefined, 'a')
    expect(asked).toEqual(['/apis'])
  })
})

describe('kinds that are absent', () => {
  const waiting = (answer: (path: string) => ReturnType<typeof json>, kinds: string[]) => {
    const clock = new ManualClock()
    const asked: string[] = []
    const client = new KubeClient(
      async request => {
        const root = request.path === '/apis' && plainRoot(request.accept)
        if (root) return root
        asked.push(request.path)
        return answer(request.path)
      },
      { clock },
    )
    const waits = kinds.map(kind => {
      const stop = new AbortController()
      const look = { signal: stop.signal, looks: 0, onLook: () => void look.looks++, random: fixedRandom }
      return { look, stop, over: client.appears({ ...WIDGET, kind }, look) }
    })
    return { clock, asked, waits }
  }
  const resources = (...kinds: string[]) =>
    json({ resources: kinds.map(kind => ({ name: kind.toLowerCase(), kind, namespaced: true })) })
  const groups = (...versions: string[]) =>
    json({ groups: versions.map(groupVersion => ({ versions: [{ groupVersion }] })) })

  test('are looked for together: one request while their group is absent, two once it is there, until all are found or have left', async () => {
    let served: string[] | undefined
    const answer = (path: string) =>
      path === '/apis' ? groups('other.dev/v1', ...(served ? ['test.dev/v1'] : [])) : resources(...served!)
    const { clock, asked, waits } = waiting(answer, ['Gadget', 'Gizmo', 'Widget'])
    await clock.advance(60_000)
    expect(asked.length).toBeGreaterThan(5)
    expect(new Set(asked)).toEqual(new Set(['/apis']))
    expect(waits.map(({ look }) => look.looks)).toEqual([asked.length, asked.length, asked.length])
    served = ['Gadget']
    asked.length = 0
    await clock.advance(10_000)
    await waits[0]!.over
    expect(asked.slice(0, 2)).toEqual(['/apis', '/apis/test.dev/v1'])
    waits[2]!.stop.abort()
    await waits[2]!.over
    served = ['Gizmo']
    await clock.advance(10_000)
    await waits[1]!.over
    expect(clock.timers).toBe(0)
  })

  test.each([
    ['may not be read', 403, 'Forbidden'],
    ['is not there', 404, 'NotFound'],
  ])('are looked for in their own group where the list of groups %s', async (_what, code, reason) => {
    const answer = (path: string) => (path === '/apis' ? status(code, reason) : resources('Widget'))
    const { clock, waits } = waiting(answer, ['Widget'])
    await clock.advance(1_000)
    await waits[0]!.over
  })

  test('leave it to whoever waits what a failing server means', async () => {
    const { clock, waits } = waiting(() => status(500, 'InternalError'), ['Widget'])
    const failed = expect(waits[0]!.over).rejects.toMatchObject({ code: 'Unavailable' })
    await clock.advance(1_000)
    await failed
  })
})

describe('with a tracer', () => {
  const spans: { name: string; parent: unknown; attributes: unknown; ended: boolean; failed: boolean }[] = []
  const storage = new AsyncLocalStorage<Context>()
  beforeAll(() => {
    const manager: ContextManager = {
      active: () => storage.getStore() ?? ROOT_CONTEXT,
      with: (active, work, self, ...args) => storage.run(active, () => work.apply(self as never, args)),
      bind: (_active, target) => target,
      enable: () => manager,
      disable: () => manager,
    }
    context.setGlobalContextManager(manager)
    trace.setGlobalTracerProvider({
      getTracer: () => ({
        startSpan: () => {
          throw new Error('unused')
        },
        startActiveSpan: (name: string, options: { attributes?: unknown }, work: (span: Span) => unknown) => {
          const parent = trace.getActiveSpan() as unknown as { record?: unknown } | undefined
          const record = { name, parent: parent?.record, attributes: options.attributes, ended: false, failed: false }
          spans.push(record)
          const span = {
            record,
            setStatus: () => {
              record.failed = true
            },
            end: () => {
              record.ended = true
            },
          } as unknown as Span
          return context.with(trace.setSpan(context.active(), span), () => work(span))
        },
      }),
    } as never)
  })
  afterAll(() => {
    context.disable()
    trace.disable()
  })

  test('each call is a span with verb, resource and reason, below the span of its reconcile', async () => {
    const { transport } = scripted(json(widget('a', 2)), status(500, 'InternalError'))
    const client = new KubeClient(transport)
    await inSpan('reconcile', {}, async () => {
      await client.replace(widget('a', 1), { reason: 'DriftRepaired' })
      await client.get(WIDGET, 'a', 'a').catch(() => undefined)
    })
    const [root, write, read] = spans
    expect(spans.map(({ name, failed, ended }) => [name, failed, ended])).toEqual([
      ['reconcile', false, true],
      ['update widgets', false, true],
      ['get widgets', true, true],
    ])
    expect([write!.parent, read!.parent]).toEqual([root, root])
    expect(write!.attributes).toMatchObject({
      'k8s.api.verb': 'update',
      'k8s.object.name': 'a',
      'write.reason': 'DriftRepaired',
    })
  })
})
