import { publishBacklog } from './run.ts'

test('a backlog leaves in order of each person while people write, and nothing of it is missing', async () => {
  const result = await publishBacklog(20_000)
  expect(result).toMatchObject({ rows: 20_000, missing: 0, reordered: 0 })
}, 240_000)
