/**
 * Thin CustomResourceDefinitions of the systems the platform drives: the rules a user can run into (required fields,
 * enumerations, bounds), everything else preserved. Read from the CRDs of Strimzi 1.2.0, Dapr 1.18.3 and CloudNativePG
 * 1.30.0.
 */
import type { KubeObject, LocalClient } from '../kube-api/api.ts'

type Schema = Record<string, unknown>

const open = { 'x-kubernetes-preserve-unknown-fields': true }
const string = { type: 'string' }
const integer = (minimum?: number, maximum?: number): Schema => ({
  type: 'integer',
  ...(minimum !== undefined && { minimum }),
  ...(maximum !== undefined && { maximum }),
})
const oneOf = (...values: string[]): Schema => ({ type: 'string', enum: values })
const list = (items: Schema, more: Schema = {}): Schema => ({ type: 'array', items, ...more })
const map = (values: Schema): Schema => ({ type: 'object', additionalProperties: values })
const object = (properties: Record<string, Schema>, required: string[] = []): Schema => ({
  type: 'object',
  properties,
  ...open,
  ...(required.length > 0 && { required }),
})
const anything: Schema = { type: 'object', ...open }

export interface Definition {
  group: string
  version: string
  kind: string
  plural: string
  shortNames?: string[]
  categories?: string[]
  /** The top level beside apiVersion, kind, metadata. */
  properties: Record<string, Schema>
  required?: string[]
  subresources?: Record<string, unknown>
  columns?: { name: string; type: string; jsonPath: string }[]
}

const readyColumn = {
  name: 'Ready',
  type: 'string',
  jsonPath: '.status.conditions[?(@.type=="Ready")].status',
}
const clusterColumn = { name: 'Cluster', type: 'string', jsonPath: '.metadata.labels.strimzi\\.io/cluster' }

const strimzi = (kind: string, shortName: string, spec: Schema): Definition => ({
  group: 'kafka.strimzi.io',
  version: 'v1',
  kind,
  plural: `${kind.toLowerCase()}s`,
  shortNames: [shortName],
  categories: ['strimzi'],
  properties: { spec, status: anything },
  required: ['spec'],
  subresources: { status: {} },
})

const secretKey = object({ name: string, key: string })

const listener = object(
  {
    name: { type: 'string', pattern: '^[a-z0-9]{1,11}$' },
    port: integer(9092),
    type: oneOf('internal', 'route', 'tlsroute', 'loadbalancer', 'nodeport', 'ingress', 'cluster-ip'),
    tls: { type: 'boolean' },
    authentication: object({ type: oneOf('tls', 'scram-sha-512', 'custom') }, ['type']),
  },
  ['name', 'port', 'type', 'tls'],
)

const volume = {
  id: integer(0),
  type: oneOf('ephemeral', 'persistent-claim'),
  size: string,
  class: string,
  deleteClaim: { type: 'boolean' },
  kraftMetadata: oneOf('shared'),
}

const acl = object(
  {
    type: oneOf('allow', 'deny'),
    host: string,
    resource: object(
      {
        type: oneOf('topic', 'group', 'cluster', 'transactionalId'),
        name: string,
        patternType: oneOf('literal', 'prefix'),
      },
      ['type'],
    ),
    operations: list(
      oneOf(
        'Read',
        'Write',
        'Create',
        'Delete',
        'Alter',
        'Describe',
        'ClusterAction',
        'AlterConfigs',
        'DescribeConfigs',
        'IdempotentWrite',
        'All',
      ),
    ),
  },
  ['operations', 'resource'],
)

const STRIMZI: Definition[] = [
  {
    ...strimzi(
      'Kafka',
      'k',
      object(
        {
          kafka: object(
            {
              version: string,
              metadataVersion: string,
              listeners: list(listener, { minItems: 1 }),
              config: anything,
              authorization: object({ type: oneOf('simple', 'custom'), superUsers: list(string) }, ['type']),
            },
            ['listeners'],
          ),
          entityOperator: anything,
        },
        ['kafka'],
      ),
    ),
    columns: [
      readyColumn,
      { name: 'Warnings', type: 'string', jsonPath: '.status.conditions[?(@.type=="Warning")].status' },
      { name: 'Kafka version', type: 'string', jsonPath: '.status.kafkaVersion' },
      { name: 'Metadata version', type: 'string', jsonPath: '.status.kafkaMetadataVersion' },
    ],
  },
  {
    ...strimzi(
      'KafkaNodePool',
      'knp',
      object(
        {
          replicas: integer(0),
          roles: list(oneOf('controller', 'broker')),
          storage: object(
            {
              ...volume,
              type: oneOf('ephemeral', 'persistent-claim', 'jbod'),
              volumes: list(object(volume, ['type'])),
            },
            ['type'],
          ),
        },
        ['replicas', 'storage', 'roles'],
      ),
    ),
    subresources: {
      status: {},
      scale: {
        specReplicasPath: '.spec.replicas',
        statusReplicasPath: '.status.replicas',
        labelSelectorPath: '.status.labelSelector',
      },
    },
    columns: [
      { name: 'Desired replicas', type: 'integer', jsonPath: '.spec.replicas' },
      { name: 'Roles', type: 'string', jsonPath: '.status.roles' },
      { name: 'NodeIds', type: 'string', jsonPath: '.status.nodeIds' },
    ],
  },
  {
    ...strimzi(
      'KafkaTopic',
      'kt',
      object({ topicName: string, partitions: integer(1), replicas: integer(1, 32_767), config: anything }),
    ),
    columns: [
      clusterColumn,
      { name: 'Partitions', type: 'integer', jsonPath: '.spec.partitions' },
      { name: 'Replication factor', type: 'integer', jsonPath: '.spec.replicas' },
      readyColumn,
    ],
  },
  {
    ...strimzi(
      'KafkaUser',
      'ku',
      object({
        authentication: object(
          {
            type: oneOf('tls', 'tls-external', 'scram-sha-512'),
            password: object({ valueFrom: object({ secretKeyRef: secretKey }) }, ['valueFrom']),
          },
          ['type'],
        ),
        authorization: object({ type: oneOf('simple'), acls: list(acl) }, ['type', 'acls']),
      }),
    ),
    columns: [
      clusterColumn,
      { name: 'Authentication', type: 'string', jsonPath: '.spec.authentication.type' },
      { name: 'Authorization', type: 'string', jsonPath: '.spec.authorization.type' },
      readyColumn,
    ],
  },
]

