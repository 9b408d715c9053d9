import fc from 'fast-check'
import { platformSchema } from '../../src/contracts/platform/schema.ts'
import { type FieldSchema, missingFields } from './missing-fields.ts'

const ours = platformSchema as FieldSchema
const without = (...path: string[]): FieldSchema => {
  const schema = structuredClone(ours)
  const parent = path.slice(0, -1).reduce((at, name) => at.properties![name]!, schema)
  delete parent.properties![path.at(-1)!]
  return schema
}

test('nothing is missing from the schema itself, nor from a newer one', () => {
  expect(missingFields(ours, ours)).toEqual([])
  expect(missingFields(without('spec', 'chat'), ours)).toEqual([])
})

test('a field that an older schema lacks is named by its path, without the fields in it', () => {
  expect(missingFields(ours, without('spec', 'chat'))).toEqual(['spec.chat'])
  expect(missingFields(ours, without('spec', 'kafka', 'strimzi', 'config'))).toEqual(['spec.kafka.strimzi.config'])
})

test('lists, maps and enumerations are looked into', () => {
  const leaf = (value: object): FieldSchema => ({ properties: { a: value as FieldSchema } })
  const deep: FieldSchema = { properties: { b: {} } }
  expect(missingFields(leaf({ items: deep }), leaf({ items: {} }))).toEqual(['a[].b'])
  expect(missingFields(leaf({ additionalProperties: deep }), leaf({ additionalProperties: {} }))).toEqual(['a.*.b'])
  expect(missingFields(leaf({ enum: ['x', 'y'] }), leaf({ enum: ['x'] }))).toEqual(['a=y'])
})

test('a schema that keeps what it does not know drops nothing', () => {
  expect(missingFields(ours, { 'x-kubernetes-preserve-unknown-fields': true })).toEqual([])
})

const { schema } = fc.letrec<{ schema: FieldSchema }>(tie => ({
  schema: fc.record(
    {
      properties: fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('schema'), {
        maxKeys: 3,
        depthIdentifier: 'schema',
      }),
      enum: fc.uniqueArray(fc.constantFrom('x', 'y', 'z'), { minLength: 1 }),
    },
    { requiredKeys: [] },
  ),
}))

test('any schema lacks nothing of itself, and what is missing from one is in the other', () => {
  fc.assert(fc.property(schema, same => expect(missingFields(same, same)).toEqual([])))
  fc.assert(
    fc.property(schema, schema, (wanted, served) => {
      for (const missing of missingFields(wanted, served)) {
        const [path, value] = missing.split('=')
        const names = path ? path.split('.') : []
        const find = (start: FieldSchema): FieldSchema | undefined =>
          names.reduce<FieldSchema | undefined>((at, name) => at?.properties?.[name], start)
        expect(find(wanted)).toBeDefined()
        if (value === undefined) expect(find(served)).toBeUndefined()
        else expect(find(served)!.enum).not.toContain(value)
      }
    }),
  )
})
