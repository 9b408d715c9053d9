/** What the spec asks of services, through the doors people use: the API server, by a whole controller in simulated time. */
import { conditionOf, type KubeObject } from '../../controller/kube/objects.ts'
import { KINDS } from '../../controller/platform/platform.ts'
import { NAMESPACE, platform, SPEC } from '../fault/scenarios.ts'
import { openCrd } from '../support/open-crd.ts'
import { type Cluster, startCluster } from './cluster.ts'

const BACKEND = 'todo-backend'
const KEDA = [
  openCrd('keda.sh/v1alpha1', 'ScaledObject', 'scaledobjects'),
  openCrd('keda.sh/v1alpha1', 'TriggerAuthentication', 'triggerauthentications'),
]
const VPA = [openCrd('autoscaling.k8s.io/v1', 'VerticalPodAutoscaler', 'verticalpodautoscalers')]
const MONITORING = [
  openCrd('monitoring.coreos.com/v1', 'PodMonitor', 'podmonitors'),
  openCrd('monitoring.coreos.com/v1', 'PrometheusRule', 'prometheusrules'),
]

let cluster: Cluster
beforeEach(async () => {
  cluster = await startCluster()
})
afterEach(() => cluster.close())

const create = async (spec: object = {}): Promise<void> => {
  await cluster.people.create(platform('todo', { ...SPEC, ...spec } as never) as never)
  await cluster.rest()
}
const change = async (spec: object): Promise<void> => {
  await cluster.people.merge(KINDS.platform, NAMESPACE, 'todo', { spec })
  await cluster.rest()
}
const install = async (crds: KubeObject[]): Promise<void> => {
  for (const crd of crds) await cluster.people.apply(crd as never, { fieldManager: 'helm', force: true })
  await cluster.rest()
}
const condition = (type: string) => conditionOf(cluster.get(KINDS.platform, 'todo'), type)
const backend = (): KubeObject => cluster.get(KINDS.deployment, BACKEND)!
const backendService = (more: object) => ({ services: { ...SPEC.services, backend: more } })
const ownersOfReplicas = (): string[] =>
  (backend().metadata.managedFields ?? [])
    .filter(({ fieldsV1 }) => (fieldsV1 as { 'f:spec'?: object })?.['f:spec']?.['f:replicas' as never] !== undefined)
    .map(({ manager }) => manager!)
const AUTOSCALING = { autoscaling: { min: 2, max: 9 } }

describe('who owns the replicas', () => {
  test('an autoscaler takes them over without a dip, and what it says is left alone', async () => {
    await create(backendService({ replicas: 4 }))
    await change({ services: { backend: { replicas: null, ...AUTOSCALING } } })
    expect(cluster.history(BACKEND)).toEqual([4])
    expect(cluster.get(KINDS.podAutoscaler, BACKEND)?.['spec']).toMatchObject({ minReplicas: 2, maxReplicas: 9 })
    expect(ownersOfReplicas()).not.toContain('todo-event-platform')
    cluster.scale(BACKEND, 7)
    await cluster.rest()
    await change({ services: { backend: { logLevel: 'debug' } } })
    expect(cluster.history(BACKEND)).toEqual([4, 7])
    expect(ownersOfReplicas()).toEqual(['kube-controller-manager'])
    expect(condition('Ready')?.status).toBe('True')
  })

  test('when it goes, the number it left stays until somebody says another', async () => {
    await create(backendService(AUTOSCALING))
    cluster.scale(BACKEND, 6)
    await cluster.rest()
    await change({ services: { backend: { autoscaling: null } } })
    expect(cluster.list(KINDS.podAutoscaler)).toEqual([])
    expect(backend()['spec'].replicas).toBe(6)
    expect(ownersOfReplicas()).toContain('todo-event-platform')
    // From now on it is ours: drift is repaired.
    cluster.scale(BACKEND, 1)
    await cluster.rest()
    expect(backend()['spec'].replicas).toBe(6)
    await change({ services: { backend: { replicas: 3 } } })
    expect(backend()['spec'].replicas).toBe(3)
    await change({ services: { backend: { replicas: null } } })
    expect(backend()['spec'].replicas).toBe(1)
  })

  test('the number is never ours and an autoscaler’s at once, whatever order the spec changes in', async () => {
    await create(backendService({ replicas: 5 }))
    for (let round = 0; round < 3; round++) {
      await change({ services: { backend: { replicas: null, ...AUTOSCALING } } })
      expect(ownersOfReplicas()).not.toContain('todo-event-platform')
      await change({ services: { backend: { autoscaling: null } } })
    }
    expect(cluster.history(BACKEND)).toEqual([5])
  })
})

