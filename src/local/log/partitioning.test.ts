import fc from 'fast-check'
import { murmur2, partitionOfKey } from './murmur2.ts'
import { assignRange } from './range.ts'

describe('murmur2', () => {
  // Vectors of org.apache.kafka.common.utils.UtilsTest.testMurmur2.
  test.each([
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107],
  ])('%s', (key, hash) => {
    expect(murmur2(Buffer.from(key))).toBe(hash)
  })

  test('a key always has one partition, and it exists', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.integer({ min: 1, max: 500 }), (key, partitions) => {
        const partition = partitionOfKey(key, partitions)
        expect(partition).toBe(partitionOfKey(Uint8Array.from(key), partitions))
        expect(partition).toBeGreaterThanOrEqual(0)
        expect(partition).toBeLessThan(partitions)
      }),
    )
  })
})

test('range assignment gives each partition to exactly one subscriber, and shares differ by at most one', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 0, max: 30 }), (members, partitions) => {
      const ids = Array.from({ length: members }, (_, at) => ({ memberId: `m${at}`, topics: ['t'] }))
      const shares = [...assignRange(ids, () => partitions).values()]
      const given = shares.flat().map(at => at.partition)
      expect(given.sort((a, b) => a - b)).toEqual(Array.from({ length: partitions }, (_, at) => at))
      const sizes = shares.map(share => share.length)
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1)
    }),
  )
})
