import fc from 'fast-check'
import { parseJson } from './go-json.ts'

test.each([
  ['', 'unexpected end of JSON input'],
  ['{', 'unexpected end of JSON input'],
  ['{"a":', 'unexpected end of JSON input'],
  ['x', "invalid character 'x' looking for beginning of value"],
  ["'", "invalid character '\\'' looking for beginning of value"],
  ['{a: 1}', "invalid character 'a' looking for beginning of object key string"],
  ['{"a" 1}', "invalid character '1' after object key"],
  ['{"a":1 "b"}', `invalid character '"' after object key:value pair`],
  ['[1 2]', "invalid character '2' after array element"],
  ['{} {}', "invalid character '{' after top-level value"],
  ['tru', 'unexpected end of JSON input'],
  ['nul!', "invalid character '!' in literal null (expecting 'l')"],
  ['"a\n"', "invalid character '\\n' in string literal"],
  ['"\\x"', "invalid character 'x' in string escape code"],
  ['"\\u12g4"', "invalid character 'g' in \\u hexadecimal character escape"],
  ['-x', "invalid character 'x' in numeric literal"],
  ['1.x', "invalid character 'x' after decimal point in numeric literal"],
  ['1e!', "invalid character '!' in exponent of numeric literal"],
  ['01', "invalid character '1' after top-level value"],
])('%j is no JSON: %s', (text, message) => {
  expect(() => parseJson(text)).toThrow(new SyntaxError(message))
})

test('JSON is read, and of anything else the first wrong place is told', () => {
  fc.assert(
    fc.property(fc.json(), fc.nat(), fc.string({ minLength: 1, maxLength: 3 }), (text, place, junk) => {
      expect(parseJson(text)).toEqual(JSON.parse(text))
      const at = place % (text.length + 1)
      const broken = text.slice(0, at) + junk + text.slice(at)
      try {
        parseJson(broken)
      } catch (error) {
        expect((error as Error).message).toMatch(/^(unexpected end of JSON input|invalid character '.+' .+)$/s)
      }
    }),
  )
})
