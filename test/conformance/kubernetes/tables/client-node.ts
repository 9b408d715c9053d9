import {
  AppsV1Api,
  AuthorizationV1Api,
  CoordinationV1Api,
  CoreV1Api,
  CustomObjectsApi,
  type KubeConfig,
  type KubernetesObject,
  KubernetesObjectApi,
  makeInformer,
  PatchStrategy,
  RbacAuthorizationV1Api,
  V1MicroTime,
  VersionApi,
  Watch,
} from '@kubernetes/client-node'
import { program } from '../clients.ts'
import { row, type Table } from '../row.ts'

const SOURCE = 'https://github.com/kubernetes-client/javascript'
const OBJECTS = `${SOURCE}/blob/main/src/object.ts`
const WATCHES = `${SOURCE}/blob/main/src/watch.ts`
const INFORMERS = `${SOURCE}/blob/main/src/cache.ts`

const WIDGET = { group: 'conformance.example.com', version: 'v1', plural: 'widgets' }
type Any = KubernetesObject & Record<string, unknown>

const widget = (namespace: string, spec: object = { size: 3 }, name = 'w'): Any => ({
  apiVersion: 'conformance.example.com/v1',
  kind: 'Widget',
  metadata: { name, namespace },
  spec,
})
const configMap = (name = 'a', data: Record<string, string> = { key: 'one' }) => ({ metadata: { name }, data })
const core = (config: KubeConfig): CoreV1Api => config.makeApiClient(CoreV1Api)
const objects = (config: KubeConfig): KubernetesObjectApi => KubernetesObjectApi.makeApiClient(config)

const typed = [
  row(
    'a typed object is made, read, replaced and deleted',
    SOURCE,
    program('CoreV1Api create', (config, namespace) =>
      core(config).createNamespacedConfigMap({ namespace, body: configMap() }),
    ),
    program('CoreV1Api replace', async (config, namespace) => {
      const read = await core(config).readNamespacedConfigMap({ name: 'a', namespace })
      return core(config).replaceNamespacedConfigMap({ name: 'a', namespace, body: { ...read, data: { key: 'two' } } })
    }),
    program('CoreV1Api delete', (config, namespace) =>
      core(config).deleteNamespacedConfigMap({ name: 'a', namespace }),
    ),
    program('CoreV1Api read', (config, namespace) => core(config).readNamespacedConfigMap({ name: 'a', namespace })),
  ),
  row(
    'a typed list in pages',
    SOURCE,
    program('CoreV1Api list', async (config, namespace) => {
      for (const name of ['a', 'b', 'c'])
        await core(config).createNamespacedConfigMap({ namespace, body: configMap(name) })
      const first = await core(config).listNamespacedConfigMap({ namespace, limit: 2 })
      const next = first.metadata?._continue
      const second = await core(config).listNamespacedConfigMap({
        namespace,
        limit: 2,
        ...(next && { _continue: next }),
      })
      return [first, second].map(({ items, metadata }) => [
        items.map(each => each.metadata?.name),
        metadata?.remainingItemCount,
      ])
    }),
  ),
  row(
    'an update with an old version',
    SOURCE,
    program('CoreV1Api replace', async (config, namespace) => {
      const made = await core(config).createNamespacedConfigMap({ namespace, body: configMap() })
      await core(config).replaceNamespacedConfigMap({ name: 'a', namespace, body: { ...made, data: { key: 'two' } } })
      return core(config).replaceNamespacedConfigMap({
        name: 'a',
        namespace,
        body: { ...made, data: { key: 'three' } },
      })
    }),
  ),
  row(
    'a Secret of bytes',
    SOURCE,
    program('CoreV1Api create', (config, namespace) =>
      core(config).createNamespacedSecret({ namespace, body: { metadata: { name: 's' }, stringData: { key: 'väl' } } }),
    ),
  ),
  row(
    'a typed object that is refused',
    SOURCE,
    program('CoreV1Api create', (config, namespace) =>
      core(config).createNamespacedSecret({ namespace, body: { metadata: { name: 's' }, data: { 'a b': '' } } }),
    ),
  ),
  row(
    'a Deployment and its scale',
    SOURCE,
    program('AppsV1Api', async (config, namespace) => {
      const apps = config.makeApiClient(AppsV1Api)
      const labels = { app: 'web' }
      const template = { metadata: { labels }, spec: { containers: [{ name: 'main', image: 'x' }] } }
      await apps.createNamespacedDeployment({
        namespace,
        body: { metadata: { name: 'web' }, spec: { replicas: 2, selector: { matchLabels: labels }, template } },
      })
      const scale = await apps.readNamespacedDeploymentScale({ name: 'web', namespace })
      return apps.replaceNamespacedDeploymentScale({
        name: 'web',
        namespace,
        body: { ...scale, spec: { replicas: 5 } },
      })
    }),
    program('AppsV1Api status', (config, namespace) =>
      config.makeApiClient(AppsV1Api).readNamespacedDeploymentStatus({ name: 'web', namespace }),
    ),
  ),
  row(
    'a Lease with microseconds',
    SOURCE,
    program('CoordinationV1Api', async (config, namespace) => {
      const leases = config.makeApiClient(CoordinationV1Api)
      const at = new V1MicroTime('2001-02-03T04:05:06.789012Z')
      return leases.createNamespacedLease({
        namespace,
        body: { metadata: { name: 'l' }, spec: { holderIdentity: 'me', renewTime: at, leaseDurationSeconds: 15 } },
      })
    }),
  ),
  row(
    'a Role',
    SOURCE,
    program('RbacAuthorizationV1Api', (config, namespace) =>
      config.makeApiClient(RbacAuthorizationV1Api).createNamespacedRole({
        namespace,
        body: { metadata: { name: 'r' }, rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }] },
      }),
    ),
  ),
  row(
    'may I?',
    SOURCE,
    program('AuthorizationV1Api', async (config, namespace) => {
      const review = { spec: { resourceAttributes: { namespace, verb: 'create', resource: 'pods' } } }
      return (await config.makeApiClient(AuthorizationV1Api).createSelfSubjectAccessReview({ body: review })).status
        ?.allowed
    }),
  ),
  row(
    'the version of the server',
    SOURCE,
    program('VersionApi', async config => {
      const { major, minor } = await config.makeApiClient(VersionApi).getCode()
      return { major, minor }
    }),
  ),
]

