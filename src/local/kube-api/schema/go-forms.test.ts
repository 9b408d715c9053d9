import fc from 'fast-check'
import { canonicalQuantity } from './go-forms.ts'

// apimachinery/pkg/api/resource/quantity_test.go, TestQuantityParseEmit and the documentation of Quantity.
test.each([
  ['1000m', '1'],
  ['1024Mi', '1Gi'],
  ['1.5Gi', '1536Mi'],
  ['0.5', '500m'],
  ['0.5Gi', '512Mi'],
  ['2000', '2k'],
  ['100m', '100m'],
  ['1500m', '1500m'],
  ['1e3', '1e3'],
  ['0', '0'],
  ['0Gi', '0'],
  ['-1', '-1'],
  ['1G', '1G'],
  ['1000Mi', '1000Mi'],
  ['no quantity', 'no quantity'],
])('%s is %s', (text, canonical) => {
  expect(canonicalQuantity(text)).toBe(canonical)
})

test('a canonical quantity stays as it is', () => {
  const suffix = fc.constantFrom('', 'm', 'k', 'M', 'G', 'Ki', 'Mi', 'Gi')
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1_000_000 }), suffix, (number, unit) => {
      const once = canonicalQuantity(`${number}${unit}`)
      expect(canonicalQuantity(once)).toBe(once)
    }),
  )
})
