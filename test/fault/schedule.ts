import { FAMILIES } from './families.ts'
import { describeFault, type Fault } from './faults.ts'
import { Random } from './random.ts'
import { referenceOf } from './reference.ts'
import { run } from './run.ts'
import { SCENARIOS, scenarioOf } from './scenarios.ts'

/** A schedule is its name, `scenario/family/number`, and nothing else: the name replays it. */
export interface Outcome {
  name: string
  scenario: string
  family: string
  violations: string[]
  faults: string[]
}

/** Scenarios that bring up a whole platform cost as much as five that change one: they come once while the others come so often. */
const TURNS = 5
const SLOTS = Object.keys(FAMILIES).flatMap(family =>
  SCENARIOS.flatMap(({ name, whole }) => {
    const turns = whole ? 1 : TURNS
    return Array.from({ length: turns }, (_, turn) => ({ name, family, turn, turns }))
  }),
)

export const scheduleName = (index: number): string => {
  const { name, family, turn, turns } = SLOTS[index % SLOTS.length]!
  return `${name}/${family}/${Math.floor(index / SLOTS.length) * turns + turn + 1}`
}

/** The first so many names that match, of those after the first `skip`. */
export function namesOf(count: number, only: RegExp, skip = 0): string[] {
  if (!SLOTS.some((_, index) => only.test(scheduleName(index))))
    throw new Error(`no schedule matches ${only}: names are scenario/family/number`)
  const names: string[] = []
  for (let index = skip; names.length < count; index++)
    if (only.test(scheduleName(index))) names.push(scheduleName(index))
  return names
}

const seedOf = (name: string): number => {
  let hash = 2_166_136_261
  for (const char of name) hash = Math.imul(hash ^ char.charCodeAt(0), 16_777_619)
  return hash >>> 0
}

/** Faults that unhandled rejections of a run are: nobody may lose an error. */
const rejections: string[] = []
process.on('unhandledRejection', error => {
  rejections.push(`UnhandledRejection: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
})

export async function runSchedule(name: string, log?: (line: string) => void): Promise<Outcome> {
  const [scenarioName = '', family = ''] = name.split('/')
  const make = FAMILIES[family]
  if (!make) throw new Error(`there is no family ${family}: use one of ${Object.keys(FAMILIES).join(', ')}`)
  const scenario = scenarioOf(scenarioName)
  const reference = await referenceOf(scenarioName)
  const random = new Random(seedOf(name))
  const pauses = scenario.actions.map((_, index) => (index === 0 ? random.int(500, 2_500) : random.int(100, 6_000)))
  const faults = make(random, {
    writes: reference.counters.write,
    reads: reference.counters.read,
    watches: reference.counters.watch,
    span: pauses.reduce((sum, pause) => sum + pause, 0) + 4_000,
    replicas: scenario.replicas,
  })
  rejections.length = 0
  const failed = (violations: string[]): Outcome => ({
    name,
    scenario: scenarioName,
    family,
    violations,
    faults: faults.map(describeFault),
  })
  if (reference.violations.length > 0) return failed(reference.violations.map(each => `without faults: ${each}`))
  const world = seedOf(`${name}/world`)
  const result = await run({
    snapshot: reference.start,
    startedAt: reference.startedAt,
    replicas: scenario.replicas,
    leaderElection: scenario.replicas > 1,
    skewMs: random.int(-3_600_000, 3_600_000),
    seed: world,
    // What comes after the end costs a fifth of a run, and differs least from one to the next.
    steady: world % 2 === 0,
    fresh: world % 4 === 1,
    faults: faults as Fault[],
    actions: scenario.actions.map((action, index) => ({ run: action, afterMs: pauses[index]! })),
    expected: reference.end,
    limits: scenario.anyWay ? undefined : reference.limits,
    ready: scenario.ready,
    keepsData: scenario.keepsData ?? false,
    digests: !scenario.whole,
    ...(log && { log }),
  })
  return failed([...result.violations, ...rejections])
}
