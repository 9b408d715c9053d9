/** Real CRDs of the operators that the platform drives, where they are at hand: they are test data, not part of this repository. */
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadAll } from 'js-yaml'
import { type KubeApi, type KubeObject, openKubeApi } from './index.ts'
import { fieldsOf, refusal } from './test-support.ts'

const folder = join(import.meta.dirname, '..', '..', '..', '..', 'shared', 'crds')
const present = existsSync(folder)
if (!present) console.warn('no folder ../shared/crds beside the repository: the tests with real CRDs are skipped')
const withDefinitions = present ? describe : describe.skip

withDefinitions('real CRDs', () => {
  let api: KubeApi
  beforeAll(async () => {
    api = await openKubeApi({ store: 'memory' })
    for (const file of globSync(join(folder, '**', '*.yaml')))
      for (const object of loadAll(readFileSync(file, 'utf8')) as KubeObject[])
        if (object?.kind === 'CustomResourceDefinition') await api.client.apply(object, { fieldManager: 'test' })
  })
  afterAll(() => api.close())

  const kafka = (listener: object, more: object = {}) => ({
    apiVersion: 'kafka.strimzi.io/v1',
    kind: 'Kafka',
    metadata: { name: 'k', namespace: 'default' },
    spec: {
      kafka: {
        version: '4.3.1',
        listeners: [{ name: 'plain', port: 9092, type: 'internal', tls: false, ...listener }],
        config: { any: 'thing' },
        ...more,
      },
    },
  })
  const topic = (spec: object) => ({
    apiVersion: 'kafka.strimzi.io/v1',
    kind: 'KafkaTopic',
    metadata: { name: 't', namespace: 'default' },
    spec,
  })

  test('a valid Kafka keeps its free-form configuration and loses what v1 does not know', async () => {
    const made = await api.client.create(kafka({}, { replicas: 3 }))
    expect(made.spec.kafka).toMatchObject({ config: { any: 'thing' } })
    expect(made.spec.kafka).not.toHaveProperty('replicas')
  })

  test('an invalid Kafka names each field', async () => {
    const status = await refusal(
      api.client.create({
        ...kafka({ name: 'UPPER', port: 80, type: 'magic' }),
        metadata: { name: 'bad', namespace: 'default' },
      }),
    )
    expect(fieldsOf(status)).toEqual([
      // The rules of the schema are not tried on such an object, and it says so.
      '<nil>',
      'spec.kafka.listeners[0].name',
      'spec.kafka.listeners[0].port',
      'spec.kafka.listeners[0].type',
    ])
    expect(
      fieldsOf(
        await refusal(
          api.client.create({
            apiVersion: 'kafka.strimzi.io/v1',
            kind: 'Kafka',
            metadata: { name: 'no', namespace: 'default' },
          } as KubeObject),
        ),
      ),
    ).toEqual(['<nil>', 'spec'])
  })

  test('a KafkaTopic, valid and not', async () => {
    expect(fieldsOf(await refusal(api.client.create(topic({ partitions: 0, replicas: 40_000 }))))).toEqual([
      'spec.partitions',
      'spec.replicas',
    ])
    expect(
      (await api.client.apply<KubeObject>(topic({ partitions: 3 }), { fieldManager: 'me' })).metadata.generation,
    ).toBe(1)
  })

  test("Strimzi's rules are evaluated", async () => {
    const user = {
      apiVersion: 'kafka.strimzi.io/v1',
      kind: 'KafkaUser',
      metadata: { name: 'u', namespace: 'default' },
      spec: { authentication: { type: 'tls', validityDays: 3 } },
    }
    expect((await refusal(api.client.create(user))).message).toContain(
      "Both 'validityDays' and 'renewalDays' must be set together",
    )
  })
})
