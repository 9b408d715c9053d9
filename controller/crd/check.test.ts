import { KIND } from '../../src/contracts/platform/names.ts'
import { platformSchema } from '../../src/contracts/platform/schema.ts'
import { json, ManualClock, scripted, settle, status } from '../kube/test-support.ts'
import { CrdCheck } from './check.ts'

const documentOf = (schema: object) =>
  json({ components: { schemas: { it: { ...schema, 'x-kubernetes-group-version-kind': [{ kind: KIND }] } } } })
const current = () => documentOf(platformSchema)
const old = () => {
  const schema = structuredClone(platformSchema) as { properties: { spec: { properties: Record<string, unknown> } } }
  delete schema.properties.spec.properties['chat']
  return documentOf(schema)
}

const begin = (...answers: Parameters<typeof scripted>) => {
  const { transport, asked } = scripted(...answers)
  const clock = new ManualClock()
  const turns: (readonly string[])[] = []
  const troubles: string[] = []
  const check = new CrdCheck({
    transport,
    clock,
    onTurn: missing => turns.push(missing),
    onTrouble: error => troubles.push(error.message),
  })
  void check.look()
  return { check, clock, turns, troubles, asked }
}

test('it tells what the served CRD lacks, and that it has come, once each', async () => {
  const { check, clock, turns, asked } = begin(old(), old(), current(), current())
  await settle()
  expect(check.missing).toEqual(['spec.chat'])
  await clock.advance(30_000)
  expect(turns).toEqual([['spec.chat']])
  await clock.advance(30_000)
  expect(turns).toEqual([['spec.chat'], []])
  expect(check.missing).toEqual([])
  await clock.advance(600_000)
  expect(turns).toHaveLength(2)
  expect(asked).toEqual(Array(4).fill('GET /openapi/v3/apis/todo.events/v1alpha1'))
})

test('a look that fails leaves what was known, is told, and is repeated', async () => {
  const { check, clock, turns, troubles } = begin(
    status(503, 'ServiceUnavailable'),
    old(),
    status(404, 'NotFound'),
    current(),
  )
  await settle()
  expect(check.missing).toBeUndefined()
  expect(troubles).toHaveLength(1)
  await clock.advance(30_000)
  await clock.advance(30_000)
  expect(check.missing).toEqual(['spec.chat'])
  expect(troubles).toHaveLength(2)
  await clock.advance(30_000)
  expect(turns).toEqual([['spec.chat'], []])
})

test('once stopped it asks nothing more', async () => {
  const { check, clock, asked } = begin(current())
  await settle()
  check.stop()
  await clock.advance(1_000_000)
  expect(asked).toHaveLength(1)
})
