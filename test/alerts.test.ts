/** Alerts say something that can be acted on: each has its runbook, and speaks of metrics that exist. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { load } from 'js-yaml'
import { effectiveSpec } from '../controller/platform/effective.ts'
import type { Alert } from '../controller/platform/render/alerts.ts'
import type { RecordingRule } from '../controller/platform/render/baseline.ts'
import { render } from '../controller/platform/render/index.ts'
import type { PlatformSpec } from '../src/contracts/generated/platform.ts'
import { exposed, metricsIn } from './support/metrics.ts'
import { platformOf, SETTINGS, settledFacts } from './support/platforms.ts'

const root = join(import.meta.dirname, '..')
const { spec } = load(readFileSync(join(root, 'examples/everything.yaml'), 'utf8')) as { spec: PlatformSpec }

type AnyRule = Alert & RecordingRule

const rulesOf = (wanted: Partial<PlatformSpec>): AnyRule[] => {
  const platform = platformOf(wanted)
  const effective = effectiveSpec(platform, '0.1.0')
  return render({ platform, effective, facts: settledFacts(), settings: SETTINGS })
    .filter(({ object }) => object.kind === 'PrometheusRule')
    .flatMap(({ object }) => object['spec'].groups.flatMap(({ rules }: { rules: AnyRule[] }) => rules))
}
const alertsOf = (wanted: Partial<PlatformSpec>): Alert[] => rulesOf(wanted).filter(({ alert }) => alert)
const recordsOf = (wanted: Partial<PlatformSpec>): RecordingRule[] => rulesOf(wanted).filter(({ record }) => record)

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
  // A recording rule may build on those before it, and on nothing after.
  const known = await exposed()
  for (const { record, expr } of recordsOf(spec)) {
    expect([record, metricsIn(expr).filter(name => !known.has(name))]).toEqual([record, []])
    known.add(record)
  }
  const all = [...alertsOf(spec), ...chartAlerts]
  for (const { alert, expr } of all) {
    const names = metricsIn(expr)
    expect([alert, names.length]).not.toEqual([alert, 0])
    expect([alert, names.filter(name => !known.has(name))]).toEqual([alert, []])
  }
})

test('alerts are about one platform only, and only about services that run', () => {
  const all = rulesOf({ ...spec, services: { backend: { enabled: false } } })
  for (const { namespace } of recordsOf(spec).map(({ labels }) => labels)) expect(namespace).toBe('todo')
  for (const { expr } of all) expect(expr.match(/\{/g)).toHaveLength(expr.match(/\{namespace="todo"/g)!.length)
  expect(all.some(({ expr }) => /outbox|service="backend"/.test(expr))).toBe(false)
  expect(alertsOf({})).toEqual([])
})

test('what is usual is learned from at least four days around the same hour, and the alerts compare with nothing else', () => {
  const records = recordsOf(spec)
  const names = records.map(({ record }) => record)
  const measures = names.filter(name => !/_(usual|spread)$/.test(name))
  expect(measures.length).toBeGreaterThan(1)
  for (const measure of measures) {
    const of = (kind: string): string => records.find(({ record }) => record === `${measure}_${kind}`)!.expr
    for (const expr of [of('usual'), of('spread')]) {
      // Hours in the middle of which this time of day lies, one for each day of a week.
      const minutes = [...expr.matchAll(/\[1h\] offset (\d+)m\)/g)].map(([, offset]) => Number(offset))
      expect([...new Set(minutes)]).toEqual([1, 2, 3, 4, 5, 6, 7].map(day => day * 24 * 60 - 30))
      expect(metricsIn(expr).every(name => name === measure)).toBe(true)
    }
    expect(of('usual')).toMatch(/^avg without \(day\) .* and count without \(day\) .* >= 4$/)
    expect(of('spread')).toMatch(/^stddev without \(day\) /)
  }
  const unusual = alertsOf(spec).filter(({ alert }) => alert.endsWith('Unusual'))
  expect([...new Set(unusual.flatMap(({ expr }) => metricsIn(expr)))].sort()).toEqual([...names].sort())
  for (const { labels } of unusual) expect(labels.severity).toBe('warning')
})
