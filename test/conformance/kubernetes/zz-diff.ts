import { mkdtempSync } from 'node:fs'
import { places } from '../compare.ts'
import { kindOf } from './exceptions.ts'
import { prepare } from './fixtures-run.ts'
import { recordings } from './recorded.ts'
import { runTable } from './run.ts'
import { TABLES } from './tables/index.ts'
import { startEmbedded } from './targets.ts'
const t = await startEmbedded(mkdtempSync('/tmp/kdiff-'))
await prepare(t)
for (const table of TABLES) {
  if (process.argv[2] && !process.argv[2].split(',').includes(table.name)) continue
  const ours = await runTable(t, table)
  const theirs = recordings.read(table.name)
  for (const { name } of table.rows) {
    const k = kindOf(ours[name]!, theirs[name]!)
    if (!k) continue
    console.log(`## ${table.name} | ${name} | ${k}`)
    for (const p of places(ours[name] as never, theirs[name] as never).slice(0, 6)) {
      const s = (v: unknown) => v === undefined ? 'NOTHING' : JSON.stringify(v).slice(0, 420)
      console.log(`   ${p.path}\n      - ${s(p.ours)}\n      + ${s(p.theirs)}`)
    }
  }
}
await t.stop()
