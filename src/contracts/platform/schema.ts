/** The schema of TodoEventPlatform: the one source of the CRD, of the TypeScript types and of the reference page. */
import {
  boolean,
  choice,
  integer,
  keyed,
  list,
  number,
  object,
  open,
  type Schema,
  string,
  strings,
} from './schema-builder.ts'

const name = { maxLength: 63, pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$' }
const quantity = { maxLength: 32, pattern: '^[0-9]+(\\.[0-9]+)?(Ei|Pi|Ti|Gi|Mi|Ki|E|P|T|G|M|k)?$' }
const duration = { maxLength: 16, pattern: '^[1-9][0-9]*(ms|s|m|h|d)$' }

const secretKeyRef = (description: string): Schema =>
  object(
    description,
    { name: string('Name of the Secret.', name), key: string('Key in the Secret.', { minLength: 1, maxLength: 253 }) },
    { required: ['name', 'key'] },
  )

const secretRef = (description: string): Schema =>
  object(description, { name: string('Name of the Secret.', name) }, { required: ['name'] })

const clusterRef = (what: string): Schema =>
  object(
    `A ${what} that exists already.`,
    {
      name: string(`Name of the ${what}.`, name),
      namespace: string('Its namespace; default: that of this resource.', name),
    },
    { required: ['name'] },
  )

const storage = object(
  'The volume of one node.',
  {
    size: string('Size of the volume, such as 100Gi.', quantity),
    class: string('StorageClass; default: the cluster’s.', { maxLength: 253 }),
  },
  { required: ['size'] },
)

const resources = object('Requests and limits, as in a container.', {
  requests: open('Guaranteed amounts by resource name.'),
  limits: open('Upper bounds by resource name.'),
})

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
const exactlyOne = (fields: string[]): string =>
  `[${fields.map(field => `has(self.${field})`).join(', ')}].filter(x, x).size() == 1`

const kafka = object(
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

const service = object('One event service.', {
  enabled: boolean('Whether it runs.'),
  replicas: integer('Number of pods; not used with autoscaling.', 0, 100),
  autoscaling: object(
    'Scale on consumer lag.',
    {
      min: integer('Fewest pods.', 1, 100),
      max: integer('Most pods; capped at the number of partitions.', 1, 100),
      lagThreshold: integer('Events of lag for each pod.', 1, 1_000_000),
    },
    {
      required: ['max'],
      rules: [{ rule: '!has(self.min) || self.min <= self.max', message: 'min must not be above max' }],
    },
  ),
  resources,
  logLevel: choice('Verbosity.', ['trace', 'debug', 'info', 'warn', 'error']),
})

export const SERVICE_KEYS = ['backend', 'recurring', 'notification', 'audit', 'realtime', 'analytics', 'web'] as const

const spec = object(
  'What is wanted.',
  {
    profile: choice('Development or Production: picks defaults; see status.effective.', ['Development', 'Production']),
    version: string('Release of the services; set: pinned, omitted: follows the operator.', {
      // It becomes a label's value and an image's tag, which end in a letter or digit.
      maxLength: 63,
      pattern: '^[0-9]+\\.[0-9]+\\.[0-9]+(-[0-9A-Za-z.-]*[0-9A-Za-z])?$',
    }),
    suspend: boolean('True: nothing is written but status.'),
    deletionPolicy: choice('What becomes of topics, Kafka and database volumes when this resource goes.', [
      'Delete',
      'Retain',
    ]),
    kafka,
    topics: keyed(
      'Topics to change or to add; the standard ones exist without being listed.',
      object(
        'One topic.',
        {
          name: string('Name, without prefix.', { minLength: 1, maxLength: 200, pattern: '^[a-zA-Z0-9._-]+$' }),
          partitions: integer('Number of partitions; it can only grow.', 1, 10_000),
          replicas: integer('Copies of each partition.', 1, 99),
          retention: string('How long events are kept, such as 168h.', duration),
          config: open('Topic configuration, passed through.'),
        },
        { required: ['name'] },
      ),
      ['name'],
      256,
    ),
    subscriptions: keyed(
      'Your own consumers, beside the built-in ones.',
      object(
        'One consumer of one topic.',
        {
          app: string('Its Dapr app-id.', name),
          topic: string('Topic, without prefix.', { minLength: 1, maxLength: 200 }),
          path: string('Route that receives the events.', { maxLength: 255, pattern: '^/' }),
          rules: list(
            'Routes by content; the first match wins.',
            object(
              'A rule.',
              {
                match: string('CEL expression over `event`.', { minLength: 1 }),
                path: string('Route.', { maxLength: 255, pattern: '^/' }),
              },
              { required: ['match', 'path'] },
            ),
            { maxItems: 32 },
          ),
          deadLetter: boolean('Whether events that keep failing go to a topic of their own.'),
        },
        { required: ['app', 'topic', 'path'] },
      ),
      ['app', 'topic'],
      256,
    ),
    database: object(
      'Where tasks are kept: any PostgreSQL by its URI, or a CloudNativePG cluster.',
      {
        secretRef: secretKeyRef('Secret with the connection URI.'),
        cloudnativepg: object('A cluster of CloudNativePG.', {
          instances: integer('Number of servers.', 1, 9),
          storage,
          backup: object(
            'Backups: to an object store through the Barman Cloud plugin, or as snapshots of the volumes.',
            {
              schedule: string('Cron expression of five fields, or of six with seconds first.', {
                maxLength: 100,
                pattern: '^\\S+( +\\S+){4,5}$',
              }),
              destinationPath: string(
                'Where in the object store, such as s3://backups/todo; without it, volume snapshots.',
                {
                  pattern: '^[a-z][a-z0-9+.-]*://.+$',
                },
              ),
              endpointUrl: string('Address of an S3-compatible store that is not Amazon’s.', { pattern: '^https?://' }),
              objectStoreSecretRef: secretRef(
                'Secret with ACCESS_KEY_ID and ACCESS_SECRET_KEY; default: the pods’ own identity.',
              ),
              retention: string('How long backups are kept, such as 30d.', {
                maxLength: 16,
                pattern: '^[1-9][0-9]*[dwm]$',
              }),
            },
            {
              required: ['schedule'],
              rules: [
                {
                  rule: 'has(self.destinationPath) || !(has(self.endpointUrl) || has(self.objectStoreSecretRef) || has(self.retention))',
                  message:
                    'endpointUrl, objectStoreSecretRef and retention are about an object store: set destinationPath, or remove them',
                },
              ],
            },
          ),
        }),
      },
      {
        rules: [
          {
            rule: exactlyOne(['secretRef', 'cloudnativepg']),
            message: 'exactly one of secretRef, cloudnativepg must be set',
          },
        ],
      },
    ),
    services: object(
      'The event services; the same keys for each.',
      Object.fromEntries(SERVICE_KEYS.map(key => [key, service])),
    ),
    podTemplate: object('For every pod of the platform.', {
      imagePullSecrets: list('Secrets to pull images with.', secretRef('A Secret.'), { maxItems: 16 }),
      nodeSelector: strings('Labels a node must have.'),
      tolerations: list('Taints to tolerate.', open('A toleration.'), { maxItems: 32 }),
      affinity: open('Affinity, as in a pod.'),
      priorityClassName: string('PriorityClass.', { maxLength: 253 }),
      labels: strings('Labels to add.'),
      annotations: {
        ...strings('Annotations to add; those of Dapr and of confinement are the platform’s own.'),
        'x-kubernetes-validations': [
          {
            rule: "self.all(key, !key.startsWith('dapr.io/') && !key.startsWith('todo.events/') && !key.startsWith('container.apparmor.security') && !key.startsWith('seccomp.security') && !key.startsWith('container.seccomp'))",
            message: 'annotations of dapr.io, todo.events, AppArmor and seccomp are set by the platform: remove them',
          },
        ],
      },
    }),
    legacy: object('Names of earlier todo platforms.', {
      enabled: boolean('Render their pubsub and topics too, and subscribe to them.'),
    }),
    dapr: object('Dapr sidecars.', {
      logLevel: choice('Verbosity of the sidecars.', ['debug', 'info', 'warn', 'error']),
      tracing: object('Traces.', {
        endpoint: string('OTLP endpoint, host:port.', { maxLength: 255 }),
        samplingRatio: number('Share of traces kept, 0 to 1.', 0, 1),
      }),
      apiToken: boolean('Whether apps and sidecars prove themselves to each other by token.'),
    }),
    auth: object('Who may sign in. Development without an issuer gets a built-in one.', {
      issuer: string('OpenID Connect issuer.', { pattern: '^https?://' }),
      audience: string('Audience the tokens must name.', { maxLength: 255 }),
      jwksUri: string('Keys; default: found through the issuer.', { pattern: '^https?://' }),
      rolesClaim: string('Claim with the roles.', { maxLength: 255 }),
      operatorRole: string('Role that sees the console.', { maxLength: 255 }),
    }),
    notifications: object('How reminders leave the platform.', {
      smtpSecretRef: secretRef('Secret with url and from.'),
      vapidSecretRef: secretRef('Secret with publicKey, privateKey and subject.'),
      webhookAllowedHosts: list(
        'Hosts that webhooks of users may call; `*` stands for every public one.',
        string('Host.', { maxLength: 253 }),
        {
          maxItems: 256,
        },
      ),
    }),
    ingress: object('The way in.', {
      host: string('Host name.', { maxLength: 253 }),
      className: string('IngressClass.', { maxLength: 253 }),
      tlsSecretName: string('Secret of type kubernetes.io/tls.', name),
      annotations: strings('Annotations of the Ingress or HTTPRoute, for its controller.'),
      gatewayRef: object(
        'A Gateway instead of an Ingress.',
        { name: string('Name.', name), namespace: string('Namespace.', name) },
        { required: ['name'] },
      ),
    }),
    networkPolicy: object('Network policies: nothing but what the platform needs. Default in Production.', {
      enabled: boolean('Whether they are rendered.'),
      ingressNamespaces: list('Namespaces whose pods may reach the web service; default: all.', string('Name.', name), {
        maxItems: 16,
      }),
      monitoringNamespaces: list(
        'Namespaces whose pods may read metrics; default: pods of Prometheus anywhere.',
        string('Name.', name),
        { maxItems: 16 },
      ),
    }),
    monitoring: object('Monitors and alerts for the Prometheus operator. Default in Production.', {
      enabled: boolean('Whether they are rendered.'),
    }),
  },
  { required: ['kafka', 'database'] },
)

const condition = object(
  'What is so, and why.',
  {
    type: string('Which aspect.', { maxLength: 316 }),
    status: choice('Whether it is so.', ['True', 'False', 'Unknown']),
    reason: string('One word.'),
    message: string('For people.', { maxLength: 32_768 }),
    lastTransitionTime: string('When the status changed last.', { format: 'date-time' }),
    observedGeneration: { type: 'integer', format: 'int64', description: 'Generation of the spec this is about.' },
  },
  { required: ['type', 'status', 'reason', 'message', 'lastTransitionTime'] },
)

const status = object('What is.', {
  observedGeneration: {
    type: 'integer',
    format: 'int64',
    description: 'Generation of the spec that this status is about.',
  },
  lastHandledReconcileAt: string('Token of the last reconcile asked for by annotation.'),
  conditions: keyed('Aspects of the platform.', condition, ['type'], 32),
  effective: open('The spec with the defaults in force.'),
  components: list(
    'Every part, and why one waits.',
    object(
      'A part.',
      {
        kind: string('Kind.'),
        name: string('Name.'),
        ready: boolean('Whether it is ready.'),
        reason: string('One word.'),
        message: string('For people.', { maxLength: 32_768 }),
      },
      { required: ['kind', 'name', 'ready'] },
    ),
  ),
  endpoints: object('Addresses.', {
    web: string('The web app.'),
    api: string('The API.'),
    mcp: string('The MCP server.'),
  }),
  kafka: object('The Kafka in use.', {
    bootstrapServers: string('Addresses.', { maxLength: 4096 }),
    version: string('Version.'),
  }),
  services: object('How many services are ready.', { ready: string('ready/wanted') }),
  version: string('Release of the services in force.'),
  inventory: list(
    'Every child, for pruning and deletion.',
    object(
      'A child.',
      { group: string('API group.'), kind: string('Kind.'), namespace: string('Namespace.'), name: string('Name.') },
      { required: ['kind', 'name'] },
    ),
  ),
})

export const platformSchema: Schema = object(
  'TodoEventPlatform declares an event-driven todo platform: its Kafka, its topics and users, its Dapr components, and its services.',
  {
    apiVersion: { type: 'string' },
    kind: { type: 'string' },
    metadata: { type: 'object' },
    spec,
    status,
  },
  {
    required: ['spec'],
    rules: [
      {
        rule: 'self.metadata.name.size() <= 40',
        message: 'metadata.name must be at most 40 characters: the names of the children begin with it',
      },
    ],
  },
)
