import { conditionOf, type KubeObject } from '../../controller/kube/objects.ts'
import { KINDS } from '../../controller/platform/platform.ts'
import { endOf, type Fault } from './faults.ts'
import type { Call } from './network.ts'
import { differences, dump } from './normalise.ts'
import { type Limits, Oracle } from './oracle.ts'
import { Random } from './random.ts'
import { Replica } from './replica.ts'
import { type Action, NAMESPACE, type Operator } from './scenarios.ts'
import { SimServer, type Snapshot } from './server.ts'
import { type Cancel, HotLoop, Simulation } from './simulation.ts'
import { World } from './world.ts'

export interface RunOptions {
  snapshot: Snapshot
  /** Milliseconds since the epoch: later than anything in the snapshot. */
  startedAt: number
  replicas: number
  leaderElection: boolean
  seed: number
  faults: readonly Fault[]
  /** What people do; each follows the one before after its pause, or when all is at rest. */
  actions: readonly { run: Action; afterMs: number | 'rest' }[]
  /** The end of the fault-free run; undefined while that is being made. */
  expected: Map<string, string> | undefined
  limits: Limits | undefined
  /** Platforms that must be Ready in the end. */
  ready: readonly string[]
  /** Whether the data of a deleted platform stays. */
  keepsData: boolean
  /** Whether it is watched for longer than every time-out after it came to rest. */
  steady: boolean
  /** Whether a new process then has to find nothing to do. */
  fresh: boolean
  /** Whether digests over uids and generated secrets can be compared. */
  digests: boolean
  skewMs?: number
  log?(line: string): void
}

export interface RunResult {
  violations: string[]
  end: Map<string, string>
  /** What another scenario may begin from; made for fault-free runs only. */
  snapshot: Snapshot | undefined
  counters: Record<Call['sort'], number>
  creates: Map<string, number>
  generations: Map<string, number>
  /** When the platform came to rest, and when this was known, in simulated milliseconds. */
  restedAt: number
  endedAt: number
  calls: Call[]
}

/** Rest is this long without a commit; a run that is not where it should be gets longer: the longest time-out there is. */
const REST_MS = 5_000
const PATIENCE_MS = 700_000
const STEADY_MS = 70_000
const LONGEST_MS = 3_600_000
const FIRST_RELEASE = '0.1.0'
/** How long a Deployment takes to bring a pod back. */
const RESTART_MS = 2_000

