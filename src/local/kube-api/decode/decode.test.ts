import fc from 'fast-check'
import { duplicateKeys } from './duplicates.ts'
import { base64Problem } from './go-base64.ts'
import { RFC3339, RFC3339_MICRO, timeProblem } from './go-time.ts'
import { dropEmptyOf, fillZeroModel, zeroOf } from './go-zero.ts'
import { decodeTyped } from './typed.ts'

test.each([
  ['2001-02-28T23:59:59Z', undefined],
  ['2001-02-28T23:59:59.5+02:00', undefined],
  ['2001-02-29T00:00:00Z', 'parsing time "2001-02-29T00:00:00Z": day out of range'],
  ['2001-13-01T00:00:00Z', 'parsing time "2001-13-01T00:00:00Z": month out of range'],
  ['2001-01-01T00:00:00Zx', 'parsing time "2001-01-01T00:00:00Zx": extra text: "x"'],
  ['2001-01-01', 'parsing time "2001-01-01" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "T"'],
])('Go reads the time %s: %s', (text, problem) => {
  expect(timeProblem(text, RFC3339)).toBe(problem)
})

test('every time that JavaScript writes is one, with six digits a micro time', () => {
  const times = fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })
  fc.assert(
    fc.property(times, time => {
      const text = time.toISOString()
      expect(timeProblem(text, RFC3339)).toBeUndefined()
      expect(timeProblem(text.replace('Z', '000Z'), RFC3339_MICRO)).toBeUndefined()
      expect(timeProblem(text, RFC3339_MICRO)).toContain('as ".000000"')
    }),
  )
})

test('base64 is refused where it goes wrong', () => {
  fc.assert(
    fc.property(fc.uint8Array(), bytes => {
      expect(base64Problem(Buffer.from(bytes).toString('base64'))).toBeUndefined()
    }),
  )
  expect(base64Problem('Z\nA==\n')).toBeUndefined()
  expect(base64Problem('ZA=')).toBe('illegal base64 data at input byte 3')
  expect(base64Problem('ZA=A')).toBe('illegal base64 data at input byte 2')
  expect(base64Problem('ZA==ZA==')).toBe('illegal base64 data at input byte 4')
  expect(base64Problem('Z?==')).toBe('illegal base64 data at input byte 1')
})

test('keys that stand twice are found wherever they stand, and nothing else is', () => {
  fc.assert(
    fc.property(fc.json(), text => {
      expect(duplicateKeys(text, JSON.parse(text))).toEqual([])
    }),
  )
  const text = '{"a":{"b":1,"b":2},"c":[{"d":"\\"x\\":","d":1}],"a":{"b":3},"e\\u0066":1,"ef":2}'
  expect(duplicateKeys(text, JSON.parse(text))).toEqual(['a.b', 'c[0].d', 'a', 'ef'])
})

test('the first value that does not fit is told, and every field that is not there, in their order', () => {
  const { error, unknown } = decodeTyped(
    { metadata: { nmae: 'a' }, spec: { replicas: 1.5, template: { spec: { containers: [{ imag: 1 }, 'x'] } } } },
    'V1Deployment',
  )
  expect(error).toBe(
    'json: cannot unmarshal number 1.5 into Go struct field DeploymentSpec.spec.replicas of type int32',
  )
  expect(unknown).toEqual(['metadata.nmae', 'spec.template.spec.containers[0].imag'])
  const fits = (data: never) => decodeTyped({ data }, 'V1ConfigMap').error
  expect(fits({ a: null } as never)).toBeUndefined()
  expect(fits([] as never)).toContain(
    'cannot unmarshal array into Go struct field ConfigMap.data of type map[string]string',
  )
})

test('a new object has what Go writes of it, and loses what Go would not write', () => {
  expect(zeroOf('V1Lease')).toMatchObject({ spec: {} })
  const event = { reason: 'R', count: 0, series: { count: 0 } }
  fillZeroModel(event, 'CoreV1Event')
  dropEmptyOf(event, 'CoreV1Event')
  expect(event).toMatchObject({ reason: 'R', source: {}, firstTimestamp: null, reportingComponent: '' })
  expect(event).not.toHaveProperty('count')
})
