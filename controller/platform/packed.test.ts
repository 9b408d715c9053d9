import { Packed } from './packed.ts'

const platform = (id: number, version = 1) => ({ spec: { version, name: `platform ${id}`, zones: ['Zürich', '東京'] } })

/** More than are kept as they are, so that the first ones are packed. */
const many = (prefix: string) => Array.from({ length: 40 }, (_, id) => new Packed(`${prefix}-${id}`, platform(id)))

test('what is packed comes back as it was, each time it is read', () => {
  const packed = many('equal')
  for (const round of [1, 2])
    for (const [id, { value }] of packed.entries()) expect({ round, value }).toEqual({ round, value: platform(id) })
})

test('whoever reads it cannot change it, before it was packed and after', () => {
  const packed = many('frozen')
  for (const { value } of [packed.at(-1)!, packed[0]!])
    expect(() => {
      value.spec.zones.push('Oslo')
    }).toThrow(TypeError)
  expect(packed[0]!.value).toEqual(platform(0))
})

test('a newer version leaves the older as it was for whoever holds it', () => {
  const older = new Packed('one', platform(1, 1))
  const newer = new Packed('one', platform(1, 2))
  many('others')
  expect([older.value.spec.version, newer.value.spec.version, older.value.spec.version]).toEqual([1, 2, 1])
})

test('what was read last is there without being unpacked, so twice the same object', () => {
  const packed = many('recent')
  expect(packed[0]!.value).toBe(packed[0]!.value)
})
