import fc from 'fast-check'
import type { KubeObject } from '../../controller/kube/objects.ts'
import { KINDS } from '../../controller/platform/platform.ts'
import type { PlatformSpec } from '../../src/contracts/generated/platform.ts'
import type { LocalClient } from '../../src/local/kube-api/api.ts'
import { CRDS } from '../../src/local/operators/crds.ts'
import { specSchema, valuesOf } from '../support/any-platform.ts'
import type { Random } from './random.ts'

export const NAMESPACE = 'todo'
export const KAFKA_NAMESPACE = 'kafka'

export interface Scenario {
  name: string
  /** The world it begins in: nothing but definitions, a settled platform, or the end of another scenario. */
  from: 'empty' | 'without-dapr' | string
  replicas: number
  keepsData?: boolean
  /** Brings up a whole platform, or more than one. */
  whole?: boolean
  /** Done one after another by people who see no faults. Each must leave the same end whenever it comes. */
  actions: readonly Action[]
  /** Platforms that are Ready in the end; whatever else their status says must be as without faults. */
  ready: readonly string[]
  /** Another scenario that must have left the same world: what a platform becomes depends on its spec, not on the way there. */
  sameEndAs?: string
  /** Nothing of what is there may get another generation: no pod is restarted. */
  unmoved?: boolean
  /** What happens on the way differs from seed to seed: only the end can be compared. */
  anyWay?: boolean
}

/** The Deployment of the controller, as `helm upgrade` changes it. */
export interface Operator {
  /** Every replica is ended and comes back as this release. */
  upgrade(version: string): void
}

export type Action = (people: LocalClient, operator: Operator, random: Random) => Promise<unknown>

/** Small enough to be run ten thousand times, with one of everything: publisher, consumer, dead letters, database. */
export const SPEC: PlatformSpec = {
  profile: 'Development',
  version: '0.1.0',
  deletionPolicy: 'Delete',
  kafka: { strimzi: {} },
  database: { cloudnativepg: {} },
  auth: { issuer: 'https://id.example.com' },
  services: {
    recurring: { enabled: false },
    notification: { enabled: false },
    audit: { enabled: false },
    realtime: { enabled: false },
    analytics: { enabled: false },
    web: { enabled: false },
  },
} as PlatformSpec

export const platform = (name: string, spec: PlatformSpec): KubeObject => ({
  ...KINDS.platform,
  metadata: { name, namespace: NAMESPACE },
  spec,
})

const create =
  (name = 'todo', spec = SPEC): Action =>
  people =>
    people.create(platform(name, spec) as never)
const change =
  (spec: object, name = 'todo'): Action =>
  people =>
    people.merge(KINDS.platform, NAMESPACE, name, { spec })
const remove =
  (name = 'todo'): Action =>
  people =>
    people.delete(KINDS.platform, NAMESPACE, name)
const edit =
  (kind: { apiVersion: string; kind: string }, name: string, patch: object): Action =>
  people =>
    people.merge(kind, NAMESPACE, name, patch)
const deleteChild =
  (kind: { apiVersion: string; kind: string }, name: string): Action =>
  people =>
    people.delete(kind, NAMESPACE, name)
const installCrds: Action = async people => {
  for (const crd of CRDS) await people.apply(crd, { fieldManager: 'helm', force: true })
}

/** Made when first needed: it takes as long as ten runs. */
let specs: readonly fc.Arbitrary<unknown>[] | undefined

/** Whatever somebody may paste: the server refuses it, or the controller lives with it. CEL's rules are not there to help. */
const createAnything: Action = async (people, _operator, random) => {
  specs ??= [valuesOf(specSchema(), false), valuesOf(specSchema(), true)]
  const [spec] = fc.sample(random.pick(specs), { seed: random.int(0, 2 ** 31 - 1), numRuns: 1 }) as [PlatformSpec]
  const strimzi = random.chance(0.7) && { kafka: { strimzi: { ...spec.kafka?.strimzi } } }
  try {
    await people.create(platform('todo', { ...spec, ...strimzi, deletionPolicy: 'Delete' }) as never)
  } catch (error) {
    if (![400, 413, 422].includes((error as { code: number }).code)) throw error
  }
}
const removeIfThere: Action = async (people, operator, random) => {
  try {
    await remove()(people, operator, random)
  } catch (error) {
    if ((error as { code: number }).code !== 404) throw error
  }
}

const removeNamespace: Action = people => people.delete({ apiVersion: 'v1', kind: 'Namespace' }, undefined, NAMESPACE)

const upgrade =
  (version: string): Action =>
  async (_people, operator) =>
    operator.upgrade(version)

const createSecret =
  (name: string, stringData: Record<string, string>): Action =>
  people =>
    people.create({ apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: NAMESPACE }, stringData } as never)