const untyped = [
  row(
    'an object of any kind: created, read, listed, replaced, deleted',
    OBJECTS,
    program('KubernetesObjectApi create', (config, namespace) => objects(config).create(widget(namespace))),
    program('KubernetesObjectApi read', (config, namespace) => objects(config).read(widget(namespace) as never)),
    program('KubernetesObjectApi list', (config, namespace) =>
      objects(config).list('conformance.example.com/v1', 'Widget', namespace),
    ),
    program('KubernetesObjectApi replace', async (config, namespace) => {
      const live = await objects(config).read<Any>(widget(namespace) as never)
      return objects(config).replace({ ...live, spec: { size: 7 } })
    }),
    program('KubernetesObjectApi delete', (config, namespace) => objects(config).delete(widget(namespace))),
    program('KubernetesObjectApi read', (config, namespace) => objects(config).read(widget(namespace) as never)),
  ),
  ...(
    [
      ['a merge patch', PatchStrategy.MergePatch, { metadata: { labels: { x: '1' } } }],
      ['a strategic merge patch', PatchStrategy.StrategicMergePatch, { metadata: { labels: { x: '1' } } }],
    ] as const
  ).map(([name, strategy, change]) =>
    row(
      `${name} of a ConfigMap and of a custom resource`,
      OBJECTS,
      program('KubernetesObjectApi patch', async (config, namespace) => {
        const made = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace }, data: { key: 'one' } }
        await objects(config).create(made)
        const patch = { ...made, metadata: { ...made.metadata, ...change.metadata } }
        return objects(config).patch(patch, undefined, undefined, 'tables', undefined, strategy)
      }),
      program('KubernetesObjectApi patch', async (config, namespace) => {
        await objects(config).create(widget(namespace))
        return objects(config).patch(
          widget(namespace, { size: 9 }),
          undefined,
          undefined,
          'tables',
          undefined,
          strategy,
        )
      }),
    ),
  ),
  row(
    'server-side apply: made, changed, in conflict, forced',
    OBJECTS,
    program('KubernetesObjectApi apply', (config, namespace) =>
      objects(config).patch(widget(namespace), undefined, undefined, 'one', undefined, PatchStrategy.ServerSideApply),
    ),
    program('KubernetesObjectApi apply', (config, namespace) =>
      objects(config).patch(
        widget(namespace, { size: 4 }),
        undefined,
        undefined,
        'two',
        undefined,
        PatchStrategy.ServerSideApply,
      ),
    ),
    program('KubernetesObjectApi apply', (config, namespace) =>
      objects(config).patch(
        widget(namespace, { size: 4 }),
        undefined,
        undefined,
        'two',
        true,
        PatchStrategy.ServerSideApply,
      ),
    ),
  ),
  row(
    'a dry run',
    OBJECTS,
    program('KubernetesObjectApi create', (config, namespace) =>
      objects(config).create(widget(namespace), undefined, 'All'),
    ),
    program('KubernetesObjectApi list', (config, namespace) =>
      objects(config).list('conformance.example.com/v1', 'Widget', namespace),
    ),
  ),
  row(
    'a kind that is not there',
    OBJECTS,
    program('KubernetesObjectApi read', async (config, namespace) => {
      const none = { apiVersion: 'conformance.example.com/v1', kind: 'Nothing', metadata: { name: 'n', namespace } }
      return objects(config)
        .read(none)
        .catch(error => String((error as Error).message))
    }),
  ),
  row(
    'custom objects and their status',
    `${SOURCE}/blob/main/src/gen/apis/CustomObjectsApi.ts`,
    program('CustomObjectsApi', async (config, namespace) => {
      const custom = config.makeApiClient(CustomObjectsApi)
      const live = (await custom.createNamespacedCustomObject({ ...WIDGET, namespace, body: widget(namespace) })) as Any
      return custom.replaceNamespacedCustomObjectStatus({
        ...WIDGET,
        namespace,
        name: 'w',
        body: { ...live, status: { phase: 'Good' } },
      })
    }),
    program('CustomObjectsApi list', (config, namespace) =>
      config
        .makeApiClient(CustomObjectsApi)
        .listNamespacedCustomObject({ ...WIDGET, namespace, labelSelector: 'none' }),
    ),
  ),
]

