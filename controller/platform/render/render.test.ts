import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { load } from 'js-yaml'
import type { PlatformSpec } from '../../../src/contracts/generated/platform.ts'
import { expectGolden } from '../../../test/support/golden.ts'
import { emptyFacts, platformOf, SETTINGS, settledFacts } from '../../../test/support/platforms.ts'
import type { KubeObject } from '../../kube/objects.ts'
import { keyOf } from '../../kube/objects.ts'
import { aclRules, appAccess } from '../access.ts'
import { effectiveSpec } from '../effective.ts'
import type { Platform } from '../platform.ts'
import { render } from './index.ts'

const root = join(import.meta.dirname, '../../..')

const rendered = (spec: Partial<PlatformSpec> = {}, facts = settledFacts()) => {
  const platform = platformOf(spec)
  return render({ platform, effective: effectiveSpec(platform, '0.1.0'), facts, settings: SETTINGS })
}
const objects = (spec: Partial<PlatformSpec> = {}, facts = settledFacts()): KubeObject[] =>
  rendered(spec, facts).map(each => each.object)
const find = (all: KubeObject[], kind: string, name: string): KubeObject => {
  const found = all.find(object => object.kind === kind && object.metadata.name === name)
  if (!found)
    throw new Error(`no ${kind} ${name} in ${all.map(object => `${object.kind} ${object.metadata.name}`).join(', ')}`)
  return found
}
const metadataOf = (component: KubeObject): Record<string, string> =>
  Object.fromEntries(
    component['spec'].metadata.map((item: { name: string; value?: string; envRef?: string }) => [
      item.name,
      item.value ?? item.envRef,
    ]),
  )

test.each([
  ['development', {}],
  [
    'production',
    {
      profile: 'Production',
      kafka: { strimzi: { controllers: { replicas: 3 }, rackTopologyKey: 'topology.kubernetes.io/zone' } },
      auth: { issuer: 'https://id.example.com' },
    },
  ],
  [
    'shared-kafka',
    {
      kafka: { strimzi: { clusterRef: { name: 'shared', namespace: 'kafka' } } },
      database: { secretRef: { name: 'db', key: 'uri' } },
      services: { realtime: { enabled: false } },
    },
  ],
] as [string, Partial<PlatformSpec>][])(
  'the children of the %s platform are those of the golden file',
  (name, spec) => {
    expectGolden(join(import.meta.dirname, `golden/${name}.golden.yaml`), objects(spec))
  },
)

test('the children of examples/everything.yaml are those of the golden file', () => {
  const { metadata, spec } = load(readFileSync(join(root, 'examples/everything.yaml'), 'utf8')) as Platform
  const facts = settledFacts({
    kafka: { ...settledFacts().kafka, topics: { 'shop.task-events': { partitions: 12 } } },
    addresses: { smtp: 'smtp.example.com:465' },
  })
  const platform = platformOf(spec, metadata)
  const all = render({ platform, effective: effectiveSpec(platform, '0.1.0'), facts, settings: SETTINGS })
  expectGolden(
    join(import.meta.dirname, 'golden/everything.golden.yaml'),
    all.map(each => each.object),
  )
})

test('KEDA reads the lag of a Kafka behind mTLS with the app’s own certificate', () => {
  const spec = {
    kafka: {
      external: {
        bootstrapServers: ['kafka.example.com:9093'],
        authentication: { type: 'mTLS', certificateSecretRef: { name: 'client' } },
        tls: { caSecretRef: { name: 'ca', key: 'ca.crt' } },
        topics: 'Assumed',
      },
    },
    services: { audit: { autoscaling: { min: 1, max: 4 } } },
  } as unknown as Partial<PlatformSpec>
  const { kafka } = settledFacts()
  const credentials = { 'audit-service': { certificate: 'CERTIFICATE', key: 'KEY' } }
  const all = objects(spec, settledFacts({ kafka: { ...kafka, credentials } }))
  // What KEDA makes of these words: pkg/scalers/kafka_scaler.go (parseKafkaAuthParams, parseTLS) of 2.18.
  expectGolden(
    join(import.meta.dirname, 'golden/keda-mtls.golden.yaml'),
    all.filter(
      ({ kind, metadata }) =>
        ['ScaledObject', 'TriggerAuthentication'].includes(kind) ||
        (kind === 'Secret' && ['todo-kafka-audit-service', 'todo-kafka-ca'].includes(metadata.name)),
    ),
  )
  const names = all.filter(({ kind }) => kind === 'TriggerAuthentication').flatMap(each => each['spec'].secretTargetRef)
  for (const { name, key } of names as { name: string; key: string }[])
    expect(Object.keys(find(all, 'Secret', name)['data'] as object)).toContain(key)
})

test('every child carries the labels that lead back to its platform, and no name is given twice', () => {
  const all = objects()
  for (const object of all) {
    expect(object.metadata.labels).toMatchObject({
      'todo.events/platform': 'todo',
      'todo.events/platform-namespace': 'todo',
      'app.kubernetes.io/managed-by': 'todo-event-platform',
    })
  }
  expect(new Set(all.map(keyOf)).size).toBe(all.length)
})

test('Argo CD’s tracking marks are not handed to children', () => {
  const platform = platformOf(
    {},
    {
      labels: { 'app.kubernetes.io/instance': 'argo', 'argocd.argoproj.io/instance': 'x' },
      annotations: { 'argocd.argoproj.io/tracking-id': 'x' },
    },
  )
  const all = render({
    platform,
    effective: effectiveSpec(platform, '0.1.0'),
    facts: settledFacts(),
    settings: SETTINGS,
  })
  expect(JSON.stringify(all)).not.toContain('argocd.argoproj.io')
  expect(all[0]!.object.metadata.labels!['app.kubernetes.io/instance']).toBe('todo')
})

