/** Alerts say something that can be acted on: each has its runbook, and speaks of metrics that exist. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { load } from 'js-yaml'
import { effectiveSpec } from '../controller/platform/effective.ts'
import type { Alert } from '../controller/platform/render/alerts.ts'
import { render } from '../controller/platform/render/index.ts'
import type { PlatformSpec } from '../src/contracts/generated/platform.ts'
import { exposed, metricsIn } from './support/metrics.ts'
import { platformOf, SETTINGS, settledFacts } from './support/platforms.ts'

const root = join(import.meta.dirname, '..')
const { spec } = load(readFileSync(join(root, 'examples/everything.yaml'), 'utf8')) as { spec: PlatformSpec }

const alertsOf = (wanted: Partial<PlatformSpec>): Alert[] => {
  const platform = platformOf(wanted)
  const effective = effectiveSpec(platform, '0.1.0')
  return render({ platform, effective, facts: settledFacts(), settings: SETTINGS })
    .filter(({ object }) => object.kind === 'PrometheusRule')
    .flatMap(({ object }) => object['spec'].groups.flatMap(({ rules }: { rules: Alert[] }) => rules))
}

/** The chart's alerts, as far as they can be read without Helm. */
const chart = readFileSync(join(root, 'charts/observability/templates/rules.yaml'), 'utf8')
const chartAlerts = [...chart.matchAll(/- alert: (\w+)\n\s+expr: (.*)/g)].map(([, alert, expr]) => ({
  alert: alert!,
  expr: expr!,
}))

test('every alert has its runbook, with something to look at and something to do, and no runbook is left over', () => {
  const names = [...alertsOf(spec), ...chartAlerts].map(({ alert }) => alert)
  expect(new Set(names).size).toBeGreaterThan(12)
  const pages = readdirSync(join(root, 'docs/runbooks')).map(file => file.replace(/\.md$/, ''))
  expect(pages.sort()).toEqual([...new Set(names)].sort())
  for (const page of pages) {
    const text = readFileSync(join(root, `docs/runbooks/${page}.md`), 'utf8')
    expect(text).toMatch(new RegExp(`^# ${page}\\n[^]+\\n## Look\\n[^]+\\n## Do\\n[^]+- `))
  }
  for (const { alert, annotations, labels } of alertsOf(spec)) {
    expect(annotations).toMatchObject({ summary: expect.any(String), runbook: `docs/runbooks/${alert}.md` })
    expect(['critical', 'warning']).toContain(labels.severity)
  }
})

test('an alert is critical where people notice, and a warning where they may soon', () => {
  const critical = alertsOf(spec).flatMap(({ alert, labels }) => (labels.severity === 'critical' ? [alert] : []))
  expect([...new Set(critical)].sort()).toEqual([
    'TodoEventsLate',
    'TodoOutboxRelayLeaderless',
    'TodoOutboxStuck',
    'TodoRequestsFail',
    'TodoServiceDown',
  ])
})

test('every metric of an expression is one that the services or the operator expose', async () => {
  const known = await exposed()
  const all = [...alertsOf(spec), ...chartAlerts]
  for (const { alert, expr } of all) {
    const names = metricsIn(expr)
    expect([alert, names.length]).not.toEqual([alert, 0])
    expect([alert, names.filter(name => !known.has(name))]).toEqual([alert, []])
  }
})

test('alerts are about one platform only, and only about services that run', () => {
  const all = alertsOf({ ...spec, services: { backend: { enabled: false } } })
  for (const { expr } of all) expect(expr.match(/\{/g)).toHaveLength(expr.match(/\{namespace="todo"/g)!.length)
  expect(all.some(({ expr }) => /outbox|service="backend"/.test(expr))).toBe(false)
  expect(alertsOf({})).toEqual([])
})
