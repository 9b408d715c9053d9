import fc from 'fast-check'
import { emptyFacts, platformOf, SETTINGS, settledFacts } from '../../test/support/platforms.ts'
import { type KubeObject, keyOf } from '../kube/objects.ts'
import { type Desired, PARTS, READY_BEFORE } from './desired.ts'
import { effectiveSpec } from './effective.ts'
import { isStateful, plan, planDeletion, readyParts } from './plan.ts'
import { FIELD_MANAGER } from './platform.ts'
import { project } from './project.ts'
import { render } from './render/index.ts'

const platform = platformOf()
const effective = effectiveSpec(platform, '0.1.0')
const desiredWith = (facts = settledFacts()): Desired[] => render({ platform, effective, facts, settings: SETTINGS })

/** FieldsV1 of an applied object, as the API server would record it. */
const fieldsOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).map(([key, below]) => [`f:${key}`, fieldsOf(below)]))
    : {}

const readyStatus: Record<string, (object: KubeObject) => object> = {
  Deployment: ({ spec }) => ({
    replicas: spec.replicas,
    updatedReplicas: spec.replicas,
    availableReplicas: spec.replicas,
  }),
  Job: () => ({ conditions: [{ type: 'Complete', status: 'True' }] }),
  KafkaNodePool: ({ spec }) => ({ nodeIds: Array.from({ length: spec.replicas }, (_, id) => id) }),
}

/** Everything an apply sends but the address. */
const rendered = ({ apiVersion: _apiVersion, kind: _kind, metadata, ...rest }: KubeObject): object => {
  const { name: _name, namespace: _namespace, ...own } = metadata
  return JSON.parse(JSON.stringify({ ...rest, metadata: own }))
}

/** The object as it lives in the cluster after our apply and its operator's work. */
const lived = (object: KubeObject): KubeObject => ({
  ...structuredClone(object),
  metadata: {
    ...structuredClone(object.metadata),
    uid: keyOf(object),
    generation: 1,
    managedFields: [
      {
        manager: FIELD_MANAGER,
        operation: 'Apply',
        fieldsV1: fieldsOf(rendered(object)),
      },
    ],
  },
  status: {
    observedGeneration: 1,
    ...(readyStatus[object.kind]?.(object) ?? { conditions: [{ type: 'Ready', status: 'True' }] }),
  },
})
const world = (objects: KubeObject[], edit: (object: KubeObject) => void = () => {}) =>
  new Map(
    objects.map(object => {
      const live = lived(object)
      edit(live)
      return [keyOf(object), project(live)] as const
    }),
  )
const options = { keepStateful: false }

test('an empty cluster is built part by part, each after those it needs, until nothing is left to do', () => {
  const built: KubeObject[] = []
  const order: string[] = []
  for (let round = 0; round < 12; round++) {
    const observed = world(built)
    const ready = readyParts(desiredWith(), observed)
    const creates = plan(desiredWith(), observed, options).filter(step => step.action === 'create')
    for (const step of creates) {
      for (const before of READY_BEFORE[step.part!])
        expect([step.part, before, ready.has(before)]).toEqual([step.part, before, true])
      order.push(step.part!)
      built.push(step.object)
    }
  }
  expect(plan(desiredWith(), world(built), options)).toEqual([])
  expect(new Set(order)).toEqual(new Set(PARTS))
})

test('nothing is rendered from inputs that are not there', () => {
  const steps = plan(desiredWith(emptyFacts()), new Map(), options)
  expect(steps.find(step => step.object.metadata.name === 'todo-kafka-ca')).toMatchObject({
    action: 'wait',
    reason: 'WaitingForInput',
  })
})

test('a changed child is repaired at once, even while its part’s forerunners are not ready', () => {
  const observed = world(
    desiredWith().map(each => each.object),
    object => {
      if (object.metadata.name === 'todo-backend' && object.kind === 'Deployment') object['spec'].replicas = 7
      if (object.kind === 'Kafka') object['status'] = {}
    },
  )
  expect(plan(desiredWith(), observed, options)).toMatchObject([
    { action: 'update', reason: 'DriftRepaired', drift: [{ path: 'spec.replicas' }] },
  ])
})

