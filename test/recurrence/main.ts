import { spawn } from 'node:child_process'
import { parseArgs } from 'node:util'
import { type Checked, check } from './check.ts'

/**
 * `node test/recurrence/main.ts [--cases 100000] [--seed 1]`: generated series against independent oracles, and the same
 * in four host zones. One block of cases is one child process; ends with 1 when anything differs.
 */
const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '1' },
    block: { type: 'boolean', default: false },
    oracles: { type: 'boolean', default: false },
  },
})
const [cases, seed] = [Number(values.cases), Number(values.seed)]
/** The first one runs beside the oracles. */
const HOST_ZONES = ['UTC', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu']
const BLOCK = 2_000

if (values.block) process.stdout.write(JSON.stringify(check(cases, seed, values.oracles)))
else process.exitCode = await main()

async function main(): Promise<number> {
  const failures: Checked['failures'] = []
  let done = 0
  let dateutil: Checked['dateutil'] = 0
  let zones = 0
  for (let block = 0; done < cases; block++) {
    const count = Math.min(BLOCK, cases - done)
    const [first, ...others] = await inTwos(HOST_ZONES, (zone, i) =>
      run(zone, count, seed * 1_000_003 + block, i === 0),
    )
    failures.push(...first!.failures)
    zones += others.filter(({ digest }) => digest !== first!.digest).length
    dateutil = typeof first!.dateutil === 'number' ? Number(dateutil) + first!.dateutil : first!.dateutil
    done += count
    process.stderr.write(`${done} of ${cases}: ${failures.length} differ, ${zones} blocks differ by host zone\n`)
  }
  for (const failure of failures.slice(0, 10)) console.log(JSON.stringify(failure))
  console.log(
    JSON.stringify({
      cases: done,
      differ: failures.length,
      differByHostZone: zones,
      hostZones: HOST_ZONES,
      dateutil,
      seed,
    }),
  )
  return failures.length || zones ? 1 : 0
}

async function inTwos<T, R>(items: readonly T[], work: (item: T, index: number) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  for (let i = 0; i < items.length; i += 2)
    results.push(...(await Promise.all(items.slice(i, i + 2).map((item, j) => work(item, i + j)))))
  return results
}

function run(zone: string, count: number, blockSeed: number, oracles: boolean): Promise<Checked> {
  const args = ['--block', '--cases', String(count), '--seed', String(blockSeed), ...(oracles ? ['--oracles'] : [])]
  const child = spawn(process.execPath, ['--no-warnings', import.meta.filename, ...args], {
    env: { ...process.env, TZ: zone },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.on('data', chunk => {
    output += chunk
  })
  return new Promise((resolve, reject) =>
    child.on('close', code =>
      code === 0 ? resolve(JSON.parse(output) as Checked) : reject(new Error(`a block in ${zone} ended with ${code}`)),
    ),
  )
}
