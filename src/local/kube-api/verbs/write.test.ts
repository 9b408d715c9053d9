import type { KubeApi, KubeObject } from '../index.ts'
import { configMap, deployment, fieldsOf, memoryApi, patchType, refusal, request, settled } from '../test-support.ts'

let api: KubeApi
beforeEach(async () => {
  api = await memoryApi()
})
afterEach(() => api.close())

describe('create', () => {
  test('fills in identity, defaults and ownership', async () => {
    const made = await api.clientFor('tester').create(deployment('web'))
    expect(made.metadata).toMatchObject({ name: 'web', generation: 1, creationTimestamp: '2026-03-01T10:00:00Z' })
    expect(made.metadata.uid).toMatch(/^[0-9a-f-]{36}$/)
    expect(made.metadata['managedFields']).toEqual([
      expect.objectContaining({ manager: 'tester', operation: 'Update', apiVersion: 'apps/v1' }),
    ])
    expect(made.spec).toMatchObject({
      progressDeadlineSeconds: 600,
      revisionHistoryLimit: 10,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
      template: {
        spec: {
          restartPolicy: 'Always',
          dnsPolicy: 'ClusterFirst',
          terminationGracePeriodSeconds: 30,
          containers: [
            {
              imagePullPolicy: 'IfNotPresent',
              terminationMessagePath: '/dev/termination-log',
              ports: [{ protocol: 'TCP' }],
            },
          ],
        },
      },
    })
  })

  test('generateName makes a new name each time', async () => {
    const one = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { namespace: 'default', generateName: 'job-' },
    } as unknown as KubeObject
    const names = [await api.client.create(one), await api.client.create(one)].map(made => made.metadata.name)
    expect(names[0]).toMatch(/^job-[a-z0-9]{5}$/)
    expect(names[0]).not.toBe(names[1])
  })

  test.each<[string, KubeObject, number, string]>([
    ['a name that is taken', configMap('taken'), 409, 'AlreadyExists'],
    [
      'a namespace that does not exist',
      { ...configMap('x'), metadata: { name: 'x', namespace: 'nowhere' } },
      404,
      'NotFound',
    ],
    ['a name that is no DNS name', configMap('Not_A_Name'), 422, 'Invalid'],
    ['no name', { ...configMap(''), metadata: { namespace: 'default', name: '' } }, 422, 'Invalid'],
    ['a label value with a space', configMap('x', {}, { labels: { a: 'b c' } }), 422, 'Invalid'],
    ['a key of data with a slash', configMap('x', { 'a/b': '' }), 422, 'Invalid'],
    ['a wrong type', deployment('x', { replicas: 'three' }), 400, 'BadRequest'],
    [
      'a selector that does not match',
      deployment('x', { selector: { matchLabels: { app: 'other' } } }),
      422,
      'Invalid',
    ],
  ])('refuses %s', async (_, object, code, reason) => {
    await api.client.create(configMap('taken'))
    expect(await refusal(api.client.create(object))).toMatchObject({ code, reason, status: 'Failure' })
  })

  test('names every wrong field of a deployment', async () => {
    const bad = deployment('x', {
      selector: undefined!,
      template: { metadata: {}, spec: { containers: [{ name: 'a' }] } },
    })
    expect(fieldsOf(await refusal(api.client.create(bad)))).toEqual([
      'spec.selector',
      'spec.template.metadata.labels',
      'spec.template.spec.containers[0].image',
    ])
  })

  test('unknown fields: Strict refuses, Warn drops and warns, Ignore drops', async () => {
    const body = { ...configMap('x'), typo: 1 }
    const url = (mode: string) => `/api/v1/namespaces/default/configmaps?dryRun=All&fieldValidation=${mode}`
    const strict = await request(api, 'POST', url('Strict'), body)
    expect([strict.status, strict.body.message]).toEqual([400, expect.stringContaining('unknown field "typo"')])
    const warn = await request(api, 'POST', url('Warn'), body)
    expect([warn.status, warn.body.typo, warn.headers['warning']]).toEqual([
      201,
      undefined,
      expect.stringContaining('unknown field'),
    ])
    expect((await request(api, 'POST', url('Ignore'), body)).headers['warning']).toBeUndefined()
  })

  test('a dry run answers as if and stores nothing', async () => {
    const answer = await request(api, 'POST', '/api/v1/namespaces/default/configmaps?dryRun=All', configMap('dry'))
    expect([answer.status, answer.body.metadata.name]).toEqual([201, 'dry'])
    expect(await api.client.get(configMap(''), 'default', 'dry')).toBeUndefined()
  })

  test('a Secret turns stringData into data and checks base64', async () => {
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { namespace: 'default', name: 's' } }
    const made: KubeObject = await api.client.create<KubeObject>({ ...secret, stringData: { a: 'x' } })
    expect([made['data'], made['stringData'], made['type']]).toEqual([{ a: 'eA==' }, undefined, 'Opaque'])
    expect(
      (
        await refusal(
          api.client.create({ ...secret, metadata: { namespace: 'default', name: 't' }, data: { a: '***' } }),
        )
      ).code,
    ).toBe(400)
  })

  test('a Lease takes microseconds and refuses what is no time', async () => {
    const lease = (renewTime: string) => ({
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { namespace: 'default', name: 'l' },
      spec: { renewTime },
    })
    expect((await refusal(api.client.create(lease('yesterday')))).code).toBe(400)
    expect((await api.client.create(lease('2026-03-01T10:00:00.123456Z'))).spec).toEqual({
      renewTime: '2026-03-01T10:00:00.123456Z',
    })
  })
})

