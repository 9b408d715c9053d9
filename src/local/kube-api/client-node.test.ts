/** @kubernetes/client-node, the library of the controller, against the served API. */
import https from 'node:https'
import {
  CoordinationV1Api,
  CoreV1Api,
  CustomObjectsApi,
  KubeConfig,
  type KubernetesObject,
  KubernetesObjectApi,
  PatchStrategy,
  V1MicroTime,
  Watch,
} from '@kubernetes/client-node'
import { type KubeApi, kubeconfig, openKubeApi, serveKubeApi } from './index.ts'
import { configMap, widget, widgetDefinition } from './test-support.ts'

let api: KubeApi
let served: Awaited<ReturnType<typeof serveKubeApi>>
const config = (token: string, certificateAuthority?: string) => {
  const kubeConfig = new KubeConfig()
  kubeConfig.loadFromString(
    kubeconfig({
      url: served.url,
      token,
      namespace: 'default',
      ...(certificateAuthority ? { certificateAuthority } : {}),
    }),
  )
  return kubeConfig
}

beforeAll(async () => {
  api = await openKubeApi({ store: 'memory' })
  served = await serveKubeApi(api, { tokens: { 'a-token': 'admin' } })
  await api.client.create(widgetDefinition({ type: 'object', properties: { size: { type: 'integer' } } }))
})
afterAll(async () => {
  await served.close()
  api.close()
})

test('KubernetesObjectApi: create, read, apply, merge, delete', async () => {
  const client = KubernetesObjectApi.makeApiClient(config('a-token', served.certificateAuthority))
  const made = await client.create(widget('one', { size: 1 }) as unknown as KubernetesObject)
  expect(made.metadata?.uid).toBeDefined()
  const applied = await client.patch(
    widget('one', { size: 2 }) as unknown as KubernetesObject,
    undefined,
    undefined,
    'me',
    true,
    PatchStrategy.ServerSideApply,
  )
  expect(applied).toMatchObject({ spec: { size: 2 } })
  const merged = await client.patch(
    {
      ...widget('one', {}),
      metadata: { name: 'one', namespace: 'default', labels: { a: 'b' } },
    } as unknown as KubernetesObject,
    undefined,
    undefined,
    undefined,
    undefined,
    PatchStrategy.MergePatch,
  )
  expect(merged.metadata?.labels).toEqual({ a: 'b' })
  await client.delete(widget('one', {}) as unknown as KubernetesObject)
  await expect(client.read(widget('one', {}) as never)).rejects.toMatchObject({ code: 404 })
})

test('CustomObjectsApi: list and status', async () => {
  const client = config('a-token').makeApiClient(CustomObjectsApi)
  const path = { group: 'example.com', version: 'v1', namespace: 'default', plural: 'widgets' }
  await client.createNamespacedCustomObject({ ...path, body: widget('two', { size: 1 }) })
  const read = await client.getNamespacedCustomObject({ ...path, name: 'two' })
  await client.replaceNamespacedCustomObjectStatus({ ...path, name: 'two', body: { ...read, status: { done: true } } })
  const { items } = (await client.listNamespacedCustomObject(path)) as { items: unknown[] }
  expect(items).toEqual([expect.objectContaining({ status: { done: true } })])
})

test('typed clients: Lease with MicroTime, dates, conflicts', async () => {
  const leases = config('a-token').makeApiClient(CoordinationV1Api)
  const lease = await leases.createNamespacedLease({
    namespace: 'default',
    body: {
      metadata: { name: 'lock' },
      spec: { holderIdentity: 'me', leaseDurationSeconds: 15, renewTime: new V1MicroTime('2026-03-01T10:00:00.123Z') },
    },
  })
  const stored = await api.client.get({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' }, 'default', 'lock')
  expect(stored?.spec).toMatchObject({ renewTime: '2026-03-01T10:00:00.123000Z' })
  expect(lease.metadata?.creationTimestamp).toBeInstanceOf(Date)
  await leases.replaceNamespacedLease({
    namespace: 'default',
    name: 'lock',
    body: { ...lease, spec: { ...lease.spec, holderIdentity: 'you' } },
  })
  await expect(
    leases.replaceNamespacedLease({ namespace: 'default', name: 'lock', body: lease }),
  ).rejects.toMatchObject({ code: 409 })
})

test('Watch: from a list to its changes', async () => {
  const kubeConfig = config('a-token')
  const { metadata } = await kubeConfig.makeApiClient(CoreV1Api).listNamespacedConfigMap({ namespace: 'default' })
  const events: string[] = []
  let seen = () => {}
  const twoSeen = new Promise<void>(resolve => {
    seen = () => events.length === 2 && resolve()
  })
  const controller = await new Watch(kubeConfig).watch(
    '/api/v1/namespaces/default/configmaps',
    { resourceVersion: metadata?.resourceVersion, allowWatchBookmarks: true },
    (type, object: KubernetesObject) => {
      events.push(`${type} ${object.metadata?.name}`)
      seen()
    },
    () => {},
  )
  await api.client.create(configMap('watched'))
  await api.client.delete(configMap(''), 'default', 'watched')
  await twoSeen
  controller.abort()
  expect(events).toEqual(['ADDED watched', 'DELETED watched'])
})

test('a wrong token is 401 with a Status, and health needs none', async () => {
  const get = (path: string, token?: string) =>
    new Promise<[number | undefined, string]>((resolve, reject) => {
      const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
      https
        .get(`${served.url}${path}`, { ca: served.certificateAuthority, headers }, response => {
          let text = ''
          response.on('data', chunk => {
            text += chunk
          })
          response.on('end', () => resolve([response.statusCode, text]))
        })
        .on('error', reject)
    })
  const unauthorized = [401, expect.stringContaining('"reason":"Unauthorized"')]
  expect(await get('/api/v1/secrets', 'wrong')).toEqual(unauthorized)
  expect(await get('/api/v1/secrets')).toEqual(unauthorized)
  expect(await get('/readyz')).toEqual([200, 'ok'])
  expect((await get('/api/v1/secrets', 'a-token'))[0]).toBe(200)
})
