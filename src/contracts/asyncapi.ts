import { DEFINITIONS, EVENT_SCHEMAS, type EventType, typesOn } from './events/schemas.ts'
import { PUBSUB, SERVICES, TOPICS, TYPE_PREFIX } from './topology.ts'

const types = Object.keys(EVENT_SCHEMAS) as EventType[]
const messageRef = (type: string) => ({ $ref: `#/components/messages/${type}` })

const pointer = (text: string): string => text.replaceAll('~', '~0').replaceAll('/', '~1')

/** Definitions move to where an AsyncAPI document keeps its schemas. */
const withRefs = (schema: unknown): unknown =>
  JSON.parse(JSON.stringify(schema).replaceAll('"#/$defs/', '"#/components/schemas/'))

const text = (description: string, more: object = {}) => ({ type: 'string', description, ...more })

/** CloudEvents 1.0 in structured JSON, as every event of the platform is written. */
const envelope = {
  type: 'object',
  required: ['specversion', 'id', 'source', 'type', 'time', 'datacontenttype', 'partitionkey', 'data'],
  properties: {
    specversion: { const: '1.0' },
    id: text('identifies the event; deliveries may repeat, effects do not', { minLength: 1, maxLength: 128 }),
    source: text('/tasks/ and the app-id of the publisher', { format: 'uri-reference' }),
    type: text('which event', { pattern: `^${TYPE_PREFIX.replaceAll('.', '\\.')}` }),
    subject: text('the aggregate, e.g. task/ and its id'),
    time: text('RFC 3339', { format: 'date-time' }),
    datacontenttype: { const: 'application/json' },
    dataschema: text('of data', { format: 'uri' }),
    partitionkey: text('the person; events of one person keep their order', { minLength: 1, maxLength: 256 }),
    sequence: text('version of the aggregate, padded to 20 digits', { pattern: '^\\d{20}$' }),
    correlationid: text('of all that one request led to'),
    causationid: text('id of the event that led to this one'),
    traceparent: text('W3C trace context'),
    tracestate: text('W3C trace context'),
    authtype: text('how who acted was known'),
    authid: text('who acted'),
    replaycount: { type: 'integer', minimum: 0, description: 'how often it was replayed from the dead letters' },
    data: { type: 'object' },
  },
} as const

const message = (type: EventType) => ({
  name: `${TYPE_PREFIX}${type}`,
  title: type,
  contentType: 'application/cloudevents+json',
  payload: {
    allOf: [
      { $ref: '#/components/schemas/CloudEvent' },
      { properties: { type: { const: `${TYPE_PREFIX}${type}` }, data: withRefs(EVENT_SCHEMAS[type]) } },
    ],
  },
  bindings: { kafka: { key: { type: 'string', description: 'the person (partitionkey)' }, bindingVersion: '0.5.0' } },
})

const channel = ({ name, partitions, retentionMs }: (typeof TOPICS)[number]) => ({
  address: name,
  description: 'The name is what a platform has without a prefix.',
  messages: Object.fromEntries(typesOn(name).map(type => [type, messageRef(type)])),
  bindings: {
    kafka: {
      topic: name,
      partitions,
      topicConfiguration: { 'retention.ms': retentionMs },
      bindingVersion: '0.5.0',
    },
  },
})

const operation = (action: 'send' | 'receive', topic: string, wanted: readonly string[] | undefined) => ({
  action,
  channel: { $ref: `#/channels/${pointer(topic)}` },
  messages: typesOn(topic)
    .filter(type => !wanted || wanted.includes(`${TYPE_PREFIX}${type}`))
    .map(type => ({ $ref: `#/channels/${pointer(topic)}/messages/${type}` })),
})

/** AsyncAPI 3.1 of the platform: its topics, who publishes and who consumes what, and the schema of every event. */
export function asyncapi(): object {
  const operations = SERVICES.flatMap(({ service, publishes, consumes }) => [
    ...publishes.map(topic => [`${service}-sends-${topic}`, operation('send', topic, undefined)] as const),
    ...consumes.map(
      ({ topic, types: wanted }) => [`${service}-receives-${topic}`, operation('receive', topic, wanted)] as const,
    ),
  ])
  return {
    asyncapi: '3.1.0',
    info: {
      title: 'Todo events',
      version: '1.0.0',
      description: `CloudEvents 1.0 in structured JSON on Kafka, through the Dapr component ${PUBSUB}. The backend publishes for all services, from their outbox.`,
    },
    defaultContentType: 'application/cloudevents+json',
    channels: Object.fromEntries(TOPICS.map(topic => [topic.name, channel(topic)])),
    operations: Object.fromEntries(operations),
    components: {
      messages: Object.fromEntries(types.map(type => [type, message(type)])),
      schemas: { CloudEvent: envelope, ...(withRefs(DEFINITIONS) as object) },
    },
  }
}
