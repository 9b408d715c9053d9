import { createMetrics } from '../../controller/metrics.ts'
import { type Controller, startController } from '../../controller/start.ts'
import type { Fault } from './faults.ts'
import { Network, type NetworkObserver, type NetworkOptions } from './network.ts'
import type { Random } from './random.ts'
import type { SimServer } from './server.ts'
import { type Cancel, type Lane, newLane, type Simulation } from './simulation.ts'

export interface ReplicaOptions {
  index: number
  simulation: Simulation
  server: SimServer
  random: Random
  faults: readonly Fault[]
  counters: NetworkOptions['counters']
  observer: NetworkObserver
  leaderElection: boolean
  /** Whether it looks if the served CRD is as old as itself, as the built one does. Defaults to false. */
  checkCrd?: boolean
  /** How far its wall clock is off now, in milliseconds. */
  skewMs(): number
  /** The release it is when it starts. */
  version(): string
  /** Where it runs itself. Defaults to `todo-system`. */
  namespace?: string
  /** Namespaces it serves; none: all. */
  namespaces?: string[]
  born(): void
  log(line: string): void
}

const metrics = createMetrics()
/** Between the end of a process by its own will and its next start. */
const RESTART_MS = 1_000

/** One process of the controller: it can be killed and started again, paused and resumed. */
export class Replica {
  readonly name: string
  readonly #options: ReplicaOptions
  #lane: Lane
  #network: Network | undefined
  #controller: Controller | undefined
  #cancelStart: Cancel = () => {}

  constructor(options: ReplicaOptions) {
    this.#options = options
    this.name = `replica-${options.index}`
    this.#lane = newLane(this.name)
  }

  get identity(): string | undefined {
    return this.#options.leaderElection ? this.#controller?.lease.identity : undefined
  }

  get watched(): string[] {
    return this.#network?.watched ?? []
  }

  /** What its port answers the console of a platform. */
  get view(): Controller['view'] {
    return (path, authorization) => this.#controller?.view(path, authorization)
  }

  get ready(): boolean {
    return this.#controller?.ready() ?? false
  }

  start(): void {
    const {
      index,
      simulation,
      server,
      random,
      faults,
      counters,
      observer,
      leaderElection,
      checkCrd = false,
      skewMs,
      version,
      namespace = 'todo-system',
      namespaces = [],
      born,
      log,
    } = this.#options
    const lane = newLane(this.name)
    const own = random.fork()
    this.#lane = lane
    born()
    this.#network = new Network({
      simulation,
      server,
      lane,
      random: own.fork(),
      faults,
      replica: index,
      counters,
      observer,
    })
    const controller = startController({
      transport: this.#network.transport,
      clock: {
        now: () => simulation.now + skewMs(),
        monotonic: () => simulation.elapsed,
        after: (ms, callback) => simulation.after(ms, callback, lane),
        turn: () => Promise.resolve(),
      },
      random: { number: own.next, bytes: size => Buffer.from(Array.from({ length: size }, () => own.int(0, 255))) },
      settings: {
        version: version(),
        servicesImage: 'registry.example.com/todo/services',
        namespaces,
        leaseNamespace: namespace,
        leaderElection,
      },
      metrics,
      checkCrd,
      log: (level, message, fields) => log(`${this.name} ${level} ${message} ${JSON.stringify(fields ?? {})}`),
    })
    this.#controller = controller
    // A process that gives up is started again, as its Deployment would.
    void controller.ended.then(({ error }) => {
      if (lane.dead) return
      log(`${this.name} ended: ${error?.message ?? 'stopped'}`)
      this.kill(RESTART_MS)
    })
  }

  /** SIGKILL; started again after `downMs`, if at all. */
  kill(downMs?: number): void {
    this.#lane.dead = true
    this.#controller?.kill()
    this.#network?.cutAll()
    // An upgrade of a process that is down already ends the wait for it: its pod is replaced, and two of one name never run.
    this.#cancelStart()
    if (downMs !== undefined) this.#cancelStart = this.#options.simulation.after(downMs, () => this.start())
  }

  /** SIGTERM: it ends by itself, and is not started again. */
  async end(): Promise<void> {
    await this.#controller?.stop()
    this.kill()
  }

  /** SIGSTOP for a while: nothing reaches it, its timers fire when it goes on. */
  pause(forMs: number): void {
    const lane = this.#lane
    lane.paused = true
    this.#options.simulation.after(forMs, () => this.#options.simulation.resume(lane))
  }
}
