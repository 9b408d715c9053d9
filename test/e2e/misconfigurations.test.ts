import { issue } from '../../src/local/operators/certificates.ts'
import { type Anything, Laptop, until } from '../support/laptop.ts'

/**
 * One thing is wrong at a time, as a hand or a foreign tool makes it wrong, and the status names it. The platform is
 * suspended meanwhile, or the operator would repair what was broken before anybody could see it; going on is the cure.
 */
let laptop: Laptop
const HERE = { namespace: 'todo' }
const PLATFORM = { apiVersion: 'todo.events/v1alpha1', kind: 'TodoEventPlatform', metadata: { ...HERE, name: 'todo' } }
const COMPONENT = { apiVersion: 'dapr.io/v1alpha1', kind: 'Component' }
const SUBSCRIPTION = { apiVersion: 'dapr.io/v2alpha1', kind: 'Subscription' }
const DEPLOYMENT = { apiVersion: 'apps/v1', kind: 'Deployment' }
const SECRET = { apiVersion: 'v1', kind: 'Secret' }

const flowing = async (): Promise<Anything> =>
  (await laptop.cluster.get(PLATFORM.apiVersion, PLATFORM.kind, 'todo'))?.status?.conditions?.find(
    (each: Anything) => each.type === 'EventsFlowing',
  )
const merge = (kind: { apiVersion: string; kind: string }, name: string, change: object): Promise<Anything> =>
  laptop.cluster.merge({ ...kind, metadata: { ...HERE, name }, ...change })
const suspend = (value: boolean): Promise<Anything> =>
  laptop.cluster.merge({ ...PLATFORM, spec: { suspend: value } } as never)
const allFlows = (): Promise<true> => until('events to flow', async () => (await flowing())?.status === 'True', 120)

/** Changes one metadata item of a Component, or its scopes. */
const editComponent = async (name: string, edit: (component: Anything) => void): Promise<void> => {
  const component = await laptop.cluster.get(COMPONENT.apiVersion, COMPONENT.kind, name)
  edit(component)
  await merge(COMPONENT, name, { spec: { metadata: component.spec.metadata }, scopes: component.scopes })
}
const item = (component: Anything, name: string): Anything =>
  component.spec.metadata.find((each: Anything) => each.name === name)
const deletePods = async (component: string): Promise<void> => {
  for (const pod of await laptop.cluster.list('v1', 'Pod', `app.kubernetes.io/component=${component}`))
    await laptop.cluster.delete('v1', 'Pod', pod.metadata.name)
}
const AUDIT_SECRET = 'todo-kafka-audit-service'
const OTHER_CA = Buffer.from(issue({ commonName: 'another' }, Date.now(), 30).certificate).toString('base64')
const WRONG = Buffer.from('wrong').toString('base64')
const auditSecret = (): Promise<Anything> => laptop.cluster.get('v1', 'Secret', AUDIT_SECRET)
const passwordKey = async (): Promise<string> =>
  Object.keys((await auditSecret()).data).find(each => /password/i.test(each))!
/** The old pod goes first: with one that still works beside it, nothing would be wrong. */
const oldPodFirst = { strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } } }

beforeAll(async () => {
  laptop = await Laptop.create()
  await laptop.up()
  // A canary each second instead of every ten, so that a test takes a tenth of the time.
  const operator = await laptop.cluster.get('apps/v1', 'Deployment', 'todo-event-platform', 'todo-system')
  const [container] = operator.spec.template.spec.containers
  container.env.push({ name: 'CANARY_SECONDS', value: '1' })
  await laptop.cluster.merge({
    ...DEPLOYMENT,
    metadata: { name: 'todo-event-platform', namespace: 'todo-system' },
    spec: { template: { spec: { containers: [container] } } },
  })
  await until('the backend to send a canary each second', async () => {
    const backend = await laptop.cluster.get('apps/v1', 'Deployment', 'todo-backend')
    const { env } = backend.spec.template.spec.containers[0]
    return env.some((each: Anything) => each.name === 'CANARY_SECONDS' && each.value === '1')
  })
}, 180_000)

afterAll(() => laptop.dispose(), 60_000)

interface Misconfiguration {
  name: string
  wrong(): Promise<unknown>
  reason: string
  message: RegExp
  /** Beyond what the operator repairs once it may. */
  cure?(): Promise<unknown>
}