describe('update', () => {
  test('generation counts changes of the spec only', async () => {
    const made = await api.client.create(deployment('web'))
    const labelled = await api.client.merge(made, 'default', 'web', { metadata: { labels: { a: 'b' } } })
    const scaled = await api.client.merge(made, 'default', 'web', { spec: { replicas: 3 } })
    const reported = await api.client.merge(
      made,
      'default',
      'web',
      { status: { replicas: 3 }, spec: { replicas: 9 } },
      'status',
    )
    expect([labelled, scaled, reported].map(each => each.metadata.generation)).toEqual([1, 2, 2])
    expect(reported).toMatchObject({ spec: { replicas: 3 }, status: { replicas: 3 } })
    const merged = await api.client.merge(made, 'default', 'web', { status: { replicas: 8 } })
    expect(merged.status).toEqual({ replicas: 3 })
  })

  test('a stale resourceVersion or another uid is a conflict', async () => {
    const made = await api.client.create(configMap('a'))
    await api.client.replace({ ...made, data: { a: '1' } })
    expect(await refusal(api.client.replace({ ...made, data: { a: '2' } }))).toMatchObject({
      code: 409,
      reason: 'Conflict',
    })
    const other = { ...made, metadata: { ...made.metadata, resourceVersion: '', uid: 'other' } }
    expect(await refusal(api.client.replace(other))).toMatchObject({ code: 409 })
    // A patch names its object by the path: another uid in it would be a change.
    expect(await refusal(api.client.merge(made, 'default', 'a', { metadata: { uid: 'other' } }))).toMatchObject({
      code: 422,
    })
  })

  test('a write that changes nothing keeps the resourceVersion', async () => {
    const made = await api.client.create(configMap('a', { k: 'v' }))
    const again = await api.client.merge(made, 'default', 'a', { data: { k: 'v' } })
    expect(again.metadata.resourceVersion).toBe(made.metadata.resourceVersion)
  })

  test('immutable fields stay', async () => {
    await api.client.create(deployment('web'))
    const other = { matchLabels: { app: 'web', tier: 'x' } }
    const status = await refusal(api.client.merge(deployment('web'), 'default', 'web', { spec: { selector: other } }))
    expect(fieldsOf(status)).toContain('spec.selector')
  })

  test('scale writes replicas through and reports the selector', async () => {
    await api.client.create(deployment('web'))
    const url = '/apis/apps/v1/namespaces/default/deployments/web/scale'
    const patched = await request(api, 'PATCH', url, { spec: { replicas: 7 } }, patchType.merge)
    expect(patched.body).toMatchObject({
      kind: 'Scale',
      spec: { replicas: 7 },
      status: { replicas: 0, selector: 'app=web' },
    })
    expect((await api.client.get(deployment(''), 'default', 'web'))?.spec).toMatchObject({ replicas: 7 })
    expect((await request(api, 'PATCH', url, { spec: { replicas: -1 } }, patchType.merge)).status).toBe(422)
  })
})

