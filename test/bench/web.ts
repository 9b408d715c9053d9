/**
 * What the web app costs a browser: bytes, and the time until the largest thing on the page is painted, at full speed and
 * with the processor slowed down four times. `make bench-web`
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { browserPath, signedIn, startBrowser } from '../support/browser.ts'
import { Laptop, root } from '../support/laptop.ts'

const REPEATS = 7
const TASKS = 200
const SLOWER = [1, 4] as const
const say = (text: string): void => void process.stderr.write(`${text}\n`)

if (!browserPath) {
  say('skipped: no Chromium here; install one (apt-get install chromium) or set CHROMIUM=<path>')
  process.exit(0)
}

interface Run {
  slower: number
  lcpMs: number
  firstPaintMs: number
}

const folder = join(root, 'dist/web')
const gzipped = (pick: (name: string) => boolean): number =>
  readdirSync(folder)
    .filter(name => name.endsWith('.js') && pick(name))
    .reduce((sum, name) => sum + gzipSync(readFileSync(join(folder, name)), { level: 9 }).length, 0) / 1_000
const lazy = (name: string): boolean => /^(console|oidc)-/.test(name)

say(`starting, and adding ${TASKS} tasks …`)
const laptop = await Laptop.create()
await laptop.up()
const browser = await startBrowser()
const runs: Run[] = []
try {
  const operations = Array.from({ length: 100 }, (_, n) => ({
    op: 'create',
    task: { title: `Task ${n}`, due_at: '2026-01-01', tags: ['bench'] },
  }))
  for (let made = 0; made < TASKS; made += 100) await laptop.call('demo', 'POST', '/api/v1/tasks/batch', { operations })
  for (let repeat = 1; repeat <= REPEATS; repeat++) {
    for (const slower of SLOWER) {
      say(`run ${repeat} of ${REPEATS}, ${slower}× slower …`)
      const { context, page } = await signedIn(browser, laptop.ready.web, laptop.token('demo'), {
        serviceWorkers: 'block',
      })
      const session = await context.newCDPSession(page)
      await session.send('Emulation.setCPUThrottlingRate', { rate: slower })
      await page.reload()
      await page.locator('.task').first().waitFor()
      const measured = await page.evaluate(
        () =>
          new Promise<{ lcpMs: number; firstPaintMs: number }>(resolve =>
            new PerformanceObserver(list =>
              resolve({
                lcpMs: list.getEntries().at(-1)!.startTime,
                firstPaintMs: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0,
              }),
            ).observe({ type: 'largest-contentful-paint', buffered: true }),
          ),
      )
      runs.push({ slower, ...measured })
      await context.close()
    }
  }
} finally {
  await browser.close()
  await laptop.dispose()
}

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!
const row = (what: string, value: string, goal: string): void =>
  console.log(`${what.padEnd(52)} ${value.padStart(10)}   ${goal}`)
row(`what (median of ${REPEATS})`, 'measured', 'goal')
row('JavaScript before the console, gzipped', `${gzipped(name => !lazy(name)).toFixed(1)} kB`, '90 kB')
row('  the console and signing in at an issuer, on demand', `${gzipped(lazy).toFixed(1)} kB`, '')
for (const slower of SLOWER) {
  const of = runs.filter(run => run.slower === slower)
  row(
    `largest paint, ${TASKS} tasks, processor ${slower}× slower`,
    `${median(of.map(run => run.lcpMs)).toFixed(0)} ms`,
    slower === 4 ? '1000 ms' : '',
  )
  row('  first paint', `${median(of.map(run => run.firstPaintMs)).toFixed(0)} ms`, '')
}
mkdirSync(join(root, '.bench'), { recursive: true })
const file = join(root, '.bench', `web-${new Date().toISOString().replaceAll(':', '')}.json`)
writeFileSync(file, JSON.stringify(runs, null, 1))
console.log(`raw data: ${file}`)
