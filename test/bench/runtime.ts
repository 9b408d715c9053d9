/**
 * `make bench-runtime`: what the controller costs with PLATFORMS platforms (1,000 unless told) of more than 20 children each.
 * Counts come from simulated time and are asserted; times and memory come from the built controller as a process of its
 * own, and are printed. Raw data in `.bench/`.
 */
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Fleet, type Traffic } from '../fault/fleet.ts'
import type { Snapshot } from '../fault/server.ts'
import { root } from '../support/laptop.ts'
import { pause, residentMegabytes, Server, startController, stopController } from './runtime-processes.ts'

const PLATFORMS = Number(process.env['PLATFORMS'] ?? 1_000)
const HOURS = Number(process.env['HOURS'] ?? 24)
const REPEATS = Number(process.env['REPEATS'] ?? 5)
const DRIFTS = Number(process.env['DRIFTS'] ?? 200)

const say = (text: string): void => void process.stderr.write(`${text}\n`)
const quantile = (sample: number[], q: number): number =>
  [...sample].sort((a, b) => a - b)[Math.min(sample.length - 1, Math.floor(q * sample.length))] ?? Number.NaN

const broken: string[] = []
const row = (what: string, value: string, goal: string, holds = true): void => {
  console.log(`${holds ? ' ' : '!'} ${what.padEnd(64)} ${value.padStart(12)}   ${goal}`)
  if (!holds) broken.push(`${what}: ${value}, wanted ${goal}`)
}
const lengths = ({ writes, statusWrites, lists, gets, watches, leases, events }: Traffic): object => ({
  writes: writes.length,
  statusWrites: statusWrites.length,
  lists: lists.length,
  gets: gets.length,
  watches: watches.length,
  leases,
  events,
})

const raw: Record<string, unknown> = { platforms: PLATFORMS, hours: HOURS }
const folder = mkdtempSync(join(tmpdir(), 'bench-runtime-'))
const empty = join(folder, 'empty.json')
const full = join(folder, 'full.json')
try {
  console.log(`  ${'what'.padEnd(64)} ${'measured'.padStart(12)}   goal`)
  await counted()
  await timed()
} finally {
  rmSync(folder, { recursive: true, force: true })
}
mkdirSync(join(root, '.bench'), { recursive: true })
const file = join(root, '.bench', `runtime-${new Date().toISOString().replaceAll(':', '')}.json`)
writeFileSync(file, JSON.stringify(raw, null, 1))
console.log(`raw data: ${file}`)
for (const each of broken) console.error(`does not hold: ${each}`)
process.exit(broken.length > 0 ? 1 : 0)

/** In simulated time: coming up, and many hours of nothing. Leaves snapshots for what is timed. */
async function counted(): Promise<void> {
  const fleet = await Fleet.open()
  const save = (path: string, snapshot: Snapshot): void => writeFileSync(path, JSON.stringify(snapshot))
  save(empty, fleet.snapshot())
  fleet.take()
  await fleet.add(0)
  await fleet.rest()
  const one = fleet.take()
  const children = new Set(
    one.writes.filter(({ path }) => !path.includes('todoeventplatforms')).map(({ path }) => path),
  )
  const requests = one.writes.length + one.gets.length + one.lists.length
  row(
    `requests to bring up one platform of M = ${children.size} children`,
    String(requests),
    `M + 3`,
    requests <= children.size + 3,
  )
  raw['one'] = lengths(one)
  for (let number = 1; number < PLATFORMS; number++) {
    await fleet.add(number)
    if (number % 100 === 0) {
      await fleet.rest(1_000)
      say(`${number} of ${PLATFORMS} platforms are up …`)
    }
  }
  await fleet.rest()
  raw['all'] = lengths(fleet.take())
  save(full, fleet.snapshot())
  say(`${HOURS} simulated hours …`)
  await fleet.pass(HOURS * 3_600_000, hour => say(`hour ${hour} of ${HOURS} …`))
  const calm = fleet.take()
  raw['calm'] = lengths(calm)
  const writes = calm.writes.length + calm.statusWrites.length + calm.events
  row(`writes besides the Lease in ${HOURS} h of ${PLATFORMS} platforms`, String(writes), '0', writes === 0)
  const lists = calm.lists.length + calm.gets.length
  row('  lists and reads', String(lists), '0', lists === 0)
  const kinds = new Set(fleet.watched).size
  row('  watches open at once', `${fleet.watched.length}`, `${kinds}, one per kind`, fleet.watched.length === kinds)
  fleet.close()
}

async function timed(): Promise<void> {
  const port = 20_000 + (process.pid % 20_000)
  for (const [snapshot, what, goal] of [
    [empty, 'ready after exec, no platform', '400 ms'],
    [full, `ready after exec, ${PLATFORMS} platforms`, '1000 ms'],
  ] as const) {
    const server = await Server.start(snapshot)
    const sample: number[] = []
    for (let repeat = 0; repeat < REPEATS; repeat++) {
      const { child, readyMs } = await startController(server.config, port)
      sample.push(readyMs)
      await stopController(child)
    }
    raw[what] = sample
    row(`${what} (median of ${REPEATS})`, `${quantile(sample, 0.5).toFixed(0)} ms`, goal)
    if (snapshot === full) await inUse(server, port)
    server.stop()
  }
  row('bundle', `${(statSync(join(root, 'dist/controller.mjs')).size / 1e6).toFixed(2)} MB`, '3 MB')
}

/** One controller over a full server: it must write nothing when it starts, and little when something happens. */
async function inUse(server: Server, port: number): Promise<void> {
  await server.ask('counts')
  const { child } = await startController(server.config, port)
  say('the controller looks at everything once …')
  await pause(10_000)
  const first = await server.ask('counts')
  raw['start'] = first
  const written = first.writes.length + first.statusWrites
  row('writes of a start over settled platforms', String(written), '0', written === 0)
  const memory: number[] = [residentMegabytes(child.pid!)]
  await server.ask('label', 'team-1')
  await pause(1_500)
  const noOp = await server.ask('counts')
  const forNothing = noOp.writes.length + noOp.statusWrites + noOp.lists.length
  row('requests after an event that changes nothing of ours', String(forNothing), '0', forNothing === 0)
  await server.ask('scale', 'team-2')
  await pause(1_500)
  const scaled = await server.ask('counts')
  row(
    'writes after a change of one child (beside status, Events)',
    String(scaled.writes.length),
    '1',
    scaled.writes.length === 1,
  )
  raw['noOp'] = noOp
  raw['scaled'] = scaled
  const drifts: number[] = []
  for (let number = 0; number < DRIFTS; number++) {
    drifts.push(await server.ask('drift', `team-${(number * 7) % PLATFORMS}`))
    await pause(20)
  }
  memory.push(residentMegabytes(child.pid!))
  // V8 gives pages back once nothing has happened for a while.
  await pause(30_000)
  memory.push(residentMegabytes(child.pid!))
  raw['drifts'] = drifts
  raw['memory'] = memory
  row(`drift of a child repaired, p50 of ${DRIFTS}`, `${quantile(drifts, 0.5).toFixed(1)} ms`, '')
  row(`drift of a child repaired, p99 of ${DRIFTS}`, `${quantile(drifts, 0.99).toFixed(1)} ms`, '150 ms')
  row('resident memory after its first look', `${memory[0]!.toFixed(0)} MB`, '120 MB')
  row('resident memory after the drifts', `${memory[1]!.toFixed(0)} MB`, '120 MB')
  row('resident memory half a minute later', `${memory[2]!.toFixed(0)} MB`, '120 MB')
  await stopController(child)
}