const scopes = list(string)

/** Dapr's resources have no status. */
const dapr = (kind: string, plural: string, version: string, properties: Record<string, Schema>): Definition => ({
  group: 'dapr.io',
  version,
  kind,
  plural,
  properties,
})

const DAPR: Definition[] = [
  dapr('Component', 'components', 'v1alpha1', {
    spec: object(
      {
        type: string,
        version: string,
        ignoreErrors: { type: 'boolean' },
        initTimeout: string,
        metadata: list(
          object(
            {
              name: string,
              value: open,
              envRef: string,
              secretKeyRef: object({ name: string, key: string }, ['name']),
            },
            ['name'],
          ),
        ),
      },
      ['metadata', 'type', 'version'],
    ),
    auth: object({ secretStore: string }),
    scopes,
  }),
  dapr('Configuration', 'configurations', 'v1alpha1', { spec: anything }),
  dapr('Resiliency', 'resiliencies', 'v1alpha1', {
    spec: object({ policies: anything, targets: anything }, ['policies', 'targets']),
    scopes,
  }),
  dapr('Subscription', 'subscriptions', 'v2alpha1', {
    spec: object(
      {
        pubsubname: string,
        topic: string,
        deadLetterTopic: string,
        metadata: map(string),
        routes: object({
          default: string,
          rules: list(object({ match: string, path: string }, ['match', 'path'])),
        }),
        bulkSubscribe: object(
          { enabled: { type: 'boolean' }, maxMessagesCount: integer(), maxAwaitDurationMs: integer() },
          ['enabled'],
        ),
      },
      ['pubsubname', 'routes', 'topic'],
    ),
    scopes,
  }),
]

const CNPG: Definition[] = [
  {
    group: 'postgresql.cnpg.io',
    version: 'v1',
    kind: 'Cluster',
    plural: 'clusters',
    properties: {
      spec: object({ instances: integer(1), storage: object({ size: string }) }, ['instances']),
      status: anything,
    },
    required: ['metadata', 'spec'],
    subresources: {
      status: {},
      scale: { specReplicasPath: '.spec.instances', statusReplicasPath: '.status.instances' },
    },
    columns: [
      { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
      { name: 'Instances', type: 'integer', jsonPath: '.status.instances' },
      { name: 'Ready', type: 'integer', jsonPath: '.status.readyInstances' },
      { name: 'Status', type: 'string', jsonPath: '.status.phase' },
      { name: 'Primary', type: 'string', jsonPath: '.status.currentPrimary' },
    ],
  },
]

/** A CRD of one version. */
export function definition(from: Definition): KubeObject {
  const { group, version, kind, plural, properties, required, subresources, columns, shortNames, categories } = from
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: {
        kind,
        listKind: `${kind}List`,
        plural,
        singular: kind.toLowerCase(),
        ...(shortNames && { shortNames }),
        ...(categories && { categories }),
      },
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          schema: {
            openAPIV3Schema: {
              type: 'object',
              properties: { apiVersion: string, kind: string, metadata: { type: 'object' }, ...properties },
              ...(required && { required }),
            },
          },
          ...(subresources && { subresources }),
          ...(columns && { additionalPrinterColumns: columns }),
        },
      ],
    },
  }
}

export const CRDS: readonly KubeObject[] = [...STRIMZI, ...DAPR, ...CNPG].map(definition)

/** Applies the definitions. They are served as soon as this resolves. */
export async function installCrds(client: LocalClient): Promise<void> {
  for (const crd of CRDS) await client.apply(crd, { fieldManager: 'embedded-operators', force: true })
}
