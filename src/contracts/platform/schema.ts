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
import { duration, exactlyOne, name, resources, secretRef } from './schema-common.ts'
import { database } from './schema-database.ts'
import { kafka } from './schema-kafka.ts'
import { status } from './schema-status.ts'

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
  verticalAutoscaling: object(
    'Requests learned from what the pods used, by a VerticalPodAutoscaler; with autoscaling of memory only, for CPU is what that goes by.',
    {
      mode: choice('How recommendations are applied; Off only shows them. Default: InPlaceOrRecreate.', [
        'InPlaceOrRecreate',
        'Recreate',
        'Initial',
        'Off',
      ]),
      maxAllowed: open('Most to request, by cpu and memory; the container’s limits hold as well.'),
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
    database,
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
      clientId: string(
        'The web app as a client of the issuer: public, authorization code with PKCE, redirect to the address of the web app. Without it the web app signs nobody in.',
        { maxLength: 255 },
      ),
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
    chat: object(
      'A language model behind the chat, by an API like OpenAI’s or by a Dapr component; without it messages are read by their words.',
      {
        component: string(
          'Name of a Dapr conversation component in this namespace, with backend-service among its scopes.',
          name,
        ),
        baseUrl: string('Address of the API, e.g. https://models.example.com/v1.', {
          pattern: '^https?://[^\\s/]+',
          maxLength: 2048,
        }),
        model: string('Name of the model.', { minLength: 1, maxLength: 255 }),
        apiKeySecretRef: secretRef('Secret with apiKey.'),
      },
      {
        rules: [
          {
            rule: exactlyOne(['baseUrl', 'component']),
            message: 'exactly one of baseUrl, component must be set',
          },
          {
            rule: 'has(self.baseUrl) == has(self.model)',
            message: 'baseUrl and model go together',
          },
          {
            rule: 'has(self.baseUrl) || !has(self.apiKeySecretRef)',
            message: 'a component has its key itself: remove apiKeySecretRef',
          },
        ],
      },
    ),
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
