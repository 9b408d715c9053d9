/** The embedded sidecar beside the recorded answers of daprd; `make conformance` runs the two live. */
import { differences } from '../compare.ts'
import { readExceptions, unexpected } from './exceptions.ts'
import { recordings } from './recorded.ts'
import { idsOf, runTable } from './run.ts'
import { type Stage, startEmbeddedStage } from './stage.ts'
import { TABLES } from './tables/index.ts'

const ids = idsOf(TABLES)
const exceptions = readExceptions()
let stage: Stage

beforeAll(async () => {
  stage = await startEmbeddedStage([...ids].map(([row, id]) => [id, row] as const))
}, 60_000)

afterAll(() => stage.stop())

test.each(TABLES.map(table => [table.name, table] as const))(
  'the table %s: only the noted rows differ from daprd',
  async (_, table) => {
    const found = differences(table, await runTable(stage, table, ids), recordings.read(table.name))
    const lines = unexpected(
      table.name,
      found.map(({ row }) => row),
      exceptions,
    )
    const texts = found.filter(({ row }) => lines.some(line => line.startsWith(`${row}: `)))
    expect([...lines, ...texts.map(({ row, text }) => `${row}: ${text}`)]).toEqual([])
  },
  120_000,
)

test('each exception is of a row that there is, and has a reason', () => {
  for (const [name, rows] of Object.entries(exceptions))
    for (const [row, reason] of Object.entries(rows)) {
      expect(TABLES.find(table => table.name === name)?.rows.map(each => each.name)).toContain(row)
      expect(reason.length).toBeGreaterThan(20)
    }
})

test('rows have names of their own: their topics and keys are called by them', () => {
  expect(new Set(ids.values()).size).toBe(ids.size)
})
