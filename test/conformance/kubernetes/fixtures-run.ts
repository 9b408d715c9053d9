import { fixtures } from './fixtures.ts'
import { runTable } from './run.ts'
import type { Target } from './target.ts'

/** Installs what all tables write about. */
export async function prepare(target: Target): Promise<void> {
  await runTable(target, { name: 'fixtures', setup: fixtures, rows: [] })
}
