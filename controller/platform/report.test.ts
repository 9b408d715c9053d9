import type { PlatformSpec } from '../../src/contracts/generated/platform.ts'
import { issue } from '../../src/local/operators/certificates.ts'
import { platformOf, SETTINGS, settledFacts } from '../../test/support/platforms.ts'
import { type KubeObject, keyOf } from '../kube/objects.ts'
import { effectiveSpec } from './effective.ts'
import type { Facts } from './facts.ts'
import type { Flow } from './flow/flow.ts'
import type { Step } from './plan.ts'
import type { Platform } from './platform.ts'
import type { Skipped } from './presence.ts'
import { project } from './project.ts'
import { refuse } from './refuse.ts'
import { render } from './render/index.ts'
import { type Fight, report } from './report.ts'

const reported = (
  platform: Platform,
  {
    facts = settledFacts(),
    edit = () => {},
    steps = [],
    fights = [],
    skipped = [],
    flow,
    crdMissing,
  }: {
    facts?: Facts
    edit?: (object: KubeObject) => void
    steps?: Step[]
    fights?: Fight[]
    skipped?: Skipped[]
    flow?: Flow
    crdMissing?: readonly string[]
  } = {},
) => {
  const { effective, refused } = refuse(platform, effectiveSpec(platform, '0.1.0'), facts)
  const desired = render({ platform, effective, facts, settings: SETTINGS })
  const observed = new Map(
    desired.map(({ object }) => {
      const live = structuredClone(object)
      live.metadata.generation = 1
      const replicas = live['spec']?.replicas
      live['status'] = {
        observedGeneration: 1,
        nodeIds: Array.from({ length: replicas ?? 0 }),
        replicas,
        updatedReplicas: replicas,
        availableReplicas: replicas,
        conditions: [{ type: live.kind === 'Job' ? 'Complete' : 'Ready', status: 'True' }],
      }
      edit(live)
      return [keyOf(live), project(live)] as const
    }),
  )
  return report({
    platform,
    effective,
    facts,
    desired,
    skipped,
    observed,
    steps,
    refused,
    failures: [],
    fights,
    now: '2026-02-02T00:00:00Z',
    operator: '0.1.0',
    ...(flow && { flow }),
    ...(crdMissing && { crdMissing }),
  })
}
const condition = (status: ReturnType<typeof reported>, type: string) =>
  status.conditions!.find(each => each.type === type)!

test('when everything is ready, Ready is True for this very generation, and the inventory names every child', () => {
  const status = reported(platformOf({}, { generation: 3 }))
  expect(condition(status, 'Ready')).toMatchObject({ status: 'True', observedGeneration: 3 })
  expect(status).toMatchObject({
    observedGeneration: 3,
    services: { ready: '7/7' },
    kafka: { bootstrapServers: 'todo-kafka-bootstrap.todo.svc:9093' },
  })
  expect(status.inventory).toHaveLength(status.components!.length)
})

test('one child that is not ready is named, with its operator’s reason, and Ready is False', () => {
  const status = reported(platformOf(), {
    edit: object => {
      if (object.kind === 'KafkaTopic' && object.metadata.name === 'reminders')
        object['status'].conditions = [{ type: 'Ready', status: 'False', reason: 'KafkaError', message: 'boom' }]
    },
  })
  expect(condition(status, 'TopicsReady')).toMatchObject({
    status: 'False',
    message: 'KafkaTopic reminders: KafkaError (boom)',
  })
  expect(condition(status, 'Ready')).toMatchObject({ status: 'False', reason: 'TopicsNotReady' })
  expect(condition(status, 'ServicesReady').status).toBe('True')
})