describe('delete', () => {
  test('finalizers hold an object; the last one to leave lets it go', async () => {
    const held = await api.client.create(configMap('a', {}, { finalizers: ['example.com/hold'] }))
    await api.client.delete(held, 'default', 'a')
    const marked = await api.client.get(held, 'default', 'a')
    expect(marked?.metadata.deletionTimestamp).toBe('2026-03-01T10:00:00Z')
    const more = { metadata: { finalizers: ['example.com/hold', 'example.com/more'] } }
    expect(fieldsOf(await refusal(api.client.merge(held, 'default', 'a', more)))).toContain('metadata.finalizers')
    await api.client.merge(held, 'default', 'a', { metadata: { finalizers: null } })
    expect(await api.client.get(held, 'default', 'a')).toBeUndefined()
  })

  test('preconditions protect a successor of the same name', async () => {
    const made = await api.client.create(configMap('a'))
    const wrong = { preconditions: { uid: 'other' } }
    expect((await refusal(api.client.delete(made, 'default', 'a', wrong))).code).toBe(409)
    await api.client.delete(made, 'default', 'a', { preconditions: { uid: made.metadata.uid! } })
    expect((await refusal(api.client.delete(made, 'default', 'a'))).code).toBe(404)
  })

  test('a pod on a node goes in two steps, one without a node at once', async () => {
    const pod = (name: string, nodeName?: string): KubeObject => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { namespace: 'default', name },
      spec: {
        ...(nodeName ? { nodeName } : {}),
        terminationGracePeriodSeconds: 20,
        containers: [{ name: 'a', image: 'b' }],
      },
    })
    await api.client.create(pod('free'))
    await api.client.create(pod('running', 'local'))
    await api.client.delete(pod(''), 'default', 'free')
    await api.client.delete(pod(''), 'default', 'running')
    expect(await api.client.get(pod(''), 'default', 'free')).toBeUndefined()
    const terminating = await api.client.get(pod(''), 'default', 'running')
    expect(terminating?.metadata).toMatchObject({
      deletionGracePeriodSeconds: 20,
      deletionTimestamp: '2026-03-01T10:00:20Z',
    })
    const url = '/api/v1/namespaces/default/pods/running'
    expect((await request(api, 'DELETE', url)).body.kind).toBe('Pod')
    await request(api, 'DELETE', `${url}?gracePeriodSeconds=0`)
    expect(await api.client.get(pod(''), 'default', 'running')).toBeUndefined()
  })

  test('the in-process client confirms a terminating pod by deleting it again', async () => {
    const pod: KubeObject = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { namespace: 'default', name: 'p' },
      spec: { nodeName: 'n', containers: [{ name: 'a', image: 'b' }] },
    }
    await api.client.create(pod)
    await api.client.delete(pod, 'default', 'p')
    await api.client.delete(pod, 'default', 'p')
    expect(await api.client.get(pod, 'default', 'p')).toBeUndefined()
  })

  test('deletecollection takes a selector', async () => {
    await api.client.create(configMap('a', {}, { labels: { x: '1' } }))
    await api.client.create(configMap('b'))
    await request(api, 'DELETE', '/api/v1/namespaces/default/configmaps?labelSelector=x%3D1')
    await settled()
    expect((await api.client.list(configMap(''), 'default')).map(each => each.metadata.name)).toEqual(['b'])
  })
})

test.each([
  ['GET', '/api/v1/namespaces/default/pods/x/portforward', 501],
  ['GET', '/api/v1/namespaces/default/configmaps/x/other', 404],
  ['POST', '/api/v1/namespaces/default/configmaps/x', 405],
  ['PATCH', '/api/v1/namespaces/default/configmaps', 405],
  ['GET', '/api/v1/nodes/n/status/more', 404],
  ['POST', '/version', 405],
  ['GET', '/api/v1/namespaces/default/configmaps/%E0%A4%A', 400],
])('%s %s answers a Status with %i', async (method, url, code) => {
  const answer = await request(api, method, url)
  expect([answer.status, answer.body.kind, answer.body.code]).toEqual([code, 'Status', code])
})

test.each(['/apis/nothing.example.com/v1/things', '/apis/no.such.group', '/metrics'])(
  'GET %s answers the text of 404, of which clients make a NotFound',
  async url => {
    expect(await request(api, 'GET', url)).toMatchObject({ status: 404, body: '404 page not found\n' })
  },
)

test('both Event APIs show the same object', async () => {
  const event = {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { namespace: 'default', name: 'e' },
    involvedObject: { kind: 'Pod', name: 'p', namespace: 'default' },
    message: 'hello',
    reason: 'Started',
    type: 'Normal',
  }
  await api.client.create(event)
  const other = await api.client.get({ apiVersion: 'events.k8s.io/v1', kind: 'Event' }, 'default', 'e')
  expect(other).toMatchObject({ apiVersion: 'events.k8s.io/v1', regarding: { name: 'p' }, note: 'hello' })
  await api.client.create({
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { namespace: 'default', name: 'f' },
    regarding: { kind: 'Pod', name: 'q', namespace: 'default' },
    note: 'bye',
    reason: 'Stopped',
    action: 'Stop',
    type: 'Normal',
    eventTime: '2001-01-01T00:00:00.000000Z',
    reportingController: 'example.com/controller',
    reportingInstance: 'controller-1',
  })
  expect(await api.client.get(event, 'default', 'f')).toMatchObject({
    apiVersion: 'v1',
    involvedObject: { name: 'q' },
    message: 'bye',
  })
})