const EXTERNAL: PlatformSpec = {
  ...SPEC,
  kafka: {
    external: {
      bootstrapServers: ['kafka.example.com:9093'],
      authentication: {
        type: 'SCRAM-SHA-512',
        username: 'todo',
        passwordSecretRef: { name: 'kafka', key: 'password' },
      },
      topics: 'Managed',
    },
  },
}
const MORE = { services: { analytics: { enabled: true } } }
const LESS = { services: { analytics: { enabled: false } } }
const { version: _pinned, ...UNPINNED } = SPEC
const OWN_TOPIC = { topics: [{ name: 'invoices', partitions: 2 }] }

export const SCENARIOS: readonly Scenario[] = [
  { name: 'create', whole: true, ready: ['todo'], from: 'empty', replicas: 1, actions: [create()] },
  {
    name: 'create-shared-kafka',
    whole: true,
    ready: ['todo'],
    from: 'shared-kafka',
    replicas: 1,
    actions: [create('todo', sharedSpec())],
  },
  {
    name: 'create-external-kafka',
    whole: true,
    ready: ['todo'],
    from: 'empty',
    replicas: 1,
    actions: [create('todo', EXTERNAL), createSecret('kafka', { password: 'secret' })],
  },
  {
    name: 'autoscaled',
    ready: ['todo'],
    from: 'create',
    replicas: 1,
    actions: [change({ services: { backend: { autoscaling: { min: 2, max: 6 } } } })],
  },
  {
    name: 'crds-come-late',
    whole: true,
    ready: ['todo'],
    from: 'without-dapr',
    replicas: 1,
    actions: [create(), installCrds, deleteChild(KINDS.component, 'statestore')],
  },
  { name: 'topic-added', ready: ['todo'], from: 'create', replicas: 1, actions: [change(OWN_TOPIC)] },
  {
    name: 'topic-removed',
    ready: ['todo'],
    from: 'topic-added',
    replicas: 1,
    sameEndAs: 'create',
    actions: [change({ topics: null })],
  },
  {
    name: 'topic-added-and-removed',
    ready: ['todo'],
    from: 'create',
    sameEndAs: 'create',
    replicas: 1,
    actions: [change(OWN_TOPIC), change({ topics: null })],
  },
  {
    name: 'partitions-lowered',
    ready: [],
    from: 'create',
    replicas: 1,
    actions: [change({ topics: [{ name: 'task-events', partitions: 2 }] })],
  },
  {
    name: 'service-scaled',
    ready: ['todo'],
    from: 'create',
    replicas: 1,
    actions: [change({ services: { backend: { replicas: 3 } } })],
  },
  { name: 'service-enabled', ready: ['todo'], from: 'create', replicas: 1, actions: [change(MORE)] },
  {
    name: 'service-disabled',
    sameEndAs: 'create',
    ready: ['todo'],
    from: 'service-enabled',
    replicas: 1,
    actions: [change(LESS)],
  },
  { name: 'version-changed', ready: ['todo'], from: 'create', replicas: 1, actions: [change({ version: '0.1.2' })] },
  {
    name: 'version-changed-and-back',
    whole: true,
    ready: ['todo'],
    from: 'create',
    sameEndAs: 'create',
    replicas: 1,
    actions: [change({ version: '0.1.2' }), change({ version: '0.1.0' })],
  },
  {
    name: 'operator-upgraded-and-back',
    ready: ['todo'],
    from: 'create',
    replicas: 1,
    sameEndAs: 'create',
    unmoved: true,
    actions: [upgrade('0.2.0'), upgrade('0.1.0')],
  },
  {
    name: 'operator-upgraded-unpinned',
    whole: true,
    ready: ['todo'],
    from: 'empty',
    replicas: 1,
    actions: [create('todo', UNPINNED as PlatformSpec), upgrade('0.2.0')],
  },
  {
    name: 'drift-by-hand',
    ready: ['todo'],
    from: 'create',
    sameEndAs: 'create',
    replicas: 1,
    actions: [
      edit(KINDS.deployment, 'todo-backend', { spec: { replicas: 7 } }),
      edit(KINDS.user, 'backend-service', { spec: { authorization: { acls: [] } } }),
      edit(KINDS.service, 'todo-backend', { spec: { selector: { 'app.kubernetes.io/component': 'elsewhere' } } }),
      edit(KINDS.topic, 'reminders', { spec: { config: { 'retention.ms': 1 } } }),
    ],
  },
  {
    name: 'foreign-fields',
    ready: ['todo'],
    from: 'create',
    replicas: 1,
    actions: [
      edit(KINDS.deployment, 'todo-backend', { metadata: { annotations: { 'example.com/note': 'mine' } } }),
      edit(KINDS.component, 'statestore', { metadata: { labels: { 'example.com/team': 'data' } } }),
    ],
  },
  {
    name: 'label-stripped',
    ready: ['todo'],
    from: 'create',
    sameEndAs: 'create',
    replicas: 1,
    actions: [
      edit(KINDS.deployment, 'todo-backend', { metadata: { labels: { 'todo.events/platform': null } } }),
      edit(KINDS.component, 'kafka-pubsub', { metadata: { labels: { 'todo.events/platform': null } } }),
    ],
  },
  {
    name: 'child-deleted',
    ready: ['todo'],
    from: 'create',
    sameEndAs: 'create',
    replicas: 1,
    actions: [
      deleteChild(KINDS.deployment, 'todo-backend'),
      deleteChild(KINDS.component, 'kafka-pubsub'),
      deleteChild(KINDS.user, 'backend-service'),
      deleteChild(KINDS.topic, 'reminders'),
      deleteChild(KINDS.secret, 'todo-kafka-ca'),
    ],
  },
  {
    // The repair is under way when what it repairs goes.
    name: 'edited-and-deleted',
    ready: ['todo'],
    from: 'create',
    sameEndAs: 'create',
    replicas: 1,
    actions: [
      edit(KINDS.deployment, 'todo-backend', { spec: { replicas: 7 } }),
      deleteChild(KINDS.deployment, 'todo-backend'),
    ],
  },
  {
    name: 'password-rotated',
    ready: ['todo'],
    from: 'create',
    replicas: 1,
    actions: [edit(KINDS.secret, 'backend-service', { data: { password: Buffer.from('rotated').toString('base64') } })],
  },
  {
    name: 'suspended',
    ready: [],
    from: 'create',
    replicas: 1,
    actions: [
      change({ suspend: true }),
      change({ services: { backend: { replicas: 3 } } }),
      edit(KINDS.deployment, 'todo-backend', { spec: { replicas: 5 } }),
    ],
  },
  {
    name: 'suspended-and-resumed',
    ready: ['todo'],
    from: 'suspended',
    sameEndAs: 'service-scaled',
    replicas: 1,
    actions: [change({ suspend: null })],
  },
  { name: 'deleted', ready: [], from: 'create', replicas: 1, actions: [remove()] },
  {
    name: 'deleted-while-coming-up',
    whole: true,
    ready: [],
    from: 'empty',
    replicas: 1,
    actions: [create(), remove()],
  },
  { name: 'deleted-while-suspended', ready: [], from: 'suspended', replicas: 1, actions: [remove()] },
  {
    name: 'deleted-keeping-data',
    keepsData: true,
    ready: [],
    from: 'create',
    replicas: 1,
    actions: [change({ deletionPolicy: 'Retain' }), remove()],
  },
  { name: 'namespace-deleted', ready: [], from: 'create', replicas: 1, actions: [removeNamespace] },
  {
    name: 'namespace-deleted-shared-kafka',
    ready: [],
    from: 'create-shared-kafka',
    replicas: 2,
    actions: [removeNamespace],
  },
  { name: 'deleted-shared-kafka', ready: [], from: 'create-shared-kafka', replicas: 1, actions: [remove()] },
  {
    name: 'deleted-and-made-again',
    whole: true,
    ready: ['todo'],
    from: 'create',
    sameEndAs: 'create',
    replicas: 1,
    actions: [remove(), create()],
  },
  {
    name: 'anything-and-then-sense',
    whole: true,
    ready: ['todo'],
    from: 'empty',
    replicas: 1,
    sameEndAs: 'create',
    anyWay: true,
    actions: [createAnything, removeIfThere, create()],
  },
  { name: 'second-platform', ready: ['todo'], from: 'create', replicas: 1, actions: [create('other')] },
  {
    name: 'second-takes-over',
    whole: true,
    ready: ['other'],
    from: 'second-platform',
    replicas: 1,
    actions: [remove()],
  },
  {
    name: 'two-replicas-create',
    whole: true,
    ready: ['todo'],
    from: 'empty',
    sameEndAs: 'create',
    replicas: 2,
    actions: [create()],
  },
  {
    name: 'two-replicas-change',
    whole: true,
    ready: ['todo'],
    from: 'create',
    replicas: 2,
    actions: [change({ services: { backend: { replicas: 3 } } }), change({ version: '0.1.2' })],
  },
  { name: 'two-replicas-delete', ready: [], from: 'create', replicas: 2, actions: [remove()] },
]

function sharedSpec(): PlatformSpec {
  return { ...SPEC, kafka: { strimzi: { clusterRef: { name: 'shared', namespace: KAFKA_NAMESPACE } } } } as PlatformSpec
}

export const scenarioOf = (name: string): Scenario => {
  const found = SCENARIOS.find(scenario => scenario.name === name)
  if (!found) throw new Error(`there is no scenario ${name}: use one of ${SCENARIOS.map(each => each.name).join(', ')}`)
  return found
}
