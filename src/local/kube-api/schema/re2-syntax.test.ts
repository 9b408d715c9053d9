import { patternProblem } from './re2-syntax.ts'

test.each([
  ['(', 'missing closing ): `(`'],
  ['a(b|c', 'missing closing ): `a(b|c`'],
  ['a)', 'unexpected ): `a)`'],
  ['x[a-', 'missing closing ]: `[a-`'],
  ['[]', 'missing closing ]: `[]`'],
  ['[z-a]', 'invalid character class range: `z-a`'],
  ['*a', 'missing argument to repetition operator: `*`'],
  ['a|+', 'missing argument to repetition operator: `+`'],
  ['a**', 'invalid nested repetition operator: `**`'],
  ['a{2}{3}', 'invalid nested repetition operator: `{2}{3}`'],
  ['a{1001}', 'invalid repeat count: `{1001}`'],
  ['a{3,2}', 'invalid repeat count: `{3,2}`'],
  ['\\', 'trailing backslash at end of expression: ``'],
  ['\\y', 'invalid escape sequence: `\\y`'],
  ['(a)\\1', 'invalid escape sequence: `\\1`'],
  ['a(?=b)', 'invalid or unsupported Perl syntax: `(?=`'],
  ['(?<!a)b', 'invalid or unsupported Perl syntax: `(?<!`'],
  ['(?P<1>a)', 'invalid named capture: `(?P<1>`'],
])('%s cannot be parsed', (pattern, message) => {
  expect(patternProblem(pattern)).toBe(`error parsing regexp: ${message}`)
})

test.each([
  '',
  '^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$',
  '^(?i)(?P<x>[[:digit:]]+|no)\\z',
  '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$',
  '[]a]+?',
  '[^\\]\\[\\-]{2,}',
  '(?:a|b){1,1000}',
  '\\p{Greek}\\pN\\x{10FFFF}\\x41',
  'a{,2}',
  '\\Q(*\\E',
  "^[^%&',;=?$\\x22]+$",
  '[\\w.-]+',
])('%s can', pattern => {
  expect(patternProblem(pattern)).toBeUndefined()
})
