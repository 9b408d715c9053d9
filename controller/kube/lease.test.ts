import { KubeClient } from './client.ts'
import { KubeError } from './errors.ts'
import { LeaderLease, microTime } from './lease.ts'
import { fixedRandom, json, ManualClock, plainRoot, settle, status } from './test-support.ts'
import type { Transport } from './transport.ts'

interface Wire {
  state: 'up' | 'down' | 'hangs' | 'waits'
  /** What goes on when the wire no longer waits. */
  waiting: (() => void)[]
}

/** One Lease with optimistic locking, reached over wires that can be cut, one for each replica. */
function court() {
  const clock = new ManualClock()
  let record:
    | { metadata: { name: string; namespace: string; resourceVersion: string }; spec: Record<string, unknown> }
    | undefined
  let version = 0
  const writes: string[] = []
  const transport =
    (name: string, wire: Wire): Transport =>
    async ({ method, path, body, accept }) => {
      if (wire.state === 'down') throw new KubeError('Unreachable', 'ECONNREFUSED', 'backoff')
      if (wire.state === 'hangs') return new Promise(() => {})
      if (wire.state === 'waits') await new Promise<void>(go => wire.waiting.push(go))
      if (path === '/apis') return plainRoot(accept)!
      if (path === '/apis/coordination.k8s.io/v1')
        return json({ resources: [{ name: 'leases', kind: 'Lease', namespaced: true }] })
      const sent = structuredClone(body) as NonNullable<typeof record>
      if (method === 'GET') return record ? json(record) : status(404, 'NotFound')
      if (method === 'POST' && record) return status(409, 'AlreadyExists')
      if (method === 'PUT' && sent.metadata.resourceVersion !== record?.metadata.resourceVersion)
        return status(409, 'Conflict')
      for (const time of ['acquireTime', 'renewTime']) expect(sent.spec[time]).toMatch(/\.\d{6}Z$/)
      version += 1
      record = { ...sent, metadata: { ...sent.metadata, resourceVersion: String(version) } }
      writes.push(name)
      return json(record)
    }
  const replica = (name: string) => {
    const wire: Wire = { state: 'up', waiting: [] }
    /** This replica's own wall clock: clocks need not agree. */
    const skew = { ms: 0 }
    const log: string[] = []
    const stop = new AbortController()
    const own = { ...clock, now: () => clock.now() + skew.ms }
    const lease = new LeaderLease(new KubeClient(transport(name, wire), { clock: own }), {
      namespace: 'system',
      name: 'court',
      identity: name,
      clock: own,
      random: fixedRandom,
      onAcquired: () => log.push('acquired'),
      onLost: () => log.push('lost'),
      onTrouble: ({ code }) => log.push(code),
    })
    return { lease, wire, log, skew, done: lease.run(stop.signal), stop: () => stop.abort() }
  }
  return { clock, replica, writes, record: () => record! }
}

test('times have six digits of a second', () => {
  expect(microTime(1_700_000_000_123)).toBe('2023-11-14T22:13:20.123000Z')
})

test('tries that hung and are answered together see a rival’s new record for the first time', async () => {
  const { clock, replica, writes, record } = court()
  const b = replica('b')
  b.wire.state = 'waits'
  await clock.advance(20_000)
  const a = replica('a')
  await settle()
  expect(b.wire.waiting.length).toBeGreaterThan(0)
  b.wire.state = 'up'
  for (const go of b.wire.waiting) go()
  await clock.advance(2_000)
  expect([record().spec['holderIdentity'], a.lease.held, b.lease.held, writes.includes('b')]).toEqual([
    'a',
    true,
    false,
    false,
  ])
  b.stop()
  a.stop()
  await clock.advance(2_000)
  await Promise.all([a.done, b.done])
})

test('one of two leads; released, the standby has it within a second', async () => {
  const { clock, replica, record } = court()
  const a = replica('a')
  await settle()
  const b = replica('b')
  await clock.advance(60_000)
  expect([a.lease.held, b.lease.held, record().spec['holderIdentity']]).toEqual([true, false, 'a'])
  a.stop()
  await clock.advance(0)
  await a.done
  expect([a.lease.held, record().spec['holderIdentity']]).toEqual([false, ''])
  await clock.advance(1_000)
  expect([b.lease.held, record().spec['leaseTransitions'], a.log]).toEqual([true, 1, ['acquired']])
  b.stop()
  await clock.advance(1_000)
  await b.done
  expect(clock.timers).toBe(0)
})

test('two that come at the same moment: one gets it', async () => {
  const { clock, replica } = court()
  const both = [replica('a'), replica('b')]
  await clock.advance(3_000)
  expect(both.filter(({ lease }) => lease.held)).toHaveLength(1)
  for (const { stop } of both) stop()
  await clock.advance(10_000)
})

test.each([
  ['is cut off', 'down' as const],
  ['gets no answers', 'hangs' as const],
])('a leader that %s stops writing before its rival begins', async (_name, state) => {
  const { clock, replica } = court()
  const a = replica('a')
  await settle()
  const b = replica('b')
  await clock.advance(20_000)
  a.wire.state = state
  for (let second = 0; second < 40; second++) {
    await clock.advance(500)
    expect(a.lease.held && b.lease.held).toBe(false)
    if (b.lease.held) expect(() => a.lease.fence()).toThrow(expect.objectContaining({ code: 'NotLeader' }))
  }
  expect([b.lease.held, a.log.at(-1)]).toEqual([true, 'lost'])
  await a.done
  b.stop()
  await clock.advance(10_000)
})

test.each([3_600_000, -3_600_000])('a clock that is %i ms off makes nobody lead beside another', async skew => {
  const { clock, replica } = court()
  const a = replica('a')
  await settle()
  const b = replica('b')
  b.skew.ms = skew
  for (let second = 0; second < 60; second++) {
    await clock.advance(1_000)
    expect([a.lease.held, b.lease.held]).toEqual([true, false])
  }
  for (const { stop } of [a, b]) stop()
  await clock.advance(10_000)
})

test('a machine that slept writes nothing until it has renewed', async () => {
  const { clock, replica } = court()
  const a = replica('a')
  await clock.advance(1_000)
  // Suspended: the wall clock went on, the monotonic clock and its timers stood still.
  a.skew.ms = 60_000
  expect(() => a.lease.fence()).toThrow(expect.objectContaining({ code: 'NotLeader' }))
  await clock.advance(6_000)
  expect(() => a.lease.fence()).not.toThrow()
  a.stop()
  await clock.advance(1_000)
})

test('a leader that sees another’s name in the record is one no more', async () => {
  const { clock, replica, record } = court()
  const a = replica('a')
  await clock.advance(1_000)
  record().spec['holderIdentity'] = 'usurper'
  await clock.advance(6_000)
  expect([a.log, a.lease.held]).toEqual([['acquired', 'lost'], false])
  await a.done
})

test('what keeps it from the lease is told, and it goes on trying', async () => {
  const { clock, replica } = court()
  const a = replica('a')
  a.wire.state = 'down'
  await clock.advance(5_000)
  a.wire.state = 'up'
  await clock.advance(2_000)
  expect([a.log.at(0), a.log.at(-1)]).toEqual(['Unreachable', 'acquired'])
  a.stop()
  await clock.advance(1_000)
})