const CASES: Misconfiguration[] = [
  {
    name: 'a broker address that leads nowhere',
    wrong: () =>
      editComponent('kafka-pubsub', component => {
        item(component, 'brokers').value = 'elsewhere-kafka-bootstrap.todo.svc:9093'
      }),
    reason: 'ComponentNotLoaded',
    message: /backend-service has not loaded Component kafka-pubsub: .*elsewhere-kafka-bootstrap/,
  },
  {
    name: 'a wrong SASL password',
    wrong: async () => {
      await merge(SECRET, AUDIT_SECRET, { data: { [await passwordKey()]: WRONG } })
      await deletePods('audit')
    },
    reason: 'ComponentNotLoaded',
    message: /audit-service has not loaded Component kafka-pubsub: .*[Aa]uthentication/,
    // A sidecar reads its variables when it starts.
    cure: async () => {
      const key = await passwordKey()
      await until('the Secret to be repaired', async () => (await auditSecret()).data[key] !== WRONG)
      await deletePods('audit')
    },
  },
  {
    name: 'a SASL mechanism that Dapr does not know, and takes for PLAIN',
    wrong: () =>
      editComponent('kafka-pubsub', component => {
        item(component, 'saslMechanism').value = 'SCRAM-SHA-512'
      }),
    reason: 'ComponentNotLoaded',
    message: /Component kafka-pubsub: .*PLAIN/,
  },
  {
    name: 'a CA that is not the one of the brokers',
    wrong: async () => {
      await merge(SECRET, 'todo-kafka-ca', { data: { 'ca.crt': OTHER_CA } })
      await deletePods('audit')
    },
    reason: 'ComponentNotLoaded',
    message: /-service has not loaded Component kafka-pubsub: .*x509: certificate signed by unknown authority/,
    cure: async () => {
      await until(
        'the CA to be repaired',
        async () => (await laptop.cluster.get('v1', 'Secret', 'todo-kafka-ca')).data['ca.crt'] !== OTHER_CA,
      )
      await deletePods('audit')
    },
  },
  {
    name: 'a topic that is not there',
    wrong: () => laptop.cluster.delete('kafka.strimzi.io/v1', 'KafkaTopic', 'reminders'),
    reason: 'PublishRefused',
    message: /events of reminders cannot be published/,
  },
  {
    name: 'a misspelt topic scope',
    wrong: () =>
      editComponent('kafka-pubsub', component => {
        const scopes = item(component, 'publishingScopes')
        scopes.value = scopes.value.replace('notifications', 'notification')
      }),
    reason: 'PublishRefused',
    message: /events of notifications cannot be published: .*not allowed/,
  },
  {
    name: 'a misspelt scope of a component',
    wrong: () =>
      editComponent('kafka-pubsub', component => {
        component.scopes = component.scopes.map((app: string) => (app === 'audit-service' ? 'audit' : app))
      }),
    reason: 'ComponentNotLoaded',
    message: /audit-service has not loaded Component kafka-pubsub: is audit-service among its scopes\?/,
  },
  {
    name: 'a wrong route',
    wrong: () =>
      merge(SUBSCRIPTION, 'analytics-service-task-events', { spec: { routes: { default: '/events/tasks' } } }),
    reason: 'RouteMissing',
    message: /analytics-service to task-events leads to \/events\/tasks, which it does not serve/,
  },
  {
    name: 'a subscription that is gone',
    wrong: () => laptop.cluster.delete(SUBSCRIPTION.apiVersion, SUBSCRIPTION.kind, 'notification-service-reminders'),
    reason: 'SubscriptionMissing',
    message: /notification-service has no Subscription to reminders/,
  },
  {
    name: 'a consumer that is scaled to nothing',
    wrong: () => merge(DEPLOYMENT, 'todo-analytics', { spec: { replicas: 0 } }),
    reason: 'PodsDown',
    message: /no pod of analytics-service answers: there is none/,
  },
  {
    name: 'a missing Secret',
    wrong: async () => {
      await laptop.cluster.delete('v1', 'Secret', 'todo-kafka-recurring-service')
      await deletePods('recurring')
    },
    reason: 'PodsDown',
    message: /no pod of recurring-service answers: container daprd: .*todo-kafka-recurring-service/,
  },
  {
    name: 'a wrong database URL',
    wrong: async () => {
      const { spec } = await laptop.cluster.get('apps/v1', 'Deployment', 'todo-backend')
      const [container] = spec.template.spec.containers
      const url = container.env.find((each: Anything) => each.name === 'DATABASE_URL')
      Object.assign(url, { value: 'postgresql://app:hidden@127.0.0.1:1/app' })
      delete url.valueFrom
      await merge(DEPLOYMENT, 'todo-backend', {
        spec: { ...oldPodFirst, template: { spec: { containers: [container] } } },
      })
    },
    reason: 'NobodyPublishes',
    message: /no pod of backend-service publishes: .*ECONNREFUSED/,
  },
  {
    name: 'an ACL that is missing',
    wrong: async () => {
      const user = await laptop.cluster.get('kafka.strimzi.io/v1', 'KafkaUser', 'audit-service')
      const acls = user.spec.authorization.acls.filter((acl: Anything) => acl.resource.type !== 'group')
      await merge({ apiVersion: 'kafka.strimzi.io/v1', kind: 'KafkaUser' }, 'audit-service', {
        spec: { authorization: { ...user.spec.authorization, acls } },
      })
      await deletePods('audit')
    },
    reason: 'NotDelivered',
    message: /do not reach audit-service: see the log of its sidecar, its ACLs and its consumer group/,
  },
  {
    name: 'one consumer group for all apps, which steal each other’s events',
    wrong: () =>
      editComponent('kafka-pubsub', component => {
        component.spec.metadata.push({ name: 'consumerGroup', value: 'todo-service' })
      }),
    reason: 'NotDelivered',
    message: /do not reach \w+-service: .*consumer group/,
  },
  {
    name: 'a pod without a sidecar',
    wrong: () =>
      merge(DEPLOYMENT, 'todo-recurring', {
        spec: { ...oldPodFirst, template: { metadata: { annotations: { 'dapr.io/enabled': 'false' } } } },
      }),
    reason: 'SidecarMissing',
    message: /the pods of recurring-service have no sidecar/,
  },
]