test('a topic that would shrink is refused with the way out, keeps its partitions, and disturbs no other part', () => {
  const platform = platformOf({ topics: [{ name: 'reminders', partitions: 2 }] })
  const facts = settledFacts({ kafka: { ...settledFacts().kafka, topics: { reminders: { partitions: 6 } } } })
  const status = reported(platform, { facts })
  expect(condition(status, 'TopicsReady')).toMatchObject({ status: 'False', reason: 'SpecRefused' })
  expect(condition(status, 'TopicsReady').message).toBe(
    'TEP-SPEC-TOPIC-PARTITIONS spec.topics[name=reminders].partitions: Kafka cannot shrink a topic from 6 to 2 partitions; set 6 or more, or add a topic and move to it',
  )
  for (const type of ['KafkaReady', 'DatabaseReady', 'MessagingReady', 'ServicesReady'])
    expect(condition(status, type).status).toBe('True')
  const { effective } = refuse(platform, effectiveSpec(platform, '0.1.0'), facts)
  const topic = render({ platform, effective, facts, settings: SETTINGS }).find(
    each => each.object.metadata.name === 'reminders',
  )!
  expect(topic.object['spec'].partitions).toBe(6)
})

test.each([
  [
    'an option Strimzi manages itself',
    { kafka: { strimzi: { config: { listeners: 'x', 'log.retention.hours': 1 } } } },
    'TEP-SPEC-KAFKA-CONFIG',
    'spec.kafka.strimzi.config["listeners"]',
  ],
  [
    'a subscription to no topic',
    { subscriptions: [{ app: 'crm', topic: 'nope', path: '/x' }] },
    'TEP-SPEC-SUBSCRIPTION-TOPIC',
    'spec.subscriptions[app=crm,topic=nope].topic',
  ],
])('%s is refused by code and field', (_name, spec, code, field) => {
  const platform = platformOf(spec as never)
  expect(refuse(platform, effectiveSpec(platform, '0.1.0'), settledFacts()).refused).toMatchObject([{ code, field }])
})

test('conditions that say the same keep their time, so that status does not change while nothing does', () => {
  const first = reported(platformOf())
  const before = {
    ...first,
    conditions: first.conditions!.map(each => ({ ...each, lastTransitionTime: '2026-01-01T00:00:00Z' })),
  }
  const again = reported(platformOf({}, {}), {})
  const kept = reported({ ...platformOf(), status: before })
  expect(kept).toEqual(before)
  expect(again.conditions![0]!.lastTransitionTime).toBe('2026-02-02T00:00:00Z')
})

test('a fight over a field is told with its manager, path and beginning', () => {
  const fights = [
    { kind: 'Deployment', name: 'todo-web', path: 'spec.replicas', manager: 'hpa', since: 1_700_000_000_000 },
  ]
  const { status, message } = condition(reported(platformOf(), { fights }), 'FieldConflict')!
  expect([status, message]).toEqual([
    'True',
    expect.stringMatching(/todo-web.*spec\.replicas.*hpa.*2023-11-14T22:13:20Z/),
  ])
  expect(condition(reported(platformOf()), 'FieldConflict')).toMatchObject({ status: 'False' })
})

test('kinds that are not there are told with what to install, and keep nothing else from being ready', () => {
  const keda = { kind: { apiVersion: 'keda.sh/v1alpha1', kind: 'ScaledObject' }, from: 'KEDA' }
  const status = reported(platformOf(), { skipped: [keda] })
  expect(condition(status, 'ChildrenSkipped')).toMatchObject({ status: 'True', reason: 'KindAbsent' })
  expect(condition(status, 'ChildrenSkipped').message).toContain('ScaledObject (keda.sh/v1alpha1): install KEDA')
  expect(condition(status, 'Ready').status).toBe('True')
  expect(condition(reported(platformOf()), 'ChildrenSkipped').status).toBe('False')
})

test('whether events flow is told as the pods tell it, and does not keep a platform from being Ready', () => {
  const verdict = { status: 'False', reason: 'PodsDown', message: 'no pod of audit-service answers' } as const
  const status = reported(platformOf(), { flow: { verdict, notLoaded: [], lost: [] } })
  expect(condition(status, 'EventsFlowing')).toMatchObject(verdict)
  expect(condition(status, 'Ready').status).toBe('True')
  expect(condition(reported(platformOf()), 'EventsFlowing')).toMatchObject({ status: 'Unknown', reason: 'NotMeasured' })
})

