import { tryAll } from './run.ts'

test('strangers who know every id, title and token of others see and change nothing of theirs, over any interface', async () => {
  const { attempts, leaks, changed, examples } = await tryAll(1_000, 3)
  expect({ leaks, changed, examples }).toEqual({ leaks: 0, changed: [], examples: [] })
  expect(Math.min(...Object.values(attempts))).toBeGreaterThan(20)
}, 240_000)
