import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { load } from 'js-yaml'
import type { KubeObject } from '../../controller/kube/objects.ts'
import type { LocalClient } from '../../src/local/kube-api/api.ts'
import { CRDS } from '../../src/local/operators/crds.ts'
import type { Fault } from '../fault/faults.ts'
import type { Call } from '../fault/network.ts'
import { Random } from '../fault/random.ts'
import { Replica } from '../fault/replica.ts'
import { NAMESPACE } from '../fault/scenarios.ts'
import { SimServer } from '../fault/server.ts'
import { Simulation } from '../fault/simulation.ts'
import { World } from '../fault/world.ts'

/** Nothing was written for this long: everybody is done. */
const REST_MS = 15_000
const LONGEST_MS = 1_800_000

interface Kind {
  apiVersion: string
  kind: string
}

/** A whole controller against the embedded API in simulated time, with the operators around it. */
export interface Cluster {
  people: LocalClient
  server: SimServer
  /** Lets time pass until nobody writes any more. */
  rest(): Promise<void>
  /** Lets so much time pass, whoever writes. */
  pass(ms: number): Promise<void>
  /** Milliseconds since it was started. */
  elapsed(): number
  /** The controller dies, and another process begins. */
  restart(): void
  /** The controller is told to end, and none comes after it. */
  end(): Promise<void>
  get(kind: Kind, name: string): KubeObject | undefined
  /** What the controller tells the console of a platform. */
  view: Replica['view']
  list(kind: Kind): KubeObject[]
  /** As an autoscaler does: through the scale sub-resource, under a name of its own. */
  scale(deployment: string, replicas: number): void
  /** Every number of replicas the Deployment has had, without repetitions. */
  history(deployment: string): number[]
  close(): void
}

const PLATFORM_CRD = join(import.meta.dirname, '../../crds/todo.events_todoeventplatforms.yaml')

export interface ClusterOptions {
  seed?: number
  faults?: readonly Fault[]
  /** Told each request of the controller, and each again once it is answered. */
  sent?(call: Call): void
  answered?(call: Call): void
  leaderElection?: boolean
  /** Namespace of the controller itself. Defaults to `todo-system`. */
  home?: string
  /** Namespaces it serves; none: all. */
  namespaces?: string[]
}

export async function startCluster({
  seed = 1,
  faults = [],
  sent = () => {},
  answered = () => {},
  leaderElection = false,
  home = 'todo-system',
  namespaces = [],
}: ClusterOptions = {}): Promise<Cluster> {
  const simulation = new Simulation()
  const server = new SimServer(() => simulation.now)
  const people = server.client('people')
  const random = new Random(seed)
  const histories = new Map<string, number[]>()
  let lastCommitAt = 0
  server.onCommit(({ entry }) => {
    const { kind, metadata, spec } = entry.object as unknown as KubeObject
    if (kind !== 'Lease' && kind !== 'Event') lastCommitAt = simulation.elapsed
    if (kind !== 'Deployment') return
    const history = histories.get(metadata.name) ?? []
    histories.set(metadata.name, history)
    if (history.at(-1) !== spec.replicas) history.push(spec.replicas)
  })
  const platformCrd = load(readFileSync(PLATFORM_CRD, 'utf8')) as KubeObject
  for (const crd of [...CRDS, platformCrd]) await people.apply(crd as never, { fieldManager: 'helm', force: true })
  for (const name of [NAMESPACE, 'todo-system'])
    await people.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } } as never)
  const world = new World(simulation, server, random.fork())
  const replica = new Replica({
    index: 0,
    simulation,
    server,
    random: random.fork(),
    faults,
    counters: { write: 0, read: 0, watch: 0 },
    observer: { sent, answered, streamed: () => {}, late: () => {}, dies: () => false },
    leaderElection,
    skewMs: () => 0,
    version: () => '0.1.0',
    namespace: home,
    namespaces,
    born: () => {},
    log: () => {},
  })
  replica.start()
  const get = (kind: Kind, name: string): KubeObject | undefined =>
    server.get(kind, NAMESPACE, name)?.object as unknown as KubeObject | undefined
  return {
    people,
    server,
    async rest() {
      const since = simulation.elapsed
      const quiet = (): number => simulation.elapsed - Math.max(since, lastCommitAt)
      while (quiet() < REST_MS || !world.idle) {
        if (simulation.elapsed - since > LONGEST_MS) throw new Error('the cluster never comes to rest')
        if (!(await simulation.step())) return
      }
    },
    async pass(ms) {
      const until = simulation.elapsed + ms
      let over = false
      simulation.after(ms, () => {
        over = true
      })
      while (!over && simulation.elapsed <= until) if (!(await simulation.step())) return
    },
    elapsed: () => simulation.elapsed,
    restart: () => {
      replica.kill()
      replica.start()
    },
    async end() {
      let ended = false
      void replica.end().then(() => {
        ended = true
      })
      while (!ended && (await simulation.step())) {}
    },
    get,
    view: replica.view,
    list: kind => server.list(kind).map(({ object }) => object as unknown as KubeObject),
    scale: (name, replicas) => {
      const answer = server.request('autoscaler', {
        method: 'PATCH',
        url: `/apis/apps/v1/namespaces/${NAMESPACE}/deployments/${name}/scale?fieldManager=kube-controller-manager`,
        headers: { 'content-type': 'application/merge-patch+json' },
        body: { spec: { replicas } },
      })
      if (answer.status >= 300) throw new Error(`the scale of ${name} was refused: ${answer.status}`)
    },
    history: name => histories.get(name) ?? [],
    close: () => {
      replica.kill()
      server.close()
    },
  }
}
