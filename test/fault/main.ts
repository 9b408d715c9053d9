import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { Deal } from './deal.ts'
import { namesOf, type Outcome, runSchedule } from './schedule.ts'

/**
 * `node test/fault/main.ts [--schedules 10000] [--skip 0] [--workers 2]` runs that many schedules and ends with 1 if one failed.
 * `SEED=scenario/family/number node test/fault/main.ts` replays one and prints everything that happens in it.
 */
const { values } = parseArgs({
  options: {
    schedules: { type: 'string', default: '10000' },
    /** Schedules to begin after: others than those of every run. */
    skip: { type: 'string', default: '0' },
    workers: { type: 'string', default: '2' },
    json: { type: 'boolean', default: false },
    /** Only schedules whose name matches. */
    only: { type: 'string', default: '' },
    /** Ends after so many failures. */
    'stop-at': { type: 'string', default: '1000000' },
  },
})

const seed = process.env['SEED']
process.exitCode = seed ? await replay(seed) : await runAll(Number(values.schedules), Number(values.workers))

async function replay(name: string): Promise<number> {
  const outcome = await runSchedule(name, line => console.log(line))
  console.log(`\n${name}: ${outcome.faults.join(', ') || 'no faults'}`)
  for (const violation of outcome.violations) console.log(`  ${violation}`)
  console.log(outcome.violations.length === 0 ? 'passed' : 'FAILED')
  return outcome.violations.length === 0 ? 0 : 1
}

async function runAll(schedules: number, workers: number): Promise<number> {
  const startedAt = performance.now()
  const cells = new Map<string, { runs: number; failed: number }>()
  const failures: Outcome[] = []
  let done = 0
  let saidAt = startedAt
  const seconds = (): string => ((performance.now() - startedAt) / 1_000).toFixed(1)
  const take = (outcome: Outcome): void => {
    done++
    const failed = outcome.violations.length > 0
    for (const key of [outcome.scenario, outcome.family]) {
      const cell = cells.get(key) ?? { runs: 0, failed: 0 }
      cells.set(key, { runs: cell.runs + 1, failed: cell.failed + (failed ? 1 : 0) })
    }
    if (failed) {
      failures.push(outcome)
      if (failures.length <= 10 && !values.json) print(outcome)
    }
    if (performance.now() - saidAt > 5_000 && !values.json) {
      saidAt = performance.now()
      console.log(`${done}/${schedules} schedules, ${failures.length} failed, ${seconds()} s`)
    }
  }
  const deal = new Deal(namesOf(schedules, new RegExp(values.only), Number(values.skip)))
  const enough = (): boolean => failures.length >= Number(values['stop-at'])
  const threads = Array.from({ length: workers }, (_, index) => {
    const worker = new Worker(new URL('./worker.ts', import.meta.url), {
      // What a run makes outlives a small young generation: most of it would be copied before it dies.
      resourceLimits: { maxYoungGenerationSizeMb: 64 },
    })
    return over(worker, take, () => (enough() ? undefined : deal.next(index)))
  })
  await Promise.all(threads)
  if (values.json) console.log(JSON.stringify({ done, failures }))
  else summarise(cells, done, failures, seconds())
  return failures.length === 0 ? 0 : 1
}

/** Gives a worker one schedule after another until there is none for it. */
function over(worker: Worker, take: (outcome: Outcome) => void, next: () => string | undefined): Promise<void> {
  const go = (): void => {
    const name = next()
    if (name === undefined) void worker.terminate()
    else worker.postMessage(name)
  }
  return new Promise((resolve, reject) => {
    worker.on('message', (outcome: Outcome) => {
      take(outcome)
      go()
    })
    worker.on('error', reject)
    worker.on('exit', () => resolve())
    go()
  })
}

function print({ name, faults, violations }: Outcome): void {
  console.log(`FAILED  SEED=${name} node test/fault/main.ts`)
  console.log(`        ${faults.join(', ') || 'no faults'}`)
  for (const violation of violations.slice(0, 3)) console.log(`        ${violation.slice(0, 400)}`)
}

function summarise(
  cells: Map<string, { runs: number; failed: number }>,
  done: number,
  failures: Outcome[],
  seconds: string,
): void {
  console.log(`\n${'scenario or fault'.padEnd(28)}${'runs'.padStart(7)}${'failed'.padStart(8)}`)
  for (const [name, { runs, failed }] of cells)
    console.log(`${name.padEnd(28)}${String(runs).padStart(7)}${String(failed).padStart(8)}`)
  const codes = new Map<string, number>()
  for (const { violations } of failures) {
    const code = violations[0]!.replace(/^without faults: /, '').split(':')[0]!
    codes.set(code, (codes.get(code) ?? 0) + 1)
  }
  for (const [code, count] of codes) console.log(`${count} × ${code}`)
  console.log(`\n${done} schedules, ${failures.length} failed, ${seconds} s`)
}
