/** What stands around the platform in its namespace: Apache Kafka with TLS, SCRAM and ACLs, and PostgreSQL; all restricted. */
import { randomBytes } from 'node:crypto'
import type { KubeObject } from '../../controller/kube/objects.ts'
import { aclRules, appAccess } from '../../controller/platform/access.ts'
import { effectiveSpec } from '../../controller/platform/effective.ts'
import type { Platform } from '../../controller/platform/platform.ts'
import { USER } from '../../src/images/base.ts'
import { issue } from '../../src/local/operators/certificates.ts'
import type { KafkaChoice } from './kafka-choice.ts'
import type { KafkaSettings } from './pods/kafka.ts'

export interface Neighbours {
  namespace: string
  /** Image references. */
  images: { kafka: string; postgres: string }
}

/** User of the topics Job: it may make topics under the platform's prefix, and nothing else. */
const TOPIC_ADMIN = 'todo-topics'

/**
 * The example platform. With Apache Kafka beside it: topics made by the platform, a credential for each app. With Strimzi all of
 * it is the operators' work, and goes with the platform.
 */
export function examplePlatform(namespace: string, version: string, kafka: KafkaChoice = 'apache'): Platform {
  const platform = {
    apiVersion: 'todo.events/v1alpha1',
    kind: 'TodoEventPlatform',
    metadata: { name: 'todo', namespace },
    spec: {
      profile: 'Development',
      // Pinned: an upgrade of the operator moves no pod.
      version,
      kafka: kafka === 'strimzi' ? { strimzi: {} } : { external: apacheKafka(namespace) },
      database: { secretRef: { name: 'todo-db', key: 'uri' } },
    },
  } as unknown as Platform
  const { external } = platform.spec.kafka
  if (!external) return platform
  const apps = appAccess(effectiveSpec(platform, version)).map(({ appId }) => appId)
  external.userSecretRefs = Object.fromEntries(apps.map(app => [app, { name: kafkaSecret(app) }]))
  return platform
}

const apacheKafka = (namespace: string): object => ({
  bootstrapServers: [bootstrap(namespace)],
  authentication: {
    type: 'SCRAM-SHA-512',
    username: TOPIC_ADMIN,
    passwordSecretRef: { name: kafkaSecret(TOPIC_ADMIN), key: 'password' },
  },
  tls: { enabled: true, caSecretRef: { name: 'kafka-ca', key: 'ca.crt' } },
  topics: 'Managed',
})

const bootstrap = (namespace: string): string => `kafka.${namespace}.svc:9094`
const kafkaSecret = (user: string): string => `kafka-${user}`

/** Exactly the ACLs that the operator would give each app where it makes the users itself, and those of the topics Job. */
function settings(platform: Platform, version: string): KafkaSettings {
  const effective = effectiveSpec(platform, version)
  const { prefix } = effective.kafka
  const access = appAccess(effective)
  return {
    advertised: bootstrap(platform.metadata.namespace),
    users: [TOPIC_ADMIN, ...access.map(({ appId }) => appId)].map(name => ({
      name,
      password: randomBytes(16).toString('hex'),
    })),
    acls: [
      ...access.flatMap(app => aclRules(app, prefix).map(rule => ({ user: app.appId, ...rule }))),
      {
        user: TOPIC_ADMIN,
        resource: 'topic',
        name: prefix,
        pattern: 'prefix',
        operations: ['Create', 'Alter', 'Describe', 'DescribeConfigs', 'AlterConfigs'],
      },
    ],
  }
}

export function neighbours(given: Neighbours, platform: Platform, version: string): KubeObject[] {
  return [...postgres(given), ...(platform.spec.kafka.external ? apache(given, platform, version) : [])]
}

const secretIn =
  (namespace: string) =>
  (name: string, stringData: Record<string, string>): KubeObject => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace },
    stringData,
  })

function postgres({ namespace, images }: Neighbours): KubeObject[] {
  const [admin, app] = [randomBytes(16).toString('hex'), randomBytes(16).toString('hex')]
  const secret = secretIn(namespace)
  return [
    secret('postgres', { ADMIN_PASSWORD: admin, APP_PASSWORD: app }),
    secret('todo-db', { uri: `postgresql://app:${app}@postgres.${namespace}.svc:5432/app` }),
    ...stateful(namespace, 'postgres', images.postgres, 5432, {
      env: 'postgres',
      memory: '1Gi',
      readinessProbe: { tcpSocket: { port: 5432 }, periodSeconds: 1 },
    }),
  ]
}

function apache({ namespace, images }: Neighbours, platform: Platform, version: string): KubeObject[] {
  const authority = issue({ commonName: 'todo-e2e' }, Date.now(), 30)
  const server = issue({ commonName: 'kafka', names: [`kafka.${namespace}.svc`] }, Date.now(), 30, authority)
  const kafka = settings(platform, version)
  const secret = secretIn(namespace)
  return [
    secret('kafka-ca', { 'ca.crt': authority.certificate }),
    secret('kafka-tls', { 'keystore.pem': server.key + server.certificate }),
    secret('kafka-settings', { SETTINGS: JSON.stringify(kafka) }),
    ...kafka.users.map(({ name, password }) => secret(kafkaSecret(name), { username: name, password })),
    ...stateful(namespace, 'kafka', images.kafka, 9094, {
      env: 'kafka-settings',
      memory: '1Gi',
      mount: { name: 'tls', mountPath: '/tls', readOnly: true },
      volume: { name: 'tls', secret: { secretName: 'kafka-tls' } },
      readinessProbe: { httpGet: { path: '/', port: 8080 }, periodSeconds: 1 },
    }),
  ]
}

interface Store {
  /** Secret whose keys are the variables. */
  env: string
  memory: string
  readinessProbe: object
  mount?: object
  volume?: object
}

/** One pod that keeps its folder `/data` when it dies. */
function stateful(namespace: string, name: string, image: string, port: number, store: Store): KubeObject[] {
  const metadata = { name, namespace }
  const labels = { 'e2e.todo.events/store': name }
  const listed = (given: object | undefined): object[] => (given ? [given] : [])
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: { selector: labels, ports: [{ name: 'clients', port }] },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata,
      spec: {
        serviceName: name,
        replicas: 1,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            automountServiceAccountToken: false,
            terminationGracePeriodSeconds: 20,
            securityContext: {
              runAsNonRoot: true,
              runAsUser: USER,
              runAsGroup: USER,
              fsGroup: USER,
              seccompProfile: { type: 'RuntimeDefault' },
            },
            containers: [
              {
                name,
                image,
                imagePullPolicy: 'IfNotPresent',
                envFrom: [{ secretRef: { name: store.env } }],
                ports: [{ name: 'clients', containerPort: port }],
                readinessProbe: store.readinessProbe,
                resources: { requests: { cpu: '50m', memory: '256Mi' }, limits: { memory: store.memory } },
                securityContext: {
                  allowPrivilegeEscalation: false,
                  readOnlyRootFilesystem: true,
                  capabilities: { drop: ['ALL'] },
                },
                volumeMounts: [
                  { name: 'data', mountPath: '/data' },
                  { name: 'tmp', mountPath: '/tmp' },
                  ...listed(store.mount),
                ],
              },
            ],
            volumes: [{ name: 'tmp', emptyDir: {} }, ...listed(store.volume)],
          },
        },
        volumeClaimTemplates: [
          {
            metadata: { name: 'data' },
            spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
          },
        ],
      },
    },
  ]
}
