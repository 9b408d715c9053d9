import fc from 'fast-check'
import type { JsonObject } from '../json.ts'
import type { ResourceType } from '../kinds/registry.ts'
import { StatusError } from '../status.ts'
import { fieldSelector } from './fields.ts'
import { labelSelector } from './labels.ts'

const labelled = (labels: JsonObject): JsonObject => ({ metadata: { labels } })
const selects = (text: string, labels: JsonObject) => labelSelector(text)(labelled(labels))

test.each([
  ['a=1,b in (x, y)', { a: '1', b: 'y' }, true],
  ['a=1,b in (x, y)', { a: '1', b: 'z' }, false],
  ['a!=1', {}, true],
  ['!a', { a: '' }, false],
  ['a', { a: '' }, true],
  ['a=', { a: '' }, true],
  ['a in ()', { a: '' }, true],
  ['a in (,x)', { a: 'x' }, true],
  ['a notin (x)', { a: 'x' }, false],
  ['a>9', { a: '10' }, true],
  ['a<9', { a: 'nine' }, false],
  ['in in (notin)', { in: 'notin' }, true],
])('the label selector %s on %j: %s', (text, labels, expected) => {
  expect(selects(text, labels)).toBe(expected)
})

test('a selector written from labels selects just these labels', () => {
  const name = fc.stringMatching(/^[a-z0-9]([-a-z0-9_.]{0,8}[a-z0-9])?$/)
  fc.assert(
    fc.property(fc.dictionary(name, name, { minKeys: 1 }), name, (labels, other) => {
      const text = Object.entries(labels)
        .map(([key, value]) => `${key}=${value}`)
        .join(',')
      expect(selects(text, labels)).toBe(true)
      const [key, value] = Object.entries(labels)[0]!
      if (other !== value) expect(selects(text, { ...labels, [key]: other })).toBe(false)
    }),
  )
})

test('no text makes the parser fail otherwise than with a refusal', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'ab=!(),<> in\\') }), text => {
      try {
        selects(text, {})
      } catch (error) {
        expect(error).toBeInstanceOf(StatusError)
      }
    }),
  )
})

const configMaps = { builtIn: {}, apiVersion: 'v1', kind: 'ConfigMap' } as unknown as ResourceType

test('a value of a field selector may have its own commas and signs', () => {
  const named = (name: string): JsonObject => ({ metadata: { name } })
  expect(fieldSelector('metadata.name=a\\,b\\=c\\\\', configMaps)(named('a,b=c\\'))).toBe(true)
  expect(fieldSelector('metadata.name!=a,', configMaps)(named('b'))).toBe(true)
  expect(() => fieldSelector('metadata.name=a=b', configMaps)).toThrow('unescaped character in value: 61')
  expect(() => fieldSelector('metadata.name=a\\b', configMaps)).toThrow('invalid escape sequence: \\b')
  expect(() => fieldSelector('data.k=v', configMaps)).toThrow('"data.k" is not a known field selector')
})
