import { KINDS } from '../../controller/platform/platform.ts'
import type { Call } from './network.ts'
import { Random } from './random.ts'
import { referenceOf } from './reference.ts'
import { Replica } from './replica.ts'
import { KAFKA_NAMESPACE, SPEC } from './scenarios.ts'
import { SimServer, type Snapshot } from './server.ts'
import { Simulation } from './simulation.ts'
import { World } from './world.ts'

/** What a controller asked of the API server in some stretch of time. */
export interface Traffic {
  /** Writes of anything but Leases, Events and status. */
  writes: Call[]
  statusWrites: Call[]
  lists: Call[]
  /** Reads of one object that is not a Lease. */
  gets: Call[]
  /** Watches begun. */
  watches: Call[]
  leases: number
  events: number
}

const HOUR_MS = 3_600_000

/** Many platforms on one shared Kafka under one controller with a Lease, without faults; no real time passes. */
export class Fleet {
  readonly simulation: Simulation
  readonly server: SimServer
  readonly #world: World
  readonly #replica: Replica
  #calls: Call[] = []
  #lastCommitAt = 0

  private constructor(snapshot: Snapshot, startedAt: number) {
    this.simulation = new Simulation(startedAt)
    this.server = new SimServer(() => this.simulation.now, snapshot)
    const random = new Random(1)
    this.#world = new World(this.simulation, this.server, random.fork())
    this.server.onCommit(({ entry }) => {
      if (!['Lease', 'Event'].includes(String(entry.object['kind']))) this.#lastCommitAt = this.simulation.elapsed
    })
    this.#replica = new Replica({
      index: 0,
      simulation: this.simulation,
      server: this.server,
      random,
      faults: [],
      counters: { write: 0, read: 0, watch: 0 },
      observer: {
        sent: call => void this.#calls.push(call),
        answered: () => {},
        late: () => {},
        streamed: () => {},
        dies: () => false,
      },
      leaderElection: true,
      checkCrd: true,
      skewMs: () => 0,
      version: () => '0.1.0',
      born: () => {},
      log: () => {},
    })
  }

  static async open(): Promise<Fleet> {
    const { start, startedAt } = await referenceOf('create-shared-kafka')
    const fleet = new Fleet(start, startedAt)
    fleet.#replica.start()
    await fleet.pass(30_000)
    return fleet
  }

  /** Another platform, in a namespace of its own. */
  async add(number: number): Promise<void> {
    const people = this.server.client('people')
    const namespace = `team-${number}`
    await people.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } })
    const kafka = { strimzi: { clusterRef: { name: 'shared', namespace: KAFKA_NAMESPACE } } }
    await people.create({
      ...KINDS.platform,
      metadata: { name: 'todo', namespace },
      spec: { ...SPEC, kafka },
    } as never)
  }

  /** Until nothing has been written for a while. */
  async rest(quietMs = 5_000): Promise<void> {
    while (this.simulation.elapsed - this.#lastCommitAt < quietMs || !this.#world.idle)
      if (!(await this.simulation.step())) return
  }

  /** Lets time pass. */
  async pass(ms: number, eachHour: (hour: number) => void = () => {}): Promise<void> {
    let reached = false
    for (let hour = 1; hour * HOUR_MS < ms; hour++) this.simulation.after(hour * HOUR_MS, () => eachHour(hour))
    this.simulation.after(ms, () => {
      reached = true
    })
    while (!reached && (await this.simulation.step()));
  }

  /** What was asked since the last look. */
  take(): Traffic {
    const calls = this.#calls
    this.#calls = []
    const of = (accept: (call: Call) => boolean): Call[] => calls.filter(accept)
    const known = of(call => call.kind !== '' && !call.aside)
    return {
      writes: known.filter(call => call.sort === 'write' && call.subresource !== 'status'),
      statusWrites: known.filter(call => call.sort === 'write' && call.subresource === 'status'),
      lists: known.filter(call => call.sort === 'read' && !call.name),
      gets: known.filter(call => call.sort === 'read' && call.name),
      watches: of(call => call.sort === 'watch'),
      leases: of(call => call.kind === 'Lease').length,
      events: of(call => call.kind === 'Event').length,
    }
  }

  /** Kinds of the watches open now, one entry for each. */
  get watched(): string[] {
    return this.#replica.watched
  }

  snapshot(): Snapshot {
    return this.server.snapshot()
  }

  close(): void {
    this.#replica.kill()
    this.server.close()
  }
}