test('a component waits for a user that is made again, though the Secret of the one before is there', () => {
  const missing = new Set(['backend-service', 'kafka-pubsub'])
  const all = desiredWith().map(each => each.object)
  const steps = plan(desiredWith(), world(all.filter(({ metadata }) => !missing.has(metadata.name))), options)
  expect(
    steps.filter(step => missing.has(step.object.metadata.name)).map(step => [step.object.kind, step.action]),
  ).toEqual([
    ['KafkaUser', 'create'],
    ['Component', 'wait'],
  ])
})

test('a new version of the services waits for its migrations', () => {
  const observed = world(desiredWith().map(each => each.object))
  const next = { ...effective, version: '0.2.0' }
  const desired = render({ platform, effective: next, facts: settledFacts(), settings: SETTINGS })
  const steps = plan(desired, observed, options)
  expect(steps.filter(step => step.object.kind === 'Deployment').map(step => step.action)).toEqual(
    Array(7).fill('wait'),
  )
  expect(steps.find(step => step.object.metadata.name.startsWith('todo-migrate-0-2-0-'))).toMatchObject({
    action: 'create',
  })
})

test('what is no longer wanted is deleted; with Retain, data stay', () => {
  const observed = world(desiredWith().map(each => each.object))
  const fewer = desiredWith().filter(
    each => each.object['spec']?.topicName !== 'reminders' && each.object.metadata.name !== 'todo-audit',
  )
  const names = (steps: ReturnType<typeof plan>): string[] =>
    steps.filter(step => step.action === 'delete').map(step => `${step.object.kind}`)
  expect(names(plan(fewer, observed, { keepStateful: false })).sort()).toEqual([
    'Deployment',
    'KafkaTopic',
    'PodDisruptionBudget',
    'Service',
    'ServiceAccount',
  ])
  expect(names(plan(fewer, observed, { keepStateful: true })).sort()).toEqual([
    'Deployment',
    'PodDisruptionBudget',
    'Service',
    'ServiceAccount',
  ])
})

test('for any edits of children: the plan touches exactly those that were edited or deleted', () => {
  const desired = desiredWith()
  const settled = world(desired.map(each => each.object))
  const indexes = fc.uniqueArray(fc.nat(desired.length - 1), { maxLength: 8 })
  fc.assert(
    fc.property(indexes, indexes, (edited, deleted) => {
      const observed = new Map(settled)
      for (const index of edited) {
        const { object } = desired[index]!
        const foreign = lived(object)
        foreign.metadata.labels!['todo.events/platform'] = 'edited'
        observed.set(keyOf(object), project(foreign))
      }
      for (const index of deleted) observed.delete(keyOf(desired[index]!.object))
      const touched = new Set(plan(desired, observed, options).map(step => keyOf(step.object)))
      const expected = new Set([...edited, ...deleted].map(index => keyOf(desired[index]!.object)))
      expect([...touched].sort()).toEqual([...expected].sort())
    }),
    { numRuns: 50 },
  )
})

test('deletion goes in waves: consumers, services, topics before the operator of their finalizer, Kafka before its nodes', () => {
  const observed = world(desiredWith().map(each => each.object))
  const waves: string[] = []
  for (let round = 0; observed.size > 0 && round < 20; round++) {
    const { steps } = planDeletion(observed, () => false)
    waves.push([...new Set(steps.map(step => step.object.kind))].sort().join('+'))
    for (const step of steps) observed.delete(keyOf(step.object))
  }
  expect(waves).toEqual([
    'Subscription',
    'Deployment+Job',
    'Component+Configuration+Resiliency',
    'KafkaTopic',
    'KafkaUser',
    'Cluster+Kafka',
    'KafkaNodePool',
    'PodDisruptionBudget+Secret+Service+ServiceAccount',
  ])
})

test('with Retain, a deleted platform leaves Kafka, its nodes, topics and the database', () => {
  const observed = world(desiredWith().map(each => each.object))
  for (let round = 0; round < 20; round++)
    for (const step of planDeletion(observed, isStateful).steps) observed.delete(keyOf(step.object))
  expect(planDeletion(observed, isStateful)).toEqual({ steps: [], remaining: [] })
  expect(new Set([...observed.values()].map(object => object.kind))).toEqual(
    new Set(['Kafka', 'KafkaNodePool', 'KafkaTopic', 'Cluster']),
  )
})
