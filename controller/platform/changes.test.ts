import fc from 'fast-check'
import { planManifest } from '../../src/cli/plan.ts'
import type { PlatformSpec } from '../../src/contracts/generated/platform.ts'
import { PlatformWorld } from '../../test/support/platform-world.ts'
import { platformOf, SETTINGS } from '../../test/support/platforms.ts'
import { type KubeObject, keyOf } from '../kube/objects.ts'
import { type OwnedFields, ownedFields } from '../kube/ownership.ts'
import type { Change } from './change.ts'
import type { Changes } from './changes.ts'
import { FIELD_MANAGER, HASH_ANNOTATION, KINDS } from './platform.ts'

const manifestOf = (spec: Partial<PlatformSpec>): KubeObject => {
  const { apiVersion, kind, spec: whole } = platformOf(spec)
  return { apiVersion, kind, metadata: { name: 'todo', namespace: 'todo' }, spec: whole }
}

const settledWorld = async (spec: Partial<PlatformSpec> = {}): Promise<PlatformWorld> => {
  const world = await PlatformWorld.open('todo', 'kafka')
  await world.api.clientFor('people').create(manifestOf(spec) as never)
  await world.settle()
  return world
}

const planOf = (world: PlatformWorld, manifest: KubeObject): Promise<Changes> =>
  planManifest(world.client, manifest, SETTINGS)

const put = async (world: PlatformWorld, manifest: KubeObject): Promise<void> => {
  const { metadata } = await world.platform()
  await world.api.clientFor('people').replace({ ...manifest, metadata } as never)
}

const nameOf = ({ action, kind, namespace, name }: Omit<Change, 'fields' | 'reason'>): string =>
  `${action} ${kind} ${namespace}/${name}`

/** The children that were written, in the words of a plan; the platform itself aside. */
const written = (world: PlatformWorld, before: ReadonlyMap<string, KubeObject>): string[] => {
  const existed = new Set(
    [...before.values()].map(({ kind, metadata }) => `${kind} ${metadata.namespace}/${metadata.name}`),
  )
  return world.writes
    .filter(({ kind }) => kind.kind !== KINDS.platform.kind)
    .map(({ verb, kind, namespace, name }) => {
      const action =
        verb === 'delete' ? 'delete' : existed.has(`${kind.kind} ${namespace}/${name}`) ? 'update' : 'create'
      return `${action} ${kind.kind} ${namespace}/${name}`
    })
}

/** What we own of an object: each leaf by its path in the words of a plan. */
const leavesOf = (fields: OwnedFields, path = ''): [string, string][] =>
  Object.entries(fields).flatMap(([name, below]): [string, string][] => {
    const at = name.startsWith('f:') ? `${path}${path && '.'}${name.slice(2)}` : `${path}${itemText(name)}`
    const leaf = typeof below !== 'object' || below === null || '=' in below || '#' in below
    return leaf ? [[at, JSON.stringify(below)]] : leavesOf(below, at)
  })
const itemText = (name: string): string =>
  name.startsWith('k:')
    ? `[${Object.entries(JSON.parse(name.slice(2)) as object)
        .map(([key, value]) => `${key}=${value}`)
        .join(',')}]`
    : `[${JSON.parse(name.slice(2))}]`

/** Leaves of ours that two states of an object do not share. */
const changedLeaves = (before: KubeObject, after: KubeObject): string[] => {
  const [old, now] = [before, after].map(object => new Map(leavesOf(ownedFields(object, FIELD_MANAGER)!)))
  const paths = new Set([...old!.keys(), ...now!.keys()])
  return [...paths].filter(path => old!.get(path) !== now!.get(path) && !path.endsWith(HASH_ANNOTATION))
}

const isAtOrBelow = (path: string, above: string): boolean =>
  path === above || path.startsWith(`${above}.`) || path.startsWith(`${above}[`)