const PATIENCE_MS = 5_000

/** The events that `during` causes, up to `count`; the names of what they were about. */
async function watched(
  config: KubeConfig,
  path: string,
  query: object,
  count: number,
  during: () => Promise<unknown>,
): Promise<string[]> {
  const seen: string[] = []
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, PATIENCE_MS)
  const request = await new Watch(config).watch(
    path,
    query as Record<string, string>,
    (phase: string, object: Any) => {
      seen.push(`${phase} ${object.metadata?.name ?? String(object['code'])}`)
      if (seen.length >= count) resolve()
    },
    error => (error ? reject(error) : resolve()),
  )
  try {
    await during()
    await promise
  } catch (error) {
    // The end that we make ourselves is an error too.
    if (seen.length < count) seen.push(String((error as Error).message))
  } finally {
    clearTimeout(timer)
    request.abort()
  }
  return seen
}

const watching = [
  row(
    'a watch from a list on',
    WATCHES,
    program('Watch', async (config, namespace) => {
      const api = core(config)
      await api.createNamespacedConfigMap({ namespace, body: configMap('before') })
      const { metadata } = await api.listNamespacedConfigMap({ namespace })
      return watched(
        config,
        `/api/v1/namespaces/${namespace}/configmaps`,
        { resourceVersion: metadata?.resourceVersion },
        3,
        async () => {
          const made = await api.createNamespacedConfigMap({ namespace, body: configMap() })
          await api.replaceNamespacedConfigMap({ name: 'a', namespace, body: { ...made, data: { key: 'two' } } })
          await api.deleteNamespacedConfigMap({ name: 'a', namespace })
        },
      )
    }),
  ),
  row(
    'a watch with a selector sees objects come into it and leave it',
    WATCHES,
    program('Watch', async (config, namespace) => {
      const api = core(config)
      const label = (x: string) => ({ metadata: { name: 'a', labels: { x } } })
      const { metadata } = await api.listNamespacedConfigMap({ namespace })
      const query = { labelSelector: 'x=in', resourceVersion: metadata?.resourceVersion }
      return watched(config, `/api/v1/namespaces/${namespace}/configmaps`, query, 2, async () => {
        await api.createNamespacedConfigMap({ namespace, body: label('out') })
        await api.replaceNamespacedConfigMap({ name: 'a', namespace, body: label('in') })
        await api.replaceNamespacedConfigMap({ name: 'a', namespace, body: label('out') })
      })
    }),
  ),
  row(
    'a watch from a version that is too old',
    WATCHES,
    { method: 'GET', path: '', compact: true },
    program('Watch', async (config, namespace) =>
      watched(
        config,
        `/apis/conformance.example.com/v1/namespaces/${namespace}/widgets`,
        { resourceVersion: '1' },
        1,
        async () => {},
      ),
    ),
  ),
  row(
    'an informer holds what is there',
    INFORMERS,
    program('makeInformer', async (config, namespace) => {
      const api = core(config)
      await api.createNamespacedConfigMap({ namespace, body: configMap('before') })
      const informer = makeInformer(config, `/api/v1/namespaces/${namespace}/configmaps`, () =>
        api.listNamespacedConfigMap({ namespace }),
      )
      const seen: string[] = []
      const { promise, resolve } = Promise.withResolvers<void>()
      const timer = setTimeout(resolve, PATIENCE_MS)
      informer.on('add', ({ metadata }) => seen.push(`add ${metadata?.name}`))
      informer.on('update', ({ metadata, data }) => seen.push(`update ${metadata?.name} ${data?.['key']}`))
      informer.on('delete', ({ metadata }) => {
        seen.push(`delete ${metadata?.name}`)
        resolve()
      })
      await informer.start()
      const made = await api.createNamespacedConfigMap({ namespace, body: configMap() })
      await api.replaceNamespacedConfigMap({ name: 'a', namespace, body: { ...made, data: { key: 'two' } } })
      await api.deleteNamespacedConfigMap({ name: 'before', namespace })
      await promise
      clearTimeout(timer)
      await informer.stop()
      return { seen, held: informer.list(namespace)?.map(({ metadata, data }) => [metadata?.name, data]) }
    }),
  ),
]

export const clientNode: Table = { name: 'client-node', rows: [...typed, ...untyped, ...watching] }
