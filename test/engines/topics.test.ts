/** The topics Job against Apache Kafka itself: what it makes, grows, configures, and says of what it may not. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { decodeReport, type TopicsReport, type WantedTopic } from '../../src/contracts/topics-job.ts'
import { bringTopicsOnce } from '../../src/services/topics/main.ts'
import { missingEngines } from './find.ts'
import { type KafkaNode, startKafka } from './kafka.ts'

const missing = missingEngines(['kafka'])
if (missing.length > 0) console.warn(`skipped, for there is no ${missing.join(', ')} (make engines finds or builds it)`)
const whenThere = missing.length > 0 ? describe.skip : describe

whenThere('the topics Job and Apache Kafka', () => {
  const folder = mkdtempSync(join(tmpdir(), 'topics-'))
  let kafka: KafkaNode
  beforeAll(async () => {
    kafka = await startKafka({ folder, properties: { 'auto.create.topics.enable': 'false' } })
  }, 60_000)
  afterAll(async () => {
    await kafka?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  const wanted = (over: Partial<WantedTopic> = {}): WantedTopic => ({
    name: 'task-events',
    partitions: 2,
    replicas: 1,
    config: { 'retention.ms': '600000' },
    ...over,
  })
  async function ask(topics: WantedTopic[], mode = 'Managed'): Promise<TopicsReport & { code: number }> {
    let said = ''
    const code = await bringTopicsOnce({
      env: {
        KAFKA_BROKERS: kafka.bootstrap,
        KAFKA_AUTHENTICATION: 'None',
        KAFKA_TLS: 'false',
        TOPICS: JSON.stringify(topics),
        TOPICS_MODE: mode,
        TOPICS_REVISION: 'r1',
        LOG_LEVEL: 'silent',
      },
      say: text => {
        said = text
      },
    })
    return { code, ...decodeReport(said)! }
  }

  test('a missing topic is told where topics are assumed, made where they are managed, and left alone from then on', async () => {
    expect(await ask([wanted()], 'Assumed')).toMatchObject({
      code: 1,
      troubles: [{ topic: 'task-events', reason: 'Missing' }],
    })
    const well = { code: 0, revision: 'r1', troubles: [], live: {} }
    expect(await ask([wanted()])).toEqual(well)
    expect(await ask([wanted()], 'Assumed')).toEqual(well)
  }, 60_000)

  test('partitions grow, a configuration is changed, and what Kafka cannot take back is reported as it is', async () => {
    const grown = wanted({ partitions: 4, config: { 'retention.ms': '700000', 'max.message.bytes': '2000000' } })
    expect(await ask([grown])).toMatchObject({ code: 0, troubles: [] })
    expect(await ask([wanted({ partitions: 3 })])).toMatchObject({ live: { 'task-events': [4, 1] } })
  }, 60_000)

  test('what Kafka refuses comes back in its own words, and does not keep the other topics from being made', async () => {
    const report = await ask([wanted({ name: 'too-many', replicas: 5 }), wanted({ name: 'task-updates' })])
    expect(report).toMatchObject({ code: 1, troubles: [{ topic: 'too-many', reason: 'InvalidReplicationFactor' }] })
    expect(await ask([wanted({ name: 'task-updates' })], 'Assumed')).toMatchObject({ code: 0 })
  }, 60_000)
})
