import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { type Claim, type EventLog, type LogCluster, type LogRecord, openLog, partitionOfKey } from './index.ts'
import { manualClock, until } from './testing.ts'

const text = (value: Uint8Array): string => Buffer.from(value).toString()

describe('the log', () => {
  const clock = manualClock()
  let log: EventLog
  let cluster: LogCluster

  beforeEach(() => {
    log = openLog({ file: ':memory:', clock })
    cluster = log.cluster('todo/todo')
    cluster.start()
  })
  afterEach(() => log.close())

  const collect = (into: LogRecord[]) => async (claim: Claim) => {
    for await (const record of claim.records()) {
      into.push(record)
      await claim.commit(record.offset + 1)
    }
  }

  test('records of a key stay in order in one partition, with headers and time', async () => {
    cluster.createTopic({ name: 't', partitions: 6 })
    const client = cluster.connect()
    const placed = await Promise.all(
      [1, 2, 3].map(n => client.append({ topic: 't', key: 'user-1', value: `v${n}`, headers: [['n', `${n}`]] })),
    )
    const partition = partitionOfKey(Buffer.from('user-1'), 6)
    expect(placed).toEqual([0, 1, 2].map(offset => ({ partition, offset })))
    const records = cluster.read('t', partition, 0, 10)
    expect(records.map(record => text(record.value))).toEqual(['v1', 'v2', 'v3'])
    expect(records[1]).toMatchObject({ headers: [['n', '2']], timestamp: clock.now(), offset: 1 })
    expect(cluster.watermarks('t')[partition]).toEqual({ begin: 0, end: 3 })
  })

  test('records without a key spread over all partitions', async () => {
    cluster.createTopic({ name: 't', partitions: 3 })
    const client = cluster.connect()
    for (let n = 0; n < 6; n += 1) await client.append({ topic: 't', value: 'x' })
    expect(cluster.watermarks('t').map(state => state.end)).toEqual([2, 2, 2])
  })

  test('a group resumes after its last commit, and lag counts what is left', async () => {
    cluster.createTopic({ name: 't', partitions: 1 })
    const client = cluster.connect()
    for (const value of ['a', 'b', 'c']) await client.append({ topic: 't', value })
    const seen: LogRecord[] = []
    const first = await client.join('g', {
      topics: ['t'],
      initialOffset: 'oldest',
      onClaim: async claim => {
        for await (const record of claim.records()) {
          seen.push(record)
          if (record.offset < 2) await claim.commit(record.offset + 1)
        }
      },
    })
    await until(() => seen.length === 3)
    await first.leave()
    expect(cluster.lag('g')).toEqual([{ topic: 't', partition: 0, committed: 2, end: 3, lag: 1 }])
    const again: LogRecord[] = []
    await client.join('g', { topics: ['t'], initialOffset: 'oldest', onClaim: collect(again) })
    await until(() => again.length === 1)
    expect(text(again[0]!.value)).toBe('c')
  })

  test('without a commit, newest starts at the end and oldest at the beginning', async () => {
    cluster.createTopic({ name: 't', partitions: 1 })
    const client = cluster.connect()
    await client.append({ topic: 't', value: 'before' })
    const seen: Record<string, LogRecord[]> = { newest: [], oldest: [] }
    for (const initialOffset of ['newest', 'oldest'] as const) {
      await client.join(initialOffset, { topics: ['t'], initialOffset, onClaim: collect(seen[initialOffset]!) })
    }
    await client.append({ topic: 't', value: 'after' })
    await until(() => seen['newest']!.length === 1 && seen['oldest']!.length === 2)
    expect(seen['newest']!.map(record => text(record.value))).toEqual(['after'])
  })

  test('members share partitions, and a leaver hands its own over', async () => {
    cluster.createTopic({ name: 't', partitions: 4 })
    const client = cluster.connect()
    const seen: LogRecord[] = []
    const options = { topics: ['t'], initialOffset: 'oldest', onClaim: collect(seen) } as const
    const one = await client.join('g', options)
    const two = await client.join('g', options)
    expect([one.assignment().length, two.assignment().length]).toEqual([2, 2])
    await one.leave()
    expect(two.assignment()).toHaveLength(4)
    cluster.alterTopic('t', { partitions: 6 })
    await until(() => two.assignment().length === 6)
    await Promise.all([0, 1, 2, 3, 4, 5].map(partition => client.append({ topic: 't', partition, value: 'x' })))
    await until(() => seen.length === 6)
  })

  test('a commit of an old generation is refused', async () => {
    cluster.createTopic({ name: 't', partitions: 1 })
    const client = cluster.connect()
    const claims: Claim[] = []
    const hold = async (claim: Claim) => {
      claims.push(claim)
      await new Promise(resolve => claim.signal.addEventListener('abort', resolve))
    }
    await client.join('g', { topics: ['t'], initialOffset: 'oldest', clientId: 'b', onClaim: hold })
    await client.join('g', { topics: ['t'], initialOffset: 'oldest', clientId: 'a', onClaim: hold })
    expect(claims).toHaveLength(2)
    await expect(claims[0]!.commit(1)).rejects.toMatchObject({ name: 'IllegalGenerationException' })
    await claims[1]!.commit(0)
  })

  test('a member that does not let go is left behind after the rebalance timeout', async () => {
    cluster.createTopic({ name: 't', partitions: 1 })
    const client = cluster.connect()
    let stuck: Claim | undefined
    await client.join('g', {
      topics: ['t'],
      initialOffset: 'oldest',
      clientId: 'z',
      onClaim: claim => {
        stuck ??= claim
        return new Promise(() => {})
      },
    })
    const joining = client.join('g', { topics: ['t'], initialOffset: 'oldest', clientId: 'a', onClaim: async () => {} })
    await until(() => stuck?.signal.aborted)
    clock.advance(60_000)
    expect((await joining).assignment()).toHaveLength(1)
    await expect(stuck!.commit(1)).rejects.toMatchObject({ name: 'IllegalGenerationException' })
  })

  test('retention drops what is too old and keeps offsets', async () => {
    cluster.createTopic({ name: 't', partitions: 1, config: { 'retention.ms': 60_000 } })
    cluster.createTopic({ name: 'keep', partitions: 1, config: { 'retention.ms': -1 } })
    const client = cluster.connect()
    for (const topic of ['t', 'keep']) await client.append({ topic, value: 'old' })
    clock.advance(50_000)
    await client.append({ topic: 't', value: 'young' })
    clock.advance(5 * 60_000 - 1)
    expect(cluster.watermarks('keep')[0]).toEqual({ begin: 0, end: 1 })
    expect(cluster.watermarks('t')[0]).toEqual({ begin: 2, end: 2 })
    expect(await client.append({ topic: 't', value: 'next' })).toEqual({ partition: 0, offset: 2 })
  })

  test('a group whose commit retention has passed starts by its initial offset', async () => {
    cluster.createTopic({ name: 't', partitions: 1, config: { 'retention.ms': 1000 } })
    const client = cluster.connect()
    await client.append({ topic: 't', value: 'a' })
    const seen: LogRecord[] = []
    const member = await client.join('g', { topics: ['t'], initialOffset: 'oldest', onClaim: collect(seen) })
    await until(() => cluster.lag('g')[0]?.committed === 1)
    await member.leave()
    await client.append({ topic: 't', value: 'b' })
    await client.append({ topic: 't', value: 'c' })
    clock.advance(500)
    await client.append({ topic: 't', value: 'd' })
    clock.advance(501)
    log.sweep()
    await client.join('g', { topics: ['t'], initialOffset: 'oldest', onClaim: collect(seen) })
    await until(() => seen.length === 2)
    expect(seen.map(record => text(record.value))).toEqual(['a', 'd'])
  })

  test.each([
    [
      'an unknown topic',
      { name: 'UnknownTopicOrPartitionException' },
      () => cluster.connect().append({ topic: 'no', value: '' }),
    ],
    [
      'an unknown partition',
      { name: 'UnknownTopicOrPartitionException' },
      () => cluster.connect().append({ topic: 't', partition: 9, value: '' }),
    ],
    [
      'joining an unknown topic',
      { name: 'UnknownTopicOrPartitionException' },
      () => cluster.connect().join('g', { topics: ['no'], initialOffset: 'oldest', onClaim: async () => {} }),
    ],
    [
      'a record that is too large',
      { name: 'RecordTooLargeException' },
      () => cluster.connect().append({ topic: 't', value: 'x'.repeat(11) }),
    ],
    [
      'fewer partitions',
      { name: 'InvalidPartitionsException' },
      async () => cluster.alterTopic('t', { partitions: 1 }),
    ],
    ['a topic twice', { name: 'TopicExistsException' }, async () => cluster.createTopic({ name: 't' })],
    [
      'a bad name',
      {
        name: 'InvalidTopicException',
        message:
          "Topic name is invalid: 'bad name!' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'",
      },
      async () => cluster.createTopic({ name: 'bad name!' }),
    ],
    [
      'an unknown option',
      { name: 'InvalidConfigurationException', message: 'Unknown topic config name: no.such.key' },
      async () => cluster.createTopic({ name: 'u', config: { 'no.such.key': 1 } }),
    ],
    [
      'a bad number',
      {
        name: 'InvalidConfigurationException',
        message: 'Invalid value abc for configuration retention.ms: Not a number of type LONG',
      },
      async () => cluster.createTopic({ name: 'u', config: { 'retention.ms': 'abc' } }),
    ],
    [
      'a bad choice',
      {
        name: 'InvalidConfigurationException',
        message: 'Invalid value nonsense for configuration cleanup.policy: String must be one of: compact, delete',
      },
      async () => cluster.createTopic({ name: 'u', config: { 'cleanup.policy': 'nonsense' } }),
    ],
    [
      'too many replicas',
      { name: 'InvalidReplicationFactorException' },
      async () => cluster.createTopic({ name: 'u', replicas: 3 }),
    ],
    [
      'a cluster that is not running',
      { name: 'BrokerNotAvailableException' },
      async () => log.cluster('todo/other').connect(),
    ],
    ['an address of no cluster', { name: 'BrokerNotAvailableException' }, async () => log.resolve('nowhere:9092')],
  ])('refuses %s', async (_what, error, act) => {
    cluster.createTopic({ name: 't', partitions: 2, config: { 'max.message.bytes': 10 } })
    await expect(act()).rejects.toMatchObject(error)
  })

  test('finds a cluster by its bootstrap address', () => {
    expect(log.resolve('todo-kafka-bootstrap.todo.svc:9093')).toBe(cluster)
    expect(log.resolve('x:1, todo-kafka-bootstrap.todo.svc.cluster.local:9092')).toBe(cluster)
    expect(log.resolve('todo-kafka-bootstrap:9092', 'todo')).toBe(cluster)
    expect(() => log.resolve('todo-kafka-bootstrap.elsewhere.svc:9093')).toThrow('todo-kafka-bootstrap.elsewhere')
  })

  test('stopping ends memberships with the reason', async () => {
    cluster.createTopic({ name: 't' })
    const member = await cluster.connect().join('g', { topics: ['t'], initialOffset: 'oldest', onClaim: collect([]) })
    await cluster.stop()
    await expect(member.closed).resolves.toMatchObject({ name: 'BrokerNotAvailableException' })
  })

  describe('with authorization', () => {
    beforeEach(() => {
      cluster.createTopic({ name: 't' })
      cluster.createTopic({ name: 'other' })
      cluster.start({ authentication: 'scram-sha-512', authorization: true })
      cluster.setPrincipal('app', {
        password: 'secret',
        acls: [
          { resource: { type: 'topic', name: 't' }, operations: ['Read', 'Write'] },
          { resource: { type: 'group', name: 'app-', patternType: 'prefix' }, operations: ['Read'] },
        ],
      })
    })
    const connect = () => cluster.connect({ username: 'app', password: 'secret' })
    const nothing = { initialOffset: 'oldest', onClaim: collect([]) } as const

    test.each([undefined, { username: 'app', password: 'wrong' }, { username: 'nobody', password: 'secret' }])(
      'wrong credentials are refused: %j',
      credentials => {
        expect(() => cluster.connect(credentials)).toThrow(
          expect.objectContaining({ name: 'SaslAuthenticationException' }),
        )
      },
    )

    test('what an ACL allows works, the rest is refused as Kafka words it', async () => {
      await connect().append({ topic: 't', value: 'x' })
      await connect().join('app-1', { topics: ['t'], ...nothing })
      await expect(connect().append({ topic: 'other', value: 'x' })).rejects.toMatchObject({
        name: 'TopicAuthorizationException',
        message: 'Not authorized to access topics: [other]',
      })
      await expect(connect().join('app-1', { topics: ['other'], ...nothing })).rejects.toMatchObject({
        name: 'TopicAuthorizationException',
      })
      await expect(connect().join('else', { topics: ['t'], ...nothing })).rejects.toMatchObject({
        name: 'GroupAuthorizationException',
        message: 'Not authorized to access group: else',
      })
    })

    test('a deny outranks an allow, and a withdrawn right ends an open connection', async () => {
      const open = connect()
      await open.append({ topic: 't', value: 'x' })
      const acls = [
        { resource: { type: 'topic', name: '*' }, operations: ['All'] },
        { type: 'deny', resource: { type: 'topic', name: 't' }, operations: ['Write'] },
      ] as const
      cluster.setPrincipal('app', { password: 'secret', acls })
      await expect(open.append({ topic: 't', value: 'x' })).rejects.toMatchObject({
        name: 'TopicAuthorizationException',
      })
      await open.append({ topic: 'other', value: 'x' })
      expect(cluster.may('app', 'Describe', 'topic', 't')).toBe(true)
    })

    test('super users need no ACL', async () => {
      cluster.start({ authentication: 'scram-sha-512', authorization: true, superUsers: ['app'] })
      await connect().append({ topic: 'other', value: 'x' })
    })
  })
})

