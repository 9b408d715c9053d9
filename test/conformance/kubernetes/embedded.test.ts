/** The embedded API server beside the recorded answers of kube-apiserver; `make conformance` runs the two live. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findEngine } from '../../engines/find.ts'
import { differences } from '../compare.ts'
import { prepare } from './fixtures-run.ts'
import { recordings } from './recorded.ts'
import { runTable } from './run.ts'
import { TABLES } from './tables/index.ts'
import { kubectlTable } from './tables/kubectl.ts'
import type { Target } from './target.ts'
import { startEmbedded } from './targets.ts'

const folder = mkdtempSync(join(tmpdir(), 'conformance-'))
const hasKubectl = findEngine('kubectl') !== undefined
if (!hasKubectl) console.log('the table kubectl is not run: no kubectl of this version here (make engines gets it)')
const tables = TABLES.filter(({ name }) => hasKubectl || name !== kubectlTable.name)
let embedded: Target

beforeAll(async () => {
  embedded = await startEmbedded(folder)
  await prepare(embedded)
})

afterAll(async () => {
  await embedded.stop()
  rmSync(folder, { recursive: true, force: true })
})

test.each(tables.map(table => [table.name, table] as const))(
  'the table %s is answered as by kube-apiserver',
  async (_, table) => {
    const found = differences(table, await runTable(embedded, table), recordings.read(table.name))
    expect(found.map(({ row, text }) => `${row}: ${text}`)).toEqual([])
  },
  300_000,
)
