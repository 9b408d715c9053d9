/** Dashboards show what there is: each panel asks for metrics that the services or the operator register. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { exposed, metricsIn } from './support/metrics.ts'

interface Panel {
  id: number
  title: string
  description: string
  gridPos: { x: number; y: number; w: number; h: number }
  targets: { expr: string; legendFormat: string }[]
}
interface Dashboard {
  uid: string
  title: string
  panels: Panel[]
  templating: { list: { name: string; query: string }[] }
}

const root = join(import.meta.dirname, '..')
const files = globSync('charts/observability/dashboards/*.json', { cwd: root }).sort()
const read = (file: string): Dashboard => JSON.parse(readFileSync(join(root, file), 'utf8')) as Dashboard

test('there is one for the operator and one for the services, each with a name of its own', () => {
  expect(files.map(file => read(file).uid)).toEqual(['todo-operator', 'todo-services'])
})

test.each(files)('every metric of %s is one that is exposed', async file => {
  const known = await exposed()
  for (const { title, targets } of read(file).panels) {
    expect([title, targets.length]).not.toEqual([title, 0])
    for (const { expr } of targets) {
      const names = metricsIn(expr)
      expect([title, expr, names.length]).not.toEqual([title, expr, 0])
      expect([title, names.filter(name => !known.has(name))]).toEqual([title, []])
    }
  }
})

test.each(files)('panels of %s are about one namespace, are explained, and do not overlap', file => {
  const { panels, templating } = read(file)
  const variables = templating.list.map(({ name }) => name)
  for (const { title, description, targets } of panels) {
    expect([title, description.length > 10]).toEqual([title, true])
    for (const { expr } of targets) {
      expect([title, expr.match(/\{/g)!.length]).toEqual([title, expr.match(/\{namespace="\$namespace"/g)!.length])
      for (const [, used] of expr.matchAll(/\$(?!__)(\w+)/g)) expect(variables).toContain(used)
    }
  }
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length)
  const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
    Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)},${y + Math.floor(cell / w)}`),
  )
  expect(new Set(cells).size).toBe(cells.length)
})

test.each(files)('runbooks that %s names exist', file => {
  const named = [...readFileSync(join(root, file), 'utf8').matchAll(/Runbook (\w+)/g)].map(([, name]) => name)
  expect(named.length).toBeGreaterThan(1)
  for (const name of named) expect(() => readFileSync(join(root, `docs/runbooks/${name}.md`))).not.toThrow()
})
