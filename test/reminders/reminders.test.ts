import { ringAll } from './run.ts'

test('reminders behind a scheduler and a log that repeat, reorder and lose answers, with the service killed: none early, twice, missed', async () => {
  const result = await ringAll({ reminders: 300, kills: 2, rate: 60, seed: 5, drainMs: 90_000 })
  expect(result).toMatchObject({ kills: 2, early: 0, twice: 0, missed: 0, cancelledRung: 0, examples: [] })
  expect(result.rung).toBeGreaterThan(250)
}, 240_000)