/** One run from a snapshot to rest, with faults, judged by the oracle. Deterministic in its options. */
export async function run(options: RunOptions): Promise<RunResult> {
  const { faults, actions, expected, limits, log = () => {} } = options
  const simulation = new Simulation(options.startedAt)
  const server = new SimServer(() => simulation.now, options.snapshot)
  const random = new Random(options.seed)
  const replicas: Replica[] = []
  const oracle = new Oracle({
    simulation,
    server,
    limits,
    identityOf: name => replicas.find(replica => replica.name === name)?.identity,
  })
  const world = new World(simulation, server, random.fork())
  const counters = { write: 0, read: 0, watch: 0 }
  const died = new Set<Fault>()
  let lateUntil = 0
  const observer = {
    sent: (call: Call) => {
      log(`${simulation.elapsed} ${call.replica} ${call.method} ${call.path}`)
      oracle.sent(call)
    },
    answered: oracle.answered.bind(oracle),
    late: (ms: number) => {
      lateUntil = Math.max(lateUntil, simulation.elapsed + ms)
    },
    streamed: oracle.streamed.bind(oracle),
    dies: (call: Call, moment: 'before' | 'applied' | 'after', write: number): boolean => {
      const fault = faults.find(
        each => each.type === 'crash' && each.write === write && each.when === moment && !died.has(each),
      )
      if (fault?.type !== 'crash') return false
      died.add(fault)
      log(`${simulation.elapsed} ${call.replica} dies ${moment} write ${write}: ${call.method} ${call.path}`)
      replicas.find(replica => replica.name === call.replica)?.kill(fault.downMs)
      return true
    },
  }
  let release = FIRST_RELEASE
  const operator: Operator = {
    upgrade: version => {
      release = version
      for (const replica of replicas) replica.kill(RESTART_MS)
    },
  }
  /** How far the wall clock has been moved by now. */
  const stepped = (own: readonly Fault[]): number =>
    own.reduce((sum, fault) => sum + (fault.type === 'clockStep' && fault.at <= simulation.elapsed ? fault.byMs : 0), 0)
  const newReplica = (index: number, own: readonly Fault[]): Replica => {
    const name = `replica-${index}`
    return new Replica({
      index,
      simulation,
      server,
      random: random.fork(),
      faults: own,
      counters,
      observer,
      leaderElection: options.leaderElection,
      skewMs: () => (index === 1 ? (options.skewMs ?? 0) : 0) + stepped(own),
      version: () => release,
      born: () => oracle.forget(name),
      log: line => log(`${simulation.elapsed} ${line}`),
    })
  }
  for (let index = 0; index < options.replicas; index++) {
    const replica = newReplica(index, faults)
    replicas.push(replica)
    simulation.after(random.int(0, 50), () => replica.start())
  }
  for (const fault of faults)
    if (fault.type === 'pause') simulation.after(fault.at, () => replicas[fault.replica]?.pause(fault.forMs))

  const people = server.client('people')
  const chosen = new Random(options.seed)
  const lastFault = Math.max(0, ...faults.map(endOf))
  let pending = 0
  let done = 0
  let era = 0
  let cancelNext: Cancel = () => {}
  const act = (): void => {
    const action = actions[done]!
    const began = era
    pending++
    action.run(people, operator, chosen).then(
      () => {
        pending--
        if (began !== era) return
        done++
        schedule()
      },
      (error: { code?: number }) => {
        pending--
        if (began !== era) return
        // What people write at the wrong moment (the name is still taken, the child is not there) they try again.
        if (error.code !== 404 && error.code !== 409) oracle.fail('Scenario', String(error))
        cancelNext = simulation.after(1_000, act)
      },
    )
  }
  const schedule = (): void => {
    const next = actions[done]
    if (next && next.afterMs !== 'rest') cancelNext = simulation.after(next.afterMs, act)
  }
  schedule()
  for (const fault of faults) {
    if (fault.type !== 'restore') continue
    simulation.after(fault.at - fault.backMs, () => {
      const backup = { snapshot: server.snapshot(), done, counted: oracle.counted() }
      simulation.after(fault.backMs + fault.forMs, () => {
        log(`${simulation.elapsed} etcd goes back from ${server.store.version} to ${backup.snapshot.version}`)
        server.restore(backup.snapshot)
        oracle.restored(backup.counted)
        world.wakeAll()
        // People see what they did undone, and do it again.
        era++
        done = backup.done
        cancelNext()
        schedule()
      })
    })
  }

  let comparedAt = -1
  let restedAt = 0
  let steadySince: number | undefined
  let writesAtRest = 0
  let problems: string[] = []
  try {
    for (;;) {
      if (!(await simulation.step())) break
      const { elapsed } = simulation
      if (elapsed > LONGEST_MS) {
        oracle.fail('NeverRests', `still writing after ${LONGEST_MS / 60_000} simulated minutes`)
        break
      }
      if (oracle.violations.length > 0 && expected) break
      const quiet = elapsed - Math.max(oracle.lastCommitAt, lastFault, lateUntil)
      if (steadySince !== undefined) {
        if (oracle.writes > writesAtRest) {
          const late = oracle.calls.filter(call => call.sort === 'write' && !call.aside).at(-1)!
          oracle.fail('SpuriousWrite', `${late.method} ${late.path} after everything was at rest`)
          break
        }
        if (elapsed - steadySince >= STEADY_MS) break
        continue
      }
      if (quiet < REST_MS || pending > 0 || !world.idle || elapsed <= lastFault) continue
      const next = actions[done]
      if (next) {
        if (next.afterMs === 'rest' && quiet >= 3 * REST_MS) act()
        continue
      }
      if (comparedAt !== oracle.lastCommitAt) {
        comparedAt = oracle.lastCommitAt
        problems = [
          ...notReady(),
          ...oracle.orphans(options.keepsData),
          ...(expected ? differences(expected, dump(server, options.digests)) : []),
        ]
      }
      if (problems.length > 0) {
        if (quiet < PATIENCE_MS) continue
        oracle.fail('WrongEnd', problems.slice(0, 5).join('; '))
        break
      }
      // Without an end to compare with, rest must last longer than every time-out.
      if (!expected && quiet < STEADY_MS) continue
      restedAt = oracle.lastCommitAt
      if (expected && !options.steady) break
      steadySince = elapsed
      writesAtRest = oracle.writes
    }
    if (oracle.violations.length === 0 && options.fresh) await checkFresh()
  } catch (error) {
    if (!(error instanceof HotLoop)) throw error
    oracle.fail('HotLoop', error.message)
  }
  for (const failure of world.failures) oracle.fail('World', failure)
  const result = {
    violations: oracle.violations,
    end: expected ?? dump(server, options.digests),
    snapshot: expected ? undefined : withoutAsides(server.snapshot()),
    counters,
    creates: oracle.creates,
    generations: oracle.generations,
    restedAt,
    endedAt: simulation.now,
    calls: oracle.calls,
  }
  for (const replica of replicas) replica.kill()
  server.close()
  return result

  function notReady(): string[] {
    return options.ready
      .filter(name => {
        const platform = server.get(KINDS.platform, NAMESPACE, name)?.object as unknown as KubeObject | undefined
        return conditionOf(platform, 'Ready')?.status !== 'True'
      })
      .map(name => `TodoEventPlatform ${name} is not Ready`)
  }

  /** A new process that finds everything in order has nothing to write. */
  async function checkFresh(): Promise<void> {
    for (const replica of replicas) replica.kill()
    const fresh = newReplica(replicas.length, [])
    replicas.push(fresh)
    fresh.start()
    const since = simulation.elapsed
    const before = oracle.writes
    const grace = options.leaderElection ? 40_000 : 3_000
    while (simulation.elapsed - since < grace && oracle.writes === before && (await simulation.step()));
    if (!fresh.ready) oracle.fail('NotReady', 'a fresh controller does not come up')
    if (oracle.writes > before) {
      const first = oracle.calls.filter(call => call.sort === 'write' && !call.aside).at(-1)!
      oracle.fail(
        'SpuriousWrite',
        `a fresh controller writes ${first.method} ${first.path} though nothing is to be done`,
      )
    }
  }
}

const ASIDE = new Set(['coordination.k8s.io/leases', '/events'])
const withoutAsides = (snapshot: Snapshot): Snapshot => ({
  ...snapshot,
  rows: snapshot.rows.filter(
    ({ table, json }) => !ASIDE.has(table) && (JSON.parse(json) as KubeObject).kind !== 'Event',
  ),
})
