import { checkExpression } from './cel-check.ts'
import type { Schema } from './schema.ts'

const text: Schema = { type: 'string' }
const schema: Schema = {
  type: 'object',
  properties: {
    name: text,
    size: { type: 'integer' },
    price: { type: 'number' },
    'a-b': text,
    port: { 'x-kubernetes-int-or-string': true },
    free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
    tags: { type: 'array', items: text },
    parts: { type: 'array', items: { type: 'object', properties: { count: { type: 'integer' } } } },
    limits: { type: 'object', additionalProperties: { type: 'integer' } },
    at: { type: 'string', format: 'date-time' },
  },
}
const check = (rule: string, root = false) => checkExpression(rule, schema, root, false)

test.each([
  ["self.name == 'a' && self.size > 1", 'bool'],
  ['self.size < self.price', 'bool'],
  ["self.a__dash__b.startsWith('x')", 'bool'],
  ["self.port == 80 || self.port == 'http'", 'bool'],
  ['self.free.anything.goes == 1', 'bool'],
  ["self.tags.all(tag, tag.matches('^a')) && size(self.tags) < 3", 'bool'],
  ['self.parts.exists(part, part.count == 1)', 'bool'],
  ["'cpu' in self.limits && self.limits['cpu'] > 0 && self.limits.all(key, self.limits[key] < 9)", 'bool'],
  ['self.at < self.at && has(self.name) && oldSelf.size == self.size', 'bool'],
  ["self.name + 'x'", 'string'],
])('%s compiles', (rule, type) => {
  expect(check(rule)).toEqual({ type })
})

test('only the rules of a whole object may ask for its metadata', () => {
  expect(check("self.metadata.name == 'a' && self.kind == 'X'", true)).toEqual({ type: 'bool' })
  expect(check("self.metadata.name == 'a'")).toHaveProperty('problem')
})

test.each([
  ['self.nothing == 1', "1:5: undefined field 'nothing'\n | self.nothing == 1\n | ....^"],
  ['self.parts.all(p, p.x == 1)', "1:20: undefined field 'x'\n | self.parts.all(p, p.x == 1)\n | ...................^"],
  ['other', "1:1: undeclared reference to 'other' (in container '')\n | other\n | ^"],
  [
    'self.name.shout()',
    "1:16: undeclared reference to 'shout' (in container '')\n | self.name.shout()\n | ...............^",
  ],
  [
    'true &&\n  self.name > self.size',
    "2:13: found no matching overload for '_>_' applied to '(string, int)'\n |   self.name > self.size\n | ............^",
  ],
  [
    'self.size + 1.5',
    "1:11: found no matching overload for '_+_' applied to '(int, double)'\n | self.size + 1.5\n | ..........^",
  ],
  ['self.', "1:6: Syntax error: no viable alternative at input '.'\n | self.\n | .....^"],
])('%s does not', (rule, problem) => {
  expect(check(rule)).toEqual({ problem: `ERROR: <input>:${problem}` })
})
