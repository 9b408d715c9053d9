/** `make bench-up`: time to Ready, memory at rest, and the way from a POST to the listener's frame. Raw data in `.bench/`. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { EventStream } from '../support/event-stream.ts'
import { Laptop, root } from '../support/laptop.ts'

const REPEATS = Number(process.env['REPEATS'] ?? 3)
const POSTS = Number(process.env['POSTS'] ?? 200)

const say = (text: string): void => void process.stderr.write(`${text}\n`)

/** The q-quantile of a sample, by nearest rank. */
const quantile = (sample: number[], q: number): number =>
  [...sample].sort((a, b) => a - b)[Math.min(sample.length - 1, Math.floor(q * sample.length))] ?? Number.NaN

interface Memory {
  command: string
  rssMegabytes: number
  /** Shared pages divided among those who share them: what really adds up. */
  pssMegabytes: number
}

/** Every process below `tep up`, by its parent chain. */
function memoryOf(rootPid: number): Memory[] {
  const field = (text: string, name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0) / 1_024
  const parents = new Map<number, number>()
  for (const name of readdirSync('/proc').filter(each => /^\d+$/.test(each))) {
    try {
      parents.set(Number(name), Number(readFileSync(`/proc/${name}/stat`, 'utf8').split(') ').at(-1)!.split(' ')[1]))
    } catch {
      // It ended between the listing and the look.
    }
  }
  const below = (pid: number): boolean => {
    for (let at: number | undefined = pid; at; at = parents.get(at)) if (at === rootPid) return true
    return false
  }
  return [...parents.keys()].filter(below).map(pid => ({
    command: readFileSync(`/proc/${pid}/cmdline`, 'utf8')
      .split('\0')
      .filter(part => !part.startsWith('--'))
      .slice(0, 3)
      .map(part => part.split('/').at(-1))
      .join(' '),
    rssMegabytes: field(readFileSync(`/proc/${pid}/status`, 'utf8'), 'VmRSS'),
    pssMegabytes: field(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'), 'Pss'),
  }))
}

async function latencies(laptop: Laptop): Promise<number[]> {
  const stream = await EventStream.open(laptop.ready.realtime, laptop.token('demo'))
  const arrivedAt = (id: string): number | undefined =>
    stream.received.find(event => event.data?.data?.task_id === id)?.at
  const sample: number[] = []
  for (let number = 0; number < POSTS; number++) {
    const sentAt = performance.now()
    const { body } = await laptop.call('demo', 'POST', '/api/v1/tasks', { title: `Bench ${number}` })
    for (let waited = 0; arrivedAt(body.id) === undefined && waited < 400; waited++) {
      await new Promise(resolve => setTimeout(resolve, 5))
    }
    sample.push((arrivedAt(body.id) ?? Number.POSITIVE_INFINITY) - sentAt)
  }
  stream.close()
  return sample
}

const runs: { coldMs: number; buildMs: number; warmMs: number; memory: Memory[]; latencies: number[] }[] = []
for (let repeat = 1; repeat <= REPEATS; repeat++) {
  say(`run ${repeat} of ${REPEATS}: build, cold start, ${POSTS} posts, warm start …`)
  const began = performance.now()
  const built = spawnSync(process.execPath, ['src/bundle.ts'], { cwd: root, stdio: 'inherit' })
  if (built.status !== 0) process.exit(built.status ?? 1)
  const buildMs = performance.now() - began
  const laptop = await Laptop.create()
  await laptop.up()
  const coldMs = performance.now() - began
  // Listeners are told to fetch once more when the live service is warm; measure after that.
  await new Promise(resolve => setTimeout(resolve, 6_000))
  const memory = memoryOf(laptop.pid)
  const sample = await latencies(laptop)
  await laptop.stop()
  const again = performance.now()
  await laptop.up()
  runs.push({ coldMs, buildMs, warmMs: performance.now() - again, memory, latencies: sample })
  await laptop.dispose()
}

const median = (pick: (run: (typeof runs)[number]) => number): number => quantile(runs.map(pick), 0.5)
const total = (memory: Memory[], key: 'rssMegabytes' | 'pssMegabytes'): number =>
  memory.reduce((sum, each) => sum + each[key], 0)
const all = runs.flatMap(run => run.latencies)
const row = (what: string, value: string, goal: string): void =>
  console.log(`${what.padEnd(52)} ${value.padStart(10)}   ${goal}`)
row('what (median of runs)', 'measured', 'goal')
row('packages installed → Ready, cold (build included)', `${(median(run => run.coldMs) / 1_000).toFixed(1)} s`, '15 s')
row('  of it the build', `${(median(run => run.buildMs) / 1_000).toFixed(1)} s`, '')
row('start → Ready, warm', `${(median(run => run.warmMs) / 1_000).toFixed(1)} s`, '6 s')
row(
  'resident memory of everything (RSS)',
  `${median(run => total(run.memory, 'rssMegabytes')).toFixed(0)} MB`,
  '1200 MB',
)
row('  shared pages counted once (PSS)', `${median(run => total(run.memory, 'pssMegabytes')).toFixed(0)} MB`, '')
row(
  'controller (RSS)',
  `${median(run => run.memory.find(each => each.command.includes('controller'))?.rssMegabytes ?? 0).toFixed(0)} MB`,
  '90 MB',
)
row(`POST → SSE frame, p50 of ${all.length}`, `${quantile(all, 0.5).toFixed(1)} ms`, '25 ms')
row('POST → SSE frame, p99', `${quantile(all, 0.99).toFixed(1)} ms`, '')
mkdirSync(join(root, '.bench'), { recursive: true })
const file = join(root, '.bench', `up-${new Date().toISOString().replaceAll(':', '')}.json`)
writeFileSync(file, JSON.stringify(runs, null, 1))
console.log(`raw data: ${file}`)
process.exit(0)
