import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { load } from 'js-yaml'
import type { KubeObject } from '../../controller/kube/objects.ts'
import type { LocalClient } from '../../src/local/kube-api/api.ts'
import { CRDS } from '../../src/local/operators/crds.ts'
import { differences, dump } from './normalise.ts'
import type { Limits } from './oracle.ts'
import { Random } from './random.ts'
import { run } from './run.ts'
import { KAFKA_NAMESPACE, NAMESPACE, type Scenario, scenarioOf } from './scenarios.ts'
import { SimServer, type Snapshot } from './server.ts'
import { Simulation } from './simulation.ts'
import { World } from './world.ts'

/** A scenario without faults: where it begins, what it does, and where it must end. */
export interface Reference {
  scenario: Scenario
  start: Snapshot
  startedAt: number
  end: Map<string, string>
  endSnapshot: Snapshot
  endedAt: number
  limits: Limits
  /** How many writes, reads and watches there are to disturb. */
  counters: { write: number; read: number; watch: number }
  violations: string[]
}

const PLATFORM_CRD = join(import.meta.dirname, '../../crds/todo.events_todoeventplatforms.yaml')
const HOUR = 3_600_000

const references = new Map<string, Promise<Reference>>()

/** Made once in a process: the fault-free run costs as much as any other. */
export function referenceOf(name: string): Promise<Reference> {
  let reference = references.get(name)
  if (!reference) {
    const given = process.env['FAULT_REFERENCES']
    reference = given ? readReference(given, name) : makeReference(scenarioOf(name))
    references.set(name, reference)
  }
  return reference
}

/** As text, so that a controller with a defect can be held against one without. */
export function writeReference(folder: string, { scenario, end, limits, ...rest }: Reference): void {
  const limitsAsLists = { creates: [...limits.creates], generations: [...limits.generations] }
  writeFileSync(
    join(folder, `${scenario.name}.json`),
    JSON.stringify({ ...rest, end: [...end], limits: limitsAsLists }),
  )
}

async function readReference(folder: string, name: string): Promise<Reference> {
  const { end, limits, ...rest } = JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8'))
  const { creates, generations } = limits
  return {
    ...rest,
    scenario: scenarioOf(name),
    end: new Map(end),
    limits: { creates: new Map(creates), generations: new Map(generations) },
  }
}

async function makeReference(scenario: Scenario): Promise<Reference> {
  const { snapshot: start, startedAt } = await beginning(scenario.from)
  const result = await run({
    snapshot: start,
    startedAt,
    replicas: 1,
    leaderElection: false,
    seed: 1,
    steady: true,
    fresh: true,
    faults: [],
    actions: scenario.actions.map((action, index) => ({ run: action, afterMs: index === 0 ? 2_000 : 'rest' })),
    expected: undefined,
    limits: undefined,
    ready: scenario.ready,
    keepsData: scenario.keepsData ?? false,
    digests: !scenario.whole,
  })
  return {
    scenario,
    start,
    startedAt,
    end: result.end,
    endSnapshot: result.snapshot!,
    endedAt: result.endedAt,
    limits: { creates: result.creates, generations: result.generations },
    counters: result.counters,
    violations: [
      ...result.violations,
      ...(scenario.unmoved ? moved(start, result.snapshot!) : []),
      ...(scenario.sameEndAs ? await pathDependent(scenario, result.snapshot!) : []),
    ],
  }
}

/** Acto's oracle: two ways to one spec must end in one world. */
async function pathDependent({ sameEndAs, whole }: Scenario, end: Snapshot): Promise<string[]> {
  const other = await referenceOf(sameEndAs!)
  const dumped = (snapshot: Snapshot): Map<string, string> => {
    const server = new SimServer(() => 0, snapshot)
    const objects = dump(server, !whole)
    server.close()
    return objects
  }
  return differences(dumped(other.endSnapshot), dumped(end)).map(each => `PathDependent: unlike ${sameEndAs}: ${each}`)
}

/** Objects whose generation went on. */
function moved(start: Snapshot, end: Snapshot): string[] {
  const generations = ({ rows }: Snapshot): Map<string, number> =>
    new Map(
      rows.map(({ table, namespace, name, json }) => [
        `${table}/${namespace}/${name}`,
        (JSON.parse(json) as KubeObject).metadata.generation ?? 0,
      ]),
    )
  const before = generations(start)
  return [...generations(end)]
    .filter(([address, generation]) => generation > (before.get(address) ?? 0))
    .map(([address, generation]) => `Moved: ${address} has generation ${generation}, before ${before.get(address)}`)
}

async function beginning(from: string): Promise<{ snapshot: Snapshot; startedAt: number }> {
  const simulation = new Simulation()
  if (!['empty', 'without-dapr', 'shared-kafka'].includes(from)) {
    const { endSnapshot, endedAt } = await referenceOf(from)
    return { snapshot: endSnapshot, startedAt: endedAt + HOUR }
  }
  const server = new SimServer(() => simulation.now)
  const client = server.client('setup')
  await install(client, from === 'without-dapr')
  if (from === 'shared-kafka') {
    const world = new World(simulation, server, new Random(1))
    await client.create(sharedKafka() as never)
    while (!world.idle && (await simulation.step()));
  }
  const snapshot = server.snapshot()
  server.close()
  return { snapshot, startedAt: simulation.now + HOUR }
}

async function install(client: LocalClient, withoutDapr: boolean): Promise<void> {
  for (const name of ['default', 'kube-system', 'todo-system', NAMESPACE, KAFKA_NAMESPACE])
    await client.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
  await client.apply(withoutRules(load(readFileSync(PLATFORM_CRD, 'utf8'))) as never, {
    fieldManager: 'helm',
    force: true,
  })
  for (const crd of CRDS)
    if (!withoutDapr || !crd.metadata.name.endsWith('.dapr.io'))
      await client.apply(crd, { fieldManager: 'helm', force: true })
}

/** CEL rules judge what people write, which no fault changes, and cost half of the time of a run. */
const withoutRules = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withoutRules)
  if (typeof value !== 'object' || value === null) return value
  const kept = Object.entries(value).filter(([key]) => key !== 'x-kubernetes-validations')
  return Object.fromEntries(kept.map(([key, item]) => [key, withoutRules(item)]))
}

const sharedKafka = (): object => ({
  apiVersion: 'kafka.strimzi.io/v1',
  kind: 'Kafka',
  metadata: { name: 'shared', namespace: KAFKA_NAMESPACE },
  spec: {
    kafka: {
      version: '4.3.1',
      listeners: [{ name: 'tls', port: 9093, type: 'internal', tls: true, authentication: { type: 'scram-sha-512' } }],
      authorization: { type: 'simple' },
    },
  },
})