test('acknowledged records, offsets and commits survive a restart', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'log-'))
  const file = join(folder, 'log.db')
  const before = openLog({ file })
  const cluster = before.cluster('todo/todo')
  cluster.start()
  const { topicId } = cluster.createTopic({ name: 't', partitions: 2, config: { 'retention.ms': -1 } })
  const client = cluster.connect()
  await Promise.all(
    Array.from({ length: 50 }, (_, n) => client.append({ topic: 't', key: `k${n % 5}`, value: `${n}` })),
  )
  const member = await client.join('g', {
    topics: ['t'],
    initialOffset: 'oldest',
    onClaim: async claim => {
      for await (const record of claim.records()) await claim.commit(record.offset + 1)
    },
  })
  await until(() => cluster.lag('g').every(row => row.lag === 0))
  await member.leave()
  await before.close()

  const after = openLog({ file })
  const again = after.cluster('todo/todo')
  again.start()
  expect(again.describeTopic('t')).toMatchObject({ topicId, partitions: 2, config: { 'retention.ms': '-1' } })
  expect(again.lag('g').map(row => row.lag)).toEqual([0, 0])
  const all = [0, 1].flatMap(partition => again.read('t', partition, 0, 100))
  expect(all).toHaveLength(50)
  await again.destroy()
  expect(again.listTopics()).toEqual([])
  await after.close()
  rmSync(folder, { recursive: true })
})

test('every acknowledged record is read, once per generation and in order, however members come and go', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom('join', 'leave', 'append'), { maxLength: 30 }), async steps => {
      const log = openLog({ file: ':memory:', clock: manualClock() })
      const cluster = log.cluster('a/b')
      cluster.start()
      cluster.createTopic({ name: 't', partitions: 3 })
      const client = cluster.connect()
      const offsets: number[][] = [[], [], []]
      const onClaim = async (claim: Claim) => {
        for await (const record of claim.records()) {
          offsets[record.partition]!.push(record.offset)
          await claim.commit(record.offset + 1)
        }
      }
      const joinGroup = () => client.join('g', { topics: ['t'], initialOffset: 'oldest', onClaim })
      const members = [await joinGroup()]
      let appended = 0
      for (const step of steps) {
        if (step === 'append') appended += (await client.append({ topic: 't', key: `k${appended}`, value: '' })) ? 1 : 0
        else if (step === 'join') members.push(await joinGroup())
        else if (members.length > 1) await members.shift()!.leave()
      }
      await until(() => offsets.flat().length >= appended)
      for (const seen of offsets) expect(seen).toEqual([...seen.keys()])
      await log.close()
    }),
    { numRuns: 25 },
  )
})
