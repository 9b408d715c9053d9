/** The embedded sidecar beside the recorded answers of daprd; `make conformance` runs the two live. */
import { differences } from '../compare.ts'
import { recordings } from './recorded.ts'
import { idsOf, runTable } from './run.ts'
import { type Stage, startEmbeddedStage } from './stage.ts'
import { TABLES } from './tables/index.ts'

const ids = idsOf(TABLES)
let stage: Stage

beforeAll(async () => {
  stage = await startEmbeddedStage([...ids].map(([row, id]) => [id, row] as const))
}, 60_000)

afterAll(() => stage.stop())

test.each(TABLES.map(table => [table.name, table] as const))(
  'the table %s is answered as by daprd',
  async (_, table) => {
    const found = differences(table, await runTable(stage, table, ids), recordings.read(table.name))
    expect(found.map(({ row, text }) => `${row}: ${text}`)).toEqual([])
  },
  120_000,
)

test('rows have names of their own: their topics and keys are called by them', () => {
  expect(new Set(ids.values()).size).toBe(ids.size)
})
