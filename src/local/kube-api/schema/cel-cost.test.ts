import { costProblems, leastCost } from './cel-cost.ts'
import type { Schema } from './schema.ts'

const text: Schema = { type: 'string' }
const list = (items: Schema, maxItems?: number): Schema => ({ type: 'array', items, ...(maxItems && { maxItems }) })
/** What fits into three mebibytes: `""` and a comma each. */
const FITS = 1_048_575

test.each<[string, Schema, number]>([
  ['self.size() > 0', list(text), 0],
  ["self.all(x, x != '')", list(text), FITS],
  ["self.all(x, x != '')", list(text, 10), 10],
  ['self.all(x, self.exists(y, x == y))', list(text, 10), 100],
  ['self.all(i, x, i == x)', list({ type: 'integer' }, 10), 10],
  [
    'self.a.all(x, self.b.all(k, self.b[k].all(y, x == y)))',
    {
      type: 'object',
      properties: { a: list(text, 2), b: { type: 'object', maxProperties: 3, additionalProperties: list(text, 5) } },
    },
    30,
  ],
  [
    'self.all(x, x.parts.all(y, y > 1))',
    list({ type: 'object', properties: { parts: list({ type: 'integer' }, 4) } }, 3),
    12,
  ],
  ['self.size() > 3 ? self.all(x, true) : self.exists(x, self.exists(y, x == y))', list(text, 10), 100],
  ['self.map(x, x + 1).all(y, y > 1)', list({ type: 'integer' }, 10), 10],
])('%s of at most so many elements: the rounds of its loops', (rule, schema, rounds) => {
  expect(leastCost(rule, schema)).toBe(rounds)
})

test('only what is far beyond every limit is said to be too costly', () => {
  const place = 'spec.versions[0].schema.openAPIV3Schema.properties[a].x-kubernetes-validations[0].rule'
  expect(costProblems(FITS, place)).toEqual([])
  expect(costProblems(10_000_000_000, place)).toEqual([])
  expect(costProblems(FITS ** 2, place).map(({ field }) => field)).toEqual([
    place,
    place,
    'spec.versions[0].schema.openAPIV3Schema',
  ])
})
