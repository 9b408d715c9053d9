/** `spec.kafka`: who runs it, and how it is reached. */
import { boolean, choice, integer, list, object, open, string } from './schema-builder.ts'
import { clusterRef, exactlyOne, resources, secretKeyRef, secretRef, storage } from './schema-common.ts'

const strimzi = object(
  'A Kafka run by Strimzi: the one described here, or one that exists (clusterRef).',
  {
    clusterRef: clusterRef('Kafka resource'),
    version: string('Kafka version, such as 4.3.1; default: the operator’s.', {
      maxLength: 16,
      pattern: '^[0-9]+\\.[0-9]+\\.[0-9]+$',
    }),
    brokers: object('The broker nodes; without controllers they are controllers too.', {
      replicas: integer('Number of nodes.', 1, 99),
      storage,
      resources,
    }),
    controllers: object(
      'Dedicated controller nodes.',
      { replicas: integer('Number of nodes; odd.', 1, 9), storage, resources },
      {
        rules: [
          {
            rule: '!has(self.replicas) || self.replicas % 2 == 1',
            message: 'replicas of the controllers must be odd: an even number adds no tolerance to failures',
          },
        ],
      },
    ),
    rackTopologyKey: string('Node label that names the rack or zone.', { maxLength: 253 }),
    config: open('Broker configuration, passed through; options that Strimzi manages itself are refused.'),
  },
  {
    rules: [
      {
        rule: '!has(self.clusterRef) || !(has(self.version) || has(self.brokers) || has(self.controllers) || has(self.config) || has(self.rackTopologyKey))',
        message:
          'clusterRef uses a Kafka that exists: remove version, brokers, controllers, config and rackTopologyKey, or remove clusterRef',
      },
    ],
  },
)

const external = object(
  'Any Kafka reached over the network: Redpanda Cloud, Confluent Cloud, MSK, your own.',
  {
    bootstrapServers: list(
      'host:port of the first brokers to ask.',
      string('host:port', { maxLength: 259, pattern: '^[^:\\s]+:[0-9]{1,5}$' }),
      { minItems: 1, maxItems: 32 },
    ),
    authentication: object(
      'How clients prove who they are.',
      {
        type: choice('Mechanism.', ['SCRAM-SHA-256', 'SCRAM-SHA-512', 'PLAIN', 'mTLS', 'None']),
        username: string('User that all apps share, unless userSecretRefs names one for each.', { maxLength: 255 }),
        passwordSecretRef: secretKeyRef('The password.'),
        certificateSecretRef: secretRef('Secret of type kubernetes.io/tls.'),
      },
      { required: ['type'] },
    ),
    userSecretRefs: {
      type: 'object',
      description: 'One credential for each app-id: Secrets with username and password.',
      maxProperties: 64,
      additionalProperties: secretRef('The credential.'),
    },
    tls: object('Encryption.', {
      enabled: boolean('Whether connections are encrypted.'),
      caSecretRef: secretKeyRef('The CA, where it is not a public one.'),
    }),
    topics: choice('Managed: created through the admin API. Assumed: only checked.', ['Managed', 'Assumed']),
  },
  { required: ['bootstrapServers'] },
)

const kafkaChoices = ['strimzi', 'redpanda', 'external']

export const kafka = object(
  'Where events are kept. Exactly one provider; the choice is for good.',
  {
    prefix: string('Prefix of topics, users and groups on a shared Kafka.', {
      maxLength: 64,
      pattern: '^[a-z0-9]([-.a-z0-9]*)$',
    }),
    strimzi,
    redpanda: object(
      'Topics and users through the Redpanda operator.',
      { clusterRef: clusterRef('Redpanda resource') },
      { required: ['clusterRef'] },
    ),
    external,
  },
  {
    rules: [
      { rule: exactlyOne(kafkaChoices), message: 'exactly one of strimzi, redpanda, external must be set' },
      {
        rule: kafkaChoices.map(field => `has(self.${field}) == has(oldSelf.${field})`).join(' && '),
        message: 'the Kafka provider is immutable: create another TodoEventPlatform and move to it',
        reason: 'FieldValueForbidden',
      },
    ],
  },
)