test('a change of configuration is told field by field, with the pods that restart and why', async () => {
  const world = await settledWorld()
  const plan = await planOf(world, manifestOf({ version: '0.1.2', topics: [{ name: 'reminders', partitions: 8 }] }))
  expect(plan.changes.find(change => change.kind === 'KafkaTopic' && change.name === 'reminders')).toMatchObject({
    action: 'update',
    reason: 'SpecChanged',
    fields: expect.arrayContaining([{ path: 'spec.partitions', from: 6, to: 8 }]),
  })
  expect(plan.changes.map(nameOf)).toEqual(
    expect.arrayContaining([
      expect.stringContaining('create Job todo/todo-migrate-0-1-2-'),
      expect.stringContaining('delete Job todo/todo-migrate-0-1-0-'),
    ]),
  )
  expect(plan.restarts.find(({ name }) => name === 'todo-backend')).toMatchObject({
    kind: 'Deployment',
    certainty: 'will',
    reasons: expect.arrayContaining([
      'image registry.example.com/todo/services:0.1.0 → registry.example.com/todo/services:0.1.2',
    ]),
  })
  expect(plan.changes.find(({ kind, name }) => kind === 'Deployment' && name === 'todo-backend')?.after).toBe(
    'waits for migrations',
  )
  world.api.close()
})

test('who set one of our fields is named before it is taken back', async () => {
  const world = await settledWorld()
  await world.api.clientFor('kubectl-edit').merge(KINDS.deployment, 'todo', 'todo-backend', { spec: { replicas: 7 } })
  const plan = await planOf(world, manifestOf({}))
  expect(plan.conflicts).toEqual([
    { kind: 'Deployment', namespace: 'todo', name: 'todo-backend', path: 'spec.replicas', manager: 'kubectl-edit' },
  ])
  expect(plan.changes).toMatchObject([{ reason: 'DriftRepaired', fields: [{ from: 7, to: 1 }] }])
  world.api.close()
})

test('what Kafka cannot do is refused in the plan, and the value of a Secret is never in it', async () => {
  const world = await settledWorld()
  await world.api.clientFor('people').merge({ apiVersion: 'v1', kind: 'Secret' }, 'todo', 'audit-service', {
    data: { password: Buffer.from('quite-another').toString('base64') },
  })
  const plan = await planOf(world, manifestOf({ topics: [{ name: 'reminders', partitions: 1 }] }))
  expect(plan.refused).toMatchObject([{ code: 'TEP-SPEC-TOPIC-PARTITIONS' }])
  expect(plan.changes.map(nameOf)).toEqual([
    'update Secret todo/todo-kafka-audit-service',
    'update Deployment todo/todo-audit',
  ])
  expect(plan.restarts).toMatchObject([{ name: 'todo-audit', reasons: ['a Secret it was given has changed'] }])
  expect(JSON.stringify(plan)).not.toContain(Buffer.from('quite-another').toString('base64'))
  world.api.close()
})

test('a suspended platform, and one that is as it should be, have nothing to change', async () => {
  const world = await settledWorld()
  expect(await planOf(world, manifestOf({}))).toEqual({ changes: [], conflicts: [], restarts: [], refused: [] })
  expect((await planOf(world, manifestOf({ suspend: true, version: '0.1.9' }))).changes).toEqual([])
  world.api.close()
})

test('what the API server would refuse is no plan', async () => {
  const world = await settledWorld()
  const other = { kafka: { external: { bootstrapServers: ['a:9092'] } } } as Partial<PlatformSpec>
  await expect(planOf(world, manifestOf(other))).rejects.toThrow(/immutable/)
  world.api.close()
})