test('no child that holds data is owned: the garbage collector knows no deletionPolicy', () => {
  for (const { object, stateful } of rendered()) {
    expect([object.kind, object.metadata.ownerReferences !== undefined]).toEqual([object.kind, !stateful])
  }
})

test('Kafka’s password is nowhere but in Secrets', () => {
  const outside = objects().filter(object => object.kind !== 'Secret')
  expect(JSON.stringify(outside)).not.toContain('password-of-')
})

test('the Component names SCRAM as Dapr knows it, takes the user from the sidecar, and gives each app its own group', () => {
  const metadata = metadataOf(find(objects(), 'Component', 'kafka-pubsub'))
  expect(metadata).toMatchObject({
    authType: 'password',
    saslMechanism: 'SHA-512',
    saslUsername: 'KAFKA_USERNAME',
    initialOffset: 'oldest',
    brokers: 'todo-kafka-bootstrap.todo.svc:9093',
  })
  expect(metadata).not.toHaveProperty('consumerGroup')
  expect(metadataOf(find(objects(), 'Component', 'realtime-pubsub'))['consumerGroup']).toBe(
    'realtime-service-{podName}',
  )
})

test('scopes and ACLs allow what the topology says and nothing else', () => {
  const all = objects()
  const scopes = metadataOf(find(all, 'Component', 'kafka-pubsub'))
  expect(scopes['publishingScopes']).toContain('recurring-service=task-events.recurring-service.dlq;')
  expect(scopes['subscriptionScopes']).toContain('analytics-service=task-events,task-events.analytics-service.dlq')
  const acls = find(all, 'KafkaUser', 'realtime-service')['spec'].authorization.acls
  expect(
    acls.map(
      ({
        resource,
        operations,
      }: {
        resource: { type: string; name: string; patternType: string }
        operations: string[]
      }) => `${resource.type} ${resource.patternType} ${resource.name} ${operations.join('+')}`,
    ),
  ).toEqual([
    'topic literal notifications Describe+Read',
    'topic literal task-updates Describe+Read+Write',
    'group prefix realtime-service- Read',
  ])
})

test('an event that no rule matches is acknowledged, not sent to the dead letters', () => {
  const { routes } = find(objects(), 'Subscription', 'backend-service-task-events')['spec']
  expect(routes).toEqual({
    rules: [
      {
        match: 'event.type == "com.taskmanager.recurrence.triggered" || event.type == "com.taskmanager.canary.sent"',
        path: '/events/task-events',
      },
    ],
    default: '/events/ignored',
  })
})

test('an own topic and an own subscription get topic, dead letters, user and subscription', () => {
  const all = objects({
    topics: [{ name: 'billing_Events', partitions: 2, retention: '36h' }],
    subscriptions: [{ app: 'billing', topic: 'billing_Events', path: '/in' }],
  })
  const topic = all.find(object => object['spec']?.topicName === 'billing_Events')!
  expect(topic.metadata.name).toMatch(/^billing-events-[0-9a-f]{8}$/)
  expect(topic['spec']).toMatchObject({ partitions: 2, config: { 'retention.ms': 36 * 3_600_000 } })
  expect(all.some(object => object['spec']?.topicName === 'billing_Events.billing.dlq')).toBe(true)
  expect(find(all, 'KafkaUser', 'billing')['spec'].authorization.acls).toHaveLength(3)
})

test('what has no input yet waits and says for what', () => {
  const waiting = rendered({}, emptyFacts()).filter(each => each.waiting)
  expect(waiting.map(each => `${each.object.kind} ${each.object.metadata.name}`)).toEqual(
    expect.arrayContaining([
      'Secret todo-kafka-ca',
      'Secret todo-kafka-backend-service',
      'Component kafka-pubsub',
      expect.stringMatching(/^Job todo-migrate-0-1-0-[0-9a-f]{8}$/),
    ]),
  )
})

test('a rotated password rolls exactly the pods that use it', () => {
  const before = objects()
  const after = objects(
    {},
    {
      ...settledFacts(),
      kafka: {
        ...settledFacts().kafka,
        credentials: {
          ...settledFacts().kafka.credentials,
          'audit-service': { username: 'audit-service', password: 'new' },
        },
      },
    },
  )
  const changed = after.filter(
    (object, index) => object.kind === 'Deployment' && JSON.stringify(object) !== JSON.stringify(before[index]),
  )
  expect(changed.map(object => object.metadata.name)).toEqual(['todo-audit'])
})

const topicName = fc.stringMatching(/^[a-zA-Z0-9._-]{1,40}$/)

test('for any topics and subscriptions: rendering is deterministic and every subscription can be read by its app', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(topicName, { maxLength: 6 }),
      fc.array(fc.constantFrom('billing', 'crm', 'audit-service'), { maxLength: 4 }),
      (names, apps) => {
        const topics = names.map(name => ({ name }))
        const subscriptions = apps.flatMap(app => names.slice(0, 2).map(topic => ({ app, topic, path: '/x' })))
        const spec = {
          topics,
          subscriptions: [...new Map(subscriptions.map(each => [`${each.app}/${each.topic}`, each])).values()],
        }
        expect(JSON.stringify(objects(spec))).toBe(JSON.stringify(objects(spec)))
        const effective = effectiveSpec(platformOf(spec), '0.1.0')
        for (const access of appAccess(effective)) {
          const readable = aclRules(access, '')
            .filter(rule => rule.resource === 'topic' && rule.operations.includes('Read'))
            .map(rule => rule.name)
          const wanted = effective.subscriptions.filter(each => each.app === access.appId).map(each => each.topic)
          expect(readable).toEqual(expect.arrayContaining(wanted))
        }
      },
    ),
    { numRuns: 50 },
  )
})
