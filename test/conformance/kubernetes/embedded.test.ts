/** The embedded API server beside the recorded answers of kube-apiserver; `make conformance` runs the two live. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findEngine } from '../../engines/find.ts'
import { expectGolden } from '../../support/golden.ts'
import { differences } from '../compare.ts'
import {
  EXCEPTIONS_FILE,
  type Exceptions,
  exceptionsIn,
  kindOf,
  readExceptions,
  summary,
  unexpected,
} from './exceptions.ts'
import { prepare } from './fixtures-run.ts'
import { recordings } from './recorded.ts'
import { runTable } from './run.ts'
import { TABLES } from './tables/index.ts'
import { kubectlTable } from './tables/kubectl.ts'
import type { Target } from './target.ts'
import { startEmbedded } from './targets.ts'

const folder = mkdtempSync(join(tmpdir(), 'conformance-'))
const noted = readExceptions()
const found: Record<string, Exceptions> = {}
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
  const rows = tables.reduce((sum, table) => sum + table.rows.length, 0)
  const differ = Object.values(found).reduce((sum, each) => sum + Object.keys(each).length, 0)
  const lines = [
    `embedded API server beside ${recordings.engine}: ${rows} rows, ${rows - differ} answered alike`,
    ...summary(Object.values(found)),
  ]
  process.stdout.write(`${lines.join('\n')}\n`)
})

test.each(tables.map(table => [table.name, table] as const))(
  'the table %s: only the noted rows differ from the real server',
  async (_, table) => {
    const ours = await runTable(embedded, table)
    const theirs = recordings.read(table.name)
    found[table.name] = exceptionsIn(ours, theirs)
    if (process.env['UPDATE_GOLDEN'] === '1') return
    const rows = table.rows.map(({ name }) => name)
    const lines = unexpected(found[table.name]!, noted[table.name] ?? {}, rows)
    const texts = differences(table, ours, theirs).filter(({ row }) => lines.some(line => line.startsWith(`${row}: `)))
    expect([...lines, ...(lines.length > 0 ? texts.map(({ row, text }) => `${row}: ${text}`) : [])]).toEqual([])
  },
  300_000,
)

test('the list of exceptions names no row that is not there', () => {
  // What could not be looked at stays as it is noted.
  expectGolden(EXCEPTIONS_FILE, [{ ...noted, ...found }])
})

test('a difference is of its gravest kind', () => {
  const answer = (status: number, body: object) => ({ request: 'GET /', status, headers: {}, body: body as never })
  const ok = answer(200, { a: 1 })
  expect(kindOf([ok], [ok])).toBeUndefined()
  expect(kindOf([ok], [answer(200, { a: 2 })])).toBe('content')
  expect(kindOf([ok], [answer(422, {})])).toBe('lenient')
  expect(kindOf([answer(422, {})], [ok])).toBe('strict')
  expect(kindOf([answer(400, { message: 'a' })], [answer(400, { message: 'b' })])).toBe('wording')
  expect(kindOf([answer(400, { reason: 'a' })], [answer(400, { reason: 'b' })])).toBe('code')
  expect(kindOf([answer(400, { message: 'a' }), ok], [answer(400, { message: 'b' }), answer(422, {})])).toBe('lenient')
})