const edits: fc.Arbitrary<Partial<PlatformSpec>> = fc.record(
  {
    version: fc.constantFrom('0.1.0', '0.1.2', '0.1.3'),
    deletionPolicy: fc.constantFrom('Delete', 'Retain'),
    topics: fc.uniqueArray(
      fc.record(
        {
          name: fc.constantFrom('reminders', 'task-events', 'billing', 'Own_Topic'),
          partitions: fc.integer({ min: 1, max: 12 }),
          replicas: fc.constantFrom(1, 3),
          retention: fc.constantFrom('1h', '36h'),
          config: fc.constantFrom({}, { 'cleanup.policy': 'compact' }),
        },
        { requiredKeys: ['name'] },
      ),
      { selector: ({ name }) => name, maxLength: 3 },
    ),
    subscriptions: fc.uniqueArray(
      fc.record(
        {
          app: fc.constantFrom('billing', 'crm', 'audit-service'),
          topic: fc.constantFrom('reminders', 'billing', 'task-updates', 'nowhere'),
          path: fc.constantFrom('/in', '/out'),
          deadLetter: fc.boolean(),
        },
        { requiredKeys: ['app', 'topic', 'path'] },
      ),
      { selector: ({ app, topic }) => `${app}/${topic}`, maxLength: 3 },
    ),
    services: fc.record(
      {
        backend: fc.record({ replicas: fc.integer({ min: 0, max: 3 }), logLevel: fc.constantFrom('debug', 'warn') }),
        analytics: fc.record({ enabled: fc.boolean() }),
        realtime: fc.record({ enabled: fc.boolean() }),
      },
      { requiredKeys: [] },
    ),
    podTemplate: fc.record(
      { labels: fc.constantFrom({ team: 'a' }, { team: 'b' }), priorityClassName: fc.constantFrom('high', 'low') },
      { requiredKeys: [] },
    ),
    dapr: fc.record(
      {
        logLevel: fc.constantFrom('info', 'debug'),
        apiToken: fc.boolean(),
        tracing: fc.constantFrom({ endpoint: 'otel:4317' }),
      },
      { requiredKeys: [] },
    ),
    legacy: fc.record({ enabled: fc.boolean() }),
    kafka: fc.record({
      strimzi: fc.record(
        {
          version: fc.constantFrom('4.3.0', '4.3.1'),
          brokers: fc.record({
            replicas: fc.constantFrom(1, 3),
            storage: fc.constantFrom({ size: '1Gi' }, { size: '9Gi' }),
          }),
          config: fc.constantFrom({ 'log.retention.hours': 5 }, { listeners: 'x' }),
        },
        { requiredKeys: [] },
      ),
    }),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<Partial<PlatformSpec>>

/** As many random edits as PLAN_EDITS says; `make plan-property` asks for a thousand. */
const EDITS = Number(process.env['PLAN_EDITS'] ?? 25)

test(`over ${EDITS} edits of the spec, reconciling writes what the plan said, field by field, and nothing else`, async () => {
  const world = await settledWorld()
  const seen = new Set<string>()
  await fc.assert(
    fc.asyncProperty(edits, async spec => {
      const manifest = manifestOf(spec)
      const plan = await planOf(world, manifest)
      const before = await world.live(await world.platform())
      await put(world, manifest)
      world.writes = []
      await world.reconcile()
      const now = plan.changes.filter(({ after }) => !after)
      expect(written(world, before).sort()).toEqual(now.map(nameOf).sort())
      const after = await world.live(await world.platform())
      for (const change of now.filter(({ action }) => action === 'update')) {
        const key = [...before.values()].find(
          ({ kind, metadata }) =>
            kind === change.kind && metadata.name === change.name && metadata.namespace === change.namespace,
        )!
        const changed = changedLeaves(key, after.get(keyOf(key))!)
        const told = change.fields.map(({ path }) => path)
        expect([change.name, changed.filter(path => !told.some(above => isAtOrBelow(path, above)))]).toEqual([
          change.name,
          [],
        ])
        expect([change.name, told.filter(above => !changed.some(path => isAtOrBelow(path, above)))]).toEqual([
          change.name,
          [],
        ])
        for (const { path } of change.fields) seen.add(path)
      }
      await world.settle()
      // Later waves write what the plan said would wait, and follow a Secret that came meanwhile.
      const announced = new Set(plan.changes.map(change => `${change.kind} ${change.namespace}/${change.name}`))
      const later = written(world, before).map(text => text.replace(/^\w+ /, ''))
      expect(later.filter(name => !announced.has(name))).toEqual([])
      expect([...announced].filter(name => !later.includes(name))).toEqual([])
    }),
    { numRuns: EDITS },
  )
  expect(seen.size).toBeGreaterThan(5)
  world.api.close()
}, 600_000)
