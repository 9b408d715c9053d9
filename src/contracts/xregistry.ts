import { DEFINITIONS, EVENT_SCHEMAS, type EventType, SCHEMA_VERSION, schemaUri, typesOn } from './events/schemas.ts'
import { SERVICES, TOPICS, TYPE_PREFIX } from './topology.ts'

const ENVELOPE = {
  envelope: 'CloudEvents/1.0',
  envelopeoptions: { mode: 'structured', format: 'application/cloudevents+json' },
}
const FORMAT = 'JsonSchema/2020-12'
const GROUP = 'todo-events'

const endpoint = (usage: 'producer' | 'consumer', topic: string) => ({
  usage: [usage],
  channel: topic,
  protocol: 'KAFKA',
  // The address is each platform's own.
  protocoloptions: { topic, deployed: false },
  ...ENVELOPE,
  messagegroups: [`#/messagegroups/${topic}`],
})

/** Its id is the event's type, by which a consumer finds it. */
const message = (type: EventType) => ({
  ...ENVELOPE,
  envelopemetadata: {
    type: { type: 'string', value: `${TYPE_PREFIX}${type}`, required: true },
    source: { type: 'uritemplate', value: '/tasks/{appid}', required: true },
    time: { type: 'timestamp', required: true },
    partitionkey: { type: 'string', required: true, description: 'the person; events of one person keep their order' },
  },
  protocol: 'KAFKA',
  datacontenttype: 'application/json',
  dataschemaformat: FORMAT,
  dataschemauri: `#/schemagroups/${GROUP}/schemas/${type}`,
})

const schema = (type: EventType) => ({
  format: FORMAT,
  versions: {
    [SCHEMA_VERSION]: { format: FORMAT, schema: { $id: schemaUri(type), ...EVENT_SCHEMAS[type], $defs: DEFINITIONS } },
  },
})

/**
 * The catalog of events as an xRegistry document (CNCF xRegistry 1.0-rc4: endpoint/spec.md, message/spec.md, schema/spec.md), for
 * tools that generate code or check messages by it.
 */
export function xregistry(): object {
  const endpoints = SERVICES.flatMap(({ service, publishes, consumes }) => [
    ...publishes.map(topic => [`${service}-produces-${topic}`, endpoint('producer', topic)] as const),
    ...consumes.map(({ topic }) => [`${service}-consumes-${topic}`, endpoint('consumer', topic)] as const),
  ])
  const groups = TOPICS.map(({ name }) => {
    const messages = typesOn(name).map(type => [`${TYPE_PREFIX}${type}`, message(type)] as const)
    return [name, { ...ENVELOPE, protocol: 'KAFKA', messages: Object.fromEntries(messages) }] as const
  })
  const schemas = (Object.keys(EVENT_SCHEMAS) as EventType[]).map(type => [type, schema(type)] as const)
  return {
    endpoints: Object.fromEntries(endpoints),
    messagegroups: Object.fromEntries(groups),
    schemagroups: { [GROUP]: { schemas: Object.fromEntries(schemas) } },
  }
}