test('a CRD that is older than the operator is told with its fields and the command, and keeps no platform from being Ready', () => {
  expect(condition(reported(platformOf()), 'CRDOutdated')).toMatchObject({ status: 'Unknown', reason: 'NotRead' })
  const crdMissing = ['spec.a', 'spec.b', 'spec.c', 'spec.d', 'spec.e', 'spec.f']
  const told = reported(platformOf(), { crdMissing })
  expect(condition(told, 'CRDOutdated')).toMatchObject({ status: 'True', reason: 'FieldsMissing' })
  expect(condition(told, 'CRDOutdated').message).toMatch(
    /\(0\.1\.0\) and drops spec\.a, .*, spec\.e and 1 more; run: kubectl apply --server-side/,
  )
  expect(condition(told, 'Ready').status).toBe('True')
  // Another operator that has not looked yet takes nothing back.
  expect(reported({ ...platformOf(), status: told })).toEqual(told)
  expect(condition(reported(platformOf(), { crdMissing: [] }), 'CRDOutdated').status).toBe('False')
})

test('an operator that has just begun takes nothing back that another one saw', () => {
  const verdict = { status: 'True', reason: 'CanariesArrive', message: 'events of 4 topics reach 6 services' } as const
  const before = reported(platformOf(), { flow: { verdict, notLoaded: [], lost: [] } })
  const begun = reported({ ...platformOf(), status: before }, { flow: { notLoaded: [], lost: [] } })
  expect(begun).toEqual(before)
  expect(condition(reported(platformOf(), { flow: { notLoaded: [], lost: [] } }), 'EventsFlowing')).toMatchObject({
    status: 'Unknown',
    reason: 'Measuring',
  })
})

test('a Component that a sidecar has not loaded is not ready, though Dapr gives it no status', () => {
  const notLoaded = [{ component: 'statestore', message: 'the sidecar of backend-service has not loaded it: no route' }]
  const status = reported(platformOf(), { flow: { notLoaded, lost: [] } })
  expect(condition(status, 'MessagingReady')).toMatchObject({
    status: 'False',
    message: 'Component statestore: NotLoaded (the sidecar of backend-service has not loaded it: no route)',
  })
  expect(condition(status, 'Ready')).toMatchObject({ status: 'False', reason: 'MessagingNotReady' })
})

test('endpoints are those of the way in', () => {
  const endpoints = (ingress: PlatformSpec['ingress']) => reported(platformOf(ingress ? { ingress } : {})).endpoints
  expect(endpoints(undefined)?.web).toBe('http://todo-web.todo.svc:8080')
  expect(endpoints({ host: 'todo.example.com' })?.api).toBe('http://todo.example.com/api/v1')
  expect(endpoints({ host: 'todo.example.com', tlsSecretName: 'tls' })?.mcp).toBe('https://todo.example.com/mcp')
  expect(endpoints({ host: 'todo.example.com', gatewayRef: { name: 'g' } })?.web).toBe('https://todo.example.com')
})

test('a client certificate that has expired is named with its Secret, and what runs is left alone', () => {
  const platform = platformOf({
    kafka: {
      external: {
        bootstrapServers: ['kafka.example.com:9093'],
        authentication: { type: 'mTLS', certificateSecretRef: { name: 'client' } },
        tls: { caSecretRef: { name: 'ca', key: 'ca.crt' } },
      },
    },
  } as Partial<PlatformSpec>)
  const authority = issue({ commonName: 'ca' }, Date.parse('2026-01-01T00:00:00Z'), 365)
  const old = issue({ commonName: 'client' }, Date.parse('2026-01-01T00:00:00Z'), 7, authority)
  const { kafka } = settledFacts()
  const credentials = Object.fromEntries(Object.keys(kafka.credentials).map(app => [app, old]))
  const facts = settledFacts({ kafka: { ...kafka, caCert: authority.certificate, credentials } })
  const status = reported(platform, { facts })
  expect(condition(status, 'MessagingReady')).toMatchObject({ status: 'False', reason: 'NotReady' })
  expect(condition(status, 'MessagingReady').message).toMatch(
    /Secret todo-kafka-analytics-service: CertificateExpired \(Secret client, the certificate of analytics-service, expired at 2026-01-08T/,
  )
  expect(condition(status, 'ServicesReady').status).toBe('True')
  expect(JSON.stringify(status)).not.toContain('PRIVATE KEY')
})
