import fc from 'fast-check'
import { decodeReport, encodeReport, type WantedTopic } from '../../contracts/topics-job.ts'
import type { Connection, FoundTopic, TopicAdmin } from './admin.ts'
import { bringTopics } from './bring.ts'
import { bringTopicsOnce } from './main.ts'

/** A Kafka in the small, which remembers what was asked of it. */
class FakeKafka implements TopicAdmin {
  readonly topics = new Map<string, FoundTopic & { config: Record<string, string> }>()
  readonly calls: string[] = []
  forbidden: string[] = []

  async describe(names: string[]): Promise<Map<string, FoundTopic>> {
    return new Map([...this.topics].filter(([name]) => names.includes(name)))
  }
  async create({ name, partitions, replicas = 3, config }: WantedTopic): Promise<void> {
    this.#allow('create', name)
    this.topics.set(name, { partitions, replicas, config })
  }
  async grow(name: string, partitions: number): Promise<void> {
    this.#allow('grow', name)
    this.topics.get(name)!.partitions = partitions
  }
  async configOf(name: string): Promise<Record<string, string>> {
    return this.topics.get(name)!.config
  }
  async configure(name: string, config: Record<string, string>): Promise<void> {
    this.#allow('configure', name)
    Object.assign(this.topics.get(name)!.config, config)
  }
  async close(): Promise<void> {}

  #allow(call: string, name: string): void {
    this.calls.push(`${call} ${name}`)
    if (this.forbidden.includes(name))
      throw Object.assign(new Error('Not authorized to access topics'), { code: 'TOPIC_AUTHORIZATION_FAILED' })
  }
}

const topic = (name: string, partitions = 6, more: Partial<WantedTopic> = {}): WantedTopic => ({
  name,
  partitions,
  config: { 'retention.ms': '1000' },
  ...more,
})

test('what is missing is made, what is too small grows, what differs is configured; a second look changes nothing', async () => {
  const kafka = new FakeKafka()
  kafka.topics.set('old', { partitions: 2, replicas: 3, config: { 'retention.ms': '5', 'cleanup.policy': 'compact' } })
  const wanted = [topic('new'), topic('old')]
  expect(await bringTopics(kafka, wanted, 'Managed')).toEqual({ troubles: [], live: {} })
  expect(kafka.calls).toEqual(['create new', 'grow old', 'configure old'])
  expect(kafka.topics.get('old')).toEqual({
    partitions: 6,
    replicas: 3,
    config: { 'retention.ms': '1000', 'cleanup.policy': 'compact' },
  })
  await bringTopics(kafka, wanted, 'Managed')
  expect(kafka.calls).toHaveLength(3)
})

test('more partitions and other replicas are told and left; one topic’s trouble keeps no other from its turn', async () => {
  const kafka = new FakeKafka()
  kafka.topics.set('large', { partitions: 12, replicas: 3, config: { 'retention.ms': '1000' } })
  kafka.forbidden = ['secret']
  const report = await bringTopics(
    kafka,
    [topic('secret'), topic('large', 6, { replicas: 1 }), topic('new')],
    'Managed',
  )
  expect(report).toEqual({
    live: { large: [12, 3] },
    troubles: [{ topic: 'secret', reason: 'TopicAuthorizationFailed', message: 'Not authorized to access topics' }],
  })
  expect([...kafka.topics.keys()]).toEqual(['large', 'new'])
})

test('assumed topics are only looked at', async () => {
  const kafka = new FakeKafka()
  kafka.topics.set('small', { partitions: 1, replicas: 3, config: {} })
  const { troubles } = await bringTopics(kafka, [topic('small'), topic('absent')], 'Assumed')
  expect(troubles.map(({ topic: name, reason }) => `${name} ${reason}`)).toEqual([
    'small TooFewPartitions',
    'absent Missing',
  ])
  expect(kafka.calls).toEqual([])
})

const env = {
  KAFKA_BROKERS: 'a:9092,b:9092',
  KAFKA_AUTHENTICATION: 'SCRAM-SHA-512',
  KAFKA_USERNAME: 'todo',
  KAFKA_PASSWORD: 'geheim',
  KAFKA_CA: 'PEM',
  TOPICS: JSON.stringify([topic('task-events')]),
  TOPICS_MODE: 'Managed',
  TOPICS_REVISION: 'r1',
}

test('the program says what it found with its last words, and never its password', async () => {
  const kafka = new FakeKafka()
  const words: string[] = []
  let asked: Connection | undefined
  const connect = async (connection: Connection): Promise<TopicAdmin> => {
    asked = connection
    return kafka
  }
  expect(await bringTopicsOnce({ env, connect, say: text => words.push(text) })).toBe(0)
  expect(asked).toEqual({
    brokers: ['a:9092', 'b:9092'],
    tls: { ca: 'PEM' },
    sasl: { mechanism: 'SCRAM-SHA-512', username: 'todo', password: 'geheim' },
  })
  const refused = async (): Promise<TopicAdmin> => {
    throw Object.assign(new Error('Authentication failed'), { code: 'SASL_AUTHENTICATION_FAILED' })
  }
  expect(await bringTopicsOnce({ env, connect: refused, say: text => words.push(text) })).toBe(1)
  expect(words.map(decodeReport)).toEqual([
    { revision: 'r1', troubles: [], live: {} },
    { revision: 'r1', failure: 'SaslAuthenticationFailed: Authentication failed', troubles: [], live: {} },
  ])
  expect(words.join()).not.toContain('geheim')
})

test('a variable that is missing is named', async () => {
  await expect(bringTopicsOnce({ env: { ...env, KAFKA_PASSWORD: '' } })).rejects.toThrow(/^TEP4205: set KAFKA_PASSWORD/)
})

test('any report fits into 4096 bytes, and says how many troubles had no room', () => {
  const trouble = fc.record({
    topic: fc.string({ minLength: 1, maxLength: 249 }),
    reason: fc.constantFrom('Missing', 'TopicAuthorizationFailed'),
    message: fc.string({ unit: 'grapheme', maxLength: 500 }),
  })
  const live = fc.dictionary(fc.string({ minLength: 1, maxLength: 200 }), fc.tuple(fc.nat(999), fc.nat(9)), {
    maxKeys: 80,
  })
  fc.assert(
    fc.property(fc.array(trouble, { maxLength: 60 }), live, (troubles, all) => {
      const text = encodeReport({ revision: 'r', troubles, live: all })
      const report = decodeReport(text)!
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(4096)
      expect(report.troubles.length + (report.more ?? 0)).toBe(troubles.length)
    }),
  )
})