describe('kinds that are not there', () => {
  test('monitors are left out and told, and come when their CRDs do; without them the platform is Ready', async () => {
    await create({ monitoring: { enabled: true } })
    expect(condition('Ready')?.status).toBe('True')
    expect(condition('ChildrenSkipped')).toMatchObject({ status: 'True', reason: 'KindAbsent' })
    expect(condition('ChildrenSkipped')?.message).toMatch(/PodMonitor .*install the Prometheus operator/)
    await install(MONITORING)
    expect(cluster.list(KINDS.podMonitor).map(({ metadata }) => metadata.name)).toEqual(['todo-db', 'todo-services'])
    expect(cluster.list(KINDS.prometheusRule)).toHaveLength(1)
    expect(condition('ChildrenSkipped')).toMatchObject({ status: 'False', reason: 'AllPresent' })
    await change({ monitoring: { enabled: false } })
    expect(cluster.list(KINDS.podMonitor)).toEqual([])
  })

  test('with KEDA the lag scales, without it CPU; coming and going, it takes no pod along', async () => {
    await create(backendService(AUTOSCALING))
    cluster.scale(BACKEND, 5)
    await install(KEDA)
    expect(cluster.list(KINDS.podAutoscaler)).toEqual([])
    expect(cluster.get(KINDS.scaledObject, BACKEND)?.['spec']).toMatchObject({ minReplicaCount: 2, maxReplicaCount: 6 })
    for (const crd of KEDA) await cluster.people.delete(crd, undefined, crd.metadata.name)
    await cluster.rest()
    expect(cluster.get(KINDS.podAutoscaler, BACKEND)).toBeDefined()
    expect(cluster.history(BACKEND).at(-1)).toBe(5)
    expect(cluster.history(BACKEND)).toEqual([1, 5])
  })

  test('requests are tuned by what pods used, where somebody can; CPU is left to whoever scales by it', async () => {
    await create(backendService({ verticalAutoscaling: { maxAllowed: { cpu: '2' } } }))
    expect(condition('Ready')?.status).toBe('True')
    expect(condition('ChildrenSkipped')?.message).toMatch(/VerticalPodAutoscaler .*install the Vertical Pod Autoscaler/)
    await install(VPA)
    const policy = () => cluster.get(KINDS.verticalPodAutoscaler, BACKEND)?.['spec'].resourcePolicy.containerPolicies
    expect(policy()).toEqual([
      {
        containerName: 'backend',
        controlledResources: ['cpu', 'memory'],
        controlledValues: 'RequestsOnly',
        maxAllowed: { cpu: '2' },
      },
      { containerName: '*', mode: 'Off' },
    ])
    expect(cluster.get(KINDS.verticalPodAutoscaler, BACKEND)?.['spec']).toMatchObject({
      targetRef: { kind: 'Deployment', name: BACKEND },
      updatePolicy: { updateMode: 'InPlaceOrRecreate' },
    })
    const requests = () => backend()['spec'].template.spec.containers[0].resources.requests
    const before = requests()
    await change({ services: { backend: AUTOSCALING } })
    expect(policy()[0].controlledResources).toEqual(['memory'])
    // It changes pods, not their template: nothing of ours is its to own.
    expect(requests()).toEqual(before)
    await cluster.people.merge(
      KINDS.verticalPodAutoscaler,
      NAMESPACE,
      BACKEND,
      {
        status: {
          conditions: [{ type: 'ConfigUnsupported', status: 'True', reason: 'NoTarget', message: 'no such target' }],
        },
      },
      'status',
    )
    await cluster.rest()
    expect(condition('ServicesReady')?.message).toMatch(/VerticalPodAutoscaler todo-backend: NoTarget/)
    await change({ services: { backend: { verticalAutoscaling: null } } })
    expect(cluster.list(KINDS.verticalPodAutoscaler)).toEqual([])
    expect(condition('Ready')?.status).toBe('True')
  })

  test('what a platform cannot do without is waited for, without a single failing write', async () => {
    const crd = 'clusters.postgresql.cnpg.io'
    await cluster.people.delete(
      { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' },
      undefined,
      crd,
    )
    await create()
    expect(condition('DatabaseReady')?.status).toBe('False')
    expect(condition('DatabaseReady')?.message).toContain('the cluster has no Cluster.postgresql.cnpg.io')
    const events = cluster.list({ apiVersion: 'v1', kind: 'Event' }).map(event => String(event['reason']))
    expect(events.filter(reason => reason.includes('Failed'))).toEqual([])
  })
})

test('policies, budgets and the way in are there with the platform and go with it', async () => {
  await create({
    networkPolicy: { enabled: true },
    ingress: { host: 'todo.example.com', className: 'nginx', tlsSecretName: 'tls' },
    services: { ...SPEC.services, web: { enabled: true } },
  })
  expect(condition('Ready')?.status).toBe('True')
  expect(cluster.list(KINDS.networkPolicy).map(({ metadata }) => metadata.name)).toEqual([
    'todo-backend',
    'todo-default-deny',
    'todo-migrations',
    'todo-web',
  ])
  expect(cluster.list(KINDS.disruptionBudget)).toHaveLength(2)
  expect(cluster.get(KINDS.ingress, 'todo-web')?.['spec'].rules[0].host).toBe('todo.example.com')
  expect(cluster.get(KINDS.platform, 'todo')?.['status'].endpoints.web).toBe('https://todo.example.com')
  await change({ networkPolicy: { enabled: false } })
  expect(cluster.list(KINDS.networkPolicy)).toEqual([])
  await cluster.people.delete(KINDS.platform, NAMESPACE, 'todo')
  await cluster.rest()
  for (const kind of [KINDS.disruptionBudget, KINDS.ingress, KINDS.deployment]) expect(cluster.list(kind)).toEqual([])
})
