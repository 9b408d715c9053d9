/** Health checks for Argo CD: every case of `health_test.yaml`, and the statuses that the operator really writes. */
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { load } from 'js-yaml'
import { KINDS } from '../../controller/platform/platform.ts'
import { type Readiness, readinessOf } from '../../controller/platform/readiness.ts'
import { findEngine } from '../engines/find.ts'
import { root } from '../support/laptop.ts'
import { type Health, healthOf } from './lua.ts'

const folder = join(root, 'examples/gitops/argocd/resource_customizations')
const checks = globSync('*/*/health.lua', { cwd: folder }).sort()
const lua = findEngine('lua')
if (!lua) console.log('health checks are not run: no Lua here (make engines gets it)')
const withLua = lua ? test : test.skip

interface Case {
  healthStatus: Health
  inputPath: string
}
const read = (file: string): string => readFileSync(join(folder, file), 'utf8')
const casesOf = (check: string): Case[] =>
  (load(read(join(dirname(check), 'health_test.yaml'))) as { tests: Case[] }).tests

test('there is a check for each kind, with cases for all its test data', () => {
  expect(checks.map(dirname)).toEqual([
    'argoproj.io/Application',
    'dapr.io/Component',
    'dapr.io/Configuration',
    'dapr.io/Resiliency',
    'dapr.io/Subscription',
    'kafka.strimzi.io/KafkaNodePool',
    'kafka.strimzi.io/KafkaTopic',
    'todo.events/TodoEventPlatform',
  ])
  for (const check of checks) {
    const data = globSync('testdata/*.yaml', { cwd: join(folder, dirname(check)) }).sort()
    expect([
      check,
      casesOf(check)
        .map(({ inputPath }) => inputPath)
        .sort(),
    ]).toEqual([check, data])
  }
})

withLua.each(checks)('%s says of each case what health_test.yaml says', check => {
  const cases = casesOf(check)
  const script = read(check)
  const said = healthOf(
    lua!,
    cases.map(({ inputPath }) => ({ script, object: load(read(join(dirname(check), inputPath))) })),
  )
  expect(cases.map(({ inputPath }, index) => [inputPath, said[index]])).toEqual(
    cases.map(({ inputPath, healthStatus }) => [inputPath, healthStatus]),
  )
})

const TYPES = [
  'Ready',
  'KafkaReady',
  'TopicsReady',
  'DatabaseReady',
  'MessagingReady',
  'ServicesReady',
  'Suspended',
  'Deleting',
]
const condition = fc.record({
  type: fc.constantFrom(...TYPES),
  status: fc.constantFrom('True', 'False', 'Unknown'),
  reason: fc.constantFrom(
    'Ready',
    'NotReady',
    'SpecRefused',
    'Conflict',
    'WriteFailed',
    'Held',
    'Failing',
    'InProgress',
  ),
  message: fc.string({ maxLength: 12, unit: 'grapheme' }),
})
const platform = fc.record({
  deleted: fc.boolean(),
  seen: fc.boolean(),
  conditions: fc.uniqueArray(condition, { selector: ({ type }) => type }),
})

withLua(
  'a platform is Healthy only when it is Ready for the newest generation, and a refusal is never mere progress',
  () => {
    const all = fc.sample(platform, { numRuns: 500, seed: 1 })
    const script = read('todo.events/TodoEventPlatform/health.lua')
    const said = healthOf(
      lua!,
      all.map(({ deleted, seen, conditions }) => ({
        script,
        object: {
          metadata: { generation: 2, ...(deleted && { deletionTimestamp: '2026-01-01T00:00:00Z' }) },
          status: { observedGeneration: seen ? 2 : 1, conditions },
        },
      })),
    )
    const counts = new Map<string, number>()
    for (const [index, { deleted, seen, conditions }] of all.entries()) {
      const { status } = said[index]!
      counts.set(status, (counts.get(status) ?? 0) + 1)
      const ready = conditions.find(({ type }) => type === 'Ready')
      if (status === 'Healthy') expect([deleted, seen, ready?.status]).toEqual([false, true, 'True'])
      if (!deleted && seen && ready && ready.status !== 'True' && ['SpecRefused', 'Conflict'].includes(ready.reason))
        expect(said[index]).toEqual({ status: 'Degraded', message: ready.message })
    }
    expect([...counts.keys()].sort()).toEqual(['Degraded', 'Healthy', 'Progressing', 'Suspended'])
  },
)

withLua.each(['KafkaTopic', 'KafkaNodePool'])('Argo CD and the operator agree when a %s is ready', kind => {
  const check = `kafka.strimzi.io/${kind}/health.lua`
  const objects = casesOf(check).map(({ inputPath }) => load(read(join(dirname(check), inputPath))) as never)
  const ready = (said: Readiness): boolean => said.ready
  expect(casesOf(check).map(({ healthStatus }) => healthStatus.status === 'Healthy')).toEqual(
    objects.map(object => ready(readinessOf(object))),
  )
})

test('the ConfigMap for Argo CD has each script, for the kinds the operator knows', () => {
  const { data } = load(readFileSync(join(root, 'examples/gitops/argocd/health-checks.yaml'), 'utf8')) as {
    data: Record<string, string>
  }
  for (const check of checks) {
    const [group, kind] = dirname(check).split('/')
    expect(data[`resource.customizations.health.${group}_${kind}`]?.trim()).toBe(read(check).trim())
  }
  for (const { apiVersion, kind } of [KINDS.platform, KINDS.topic, KINDS.component])
    expect(existsSync(join(folder, apiVersion.split('/')[0]!, kind))).toBe(true)
})
