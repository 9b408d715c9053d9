import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Laptop, until } from '../support/laptop.ts'
import { types, viewOf } from '../support/place.ts'

/** `tep up --faults`: the platform on a broker that repeats, reorders and forgets. */
let laptop: Laptop

beforeAll(async () => {
  laptop = await Laptop.create()
  await laptop.up('--faults', 'duplicates=0.5,reorder=0.3,lost-replies=0.2')
})
afterAll(() => laptop.dispose())

test('every change has its effects once, though what was injected is in the logs of the sidecars', async () => {
  const { addTask, auditOf } = viewOf(() => laptop)
  const tasks = await Promise.all(Array.from({ length: 20 }, (_, n) => addTask({ title: `task ${n}` })))
  for (const { id } of tasks) await laptop.call('demo', 'POST', `/api/v1/tasks/${id}/complete`)
  for (const { id } of tasks) await until('both events in the audit', async () => (await auditOf(id)).length >= 2)
  // What is repeated comes after what it repeats: only now a second effect would show.
  for (const { id } of tasks) expect(types(await auditOf(id)).sort()).toEqual(['task.completed', 'task.created'])
  const logs = globSync(join(laptop.folder, 'pods/*/logs/daprd.log')).map(file => readFileSync(file, 'utf8'))
  expect(logs.join('')).toMatch(/injected: once more .*offset \d+/)
})
