import { kafkaChoice } from './kafka-choice.ts'
import { examplePlatform, neighbours } from './neighbours.ts'

const given = { namespace: 'todo', images: { kafka: 'kafka:1', postgres: 'postgres:1' } }
const around = (kafka: 'apache' | 'strimzi') => {
  const platform = examplePlatform('todo', '0.1.0', kafka)
  const objects = neighbours(given, platform, '0.1.0')
  return { platform, pods: objects.filter(({ kind }) => kind === 'StatefulSet').map(({ metadata }) => metadata.name) }
}

test('with Apache Kafka beside it, the platform finds it outside, with a credential for each app', () => {
  const { platform, pods } = around('apache')
  expect(pods).toEqual(['postgres', 'kafka'])
  expect(Object.keys(platform.spec.kafka.external!.userSecretRefs!)).toContain('backend-service')
})

test('with Strimzi only the database is beside it', () => {
  const { platform, pods } = around('strimzi')
  expect(pods).toEqual(['postgres'])
  expect(platform.spec.kafka).toEqual({ strimzi: {} })
})

test('another Kafka is refused by name', () => {
  const before = process.env['E2E_KAFKA']
  try {
    process.env['E2E_KAFKA'] = 'redpanda'
    expect(kafkaChoice).toThrow('E2E_KAFKA=redpanda: there are apache and strimzi')
    delete process.env['E2E_KAFKA']
    expect(kafkaChoice()).toBe('apache')
  } finally {
    if (before === undefined) delete process.env['E2E_KAFKA']
    else process.env['E2E_KAFKA'] = before
  }
})