/** The misconfiguration that the platform has not come back from: those after it would only wait in vain. */
let uncured = ''

test.each(CASES)(
  '$name is named in the status, and its end is told too',
  async ({ name, wrong, reason, message, cure }) => {
    expect(uncured).toBe('')
    await allFlows()
    await suspend(true)
    try {
      await wrong()
      const told = await until(`${reason} to be told`, async () => {
        const condition = await flowing()
        return condition?.status === 'False' && condition.reason === reason && condition
      }).catch(async error => {
        throw new Error(`${(error as Error).message}; told is ${JSON.stringify(await flowing())}`)
      })
      expect(told.message).toMatch(message)
      expect(told.message).not.toContain('hidden')
    } finally {
      uncured = name
      await suspend(false)
      await cure?.()
      await allFlows()
      uncured = ''
    }
  },
  200_000,
)

test('a component no event needs is told of as well: Dapr gives it no status, its sidecar does', async () => {
  expect(uncured).toBe('')
  await allFlows()
  await suspend(true)
  await merge(COMPONENT, 'statestore', { spec: { version: 'v9' } })
  const messaging = async (): Promise<Anything> =>
    (await laptop.cluster.get(PLATFORM.apiVersion, PLATFORM.kind, 'todo')).status.conditions.find(
      (each: Anything) => each.type === 'MessagingReady',
    )
  const told = await until('MessagingReady to turn', async () => {
    const condition = await messaging()
    return condition.status === 'False' && condition
  })
  expect(told.message).toMatch(
    /Component statestore: NotLoaded \(the sidecar of backend-service .*state\.postgresql\/v9/,
  )
  expect((await flowing()).status).toBe('True')
  await suspend(false)
  await until('MessagingReady to turn back', async () => (await messaging()).status === 'True')
}, 200_000)

test('a namespace that is deleted takes its platform along, and nothing has to be freed by hand', async () => {
  expect(uncured).toBe('')
  await laptop.cluster.delete('v1', 'Namespace', 'todo')
  await until('the namespace to be gone', async () => !(await laptop.cluster.get('v1', 'Namespace', 'todo')), 120)
}, 200_000)
