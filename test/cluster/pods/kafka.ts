/**
 * Entry point of the Kafka pod: one node, broker and controller at once. Clients come by TLS and SCRAM-SHA-512 and may do
 * only what an ACL allows; the listener on the pod's own loopback is the administrator's.
 */
import { existsSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { Admin } from '@platformatic/kafka'
import { eventually, run, serve } from './process.ts'

/** By environment variable, as JSON. */
export interface KafkaSettings {
  /** `host:port` that clients are told. */
  advertised: string
  users: { name: string; password: string }[]
  acls: {
    user: string
    resource: 'topic' | 'group'
    name: string
    pattern: 'literal' | 'prefix'
    operations: string[]
  }[]
}

const settings = JSON.parse(process.env['SETTINGS'] ?? '{}') as KafkaSettings
const JAVA = [
  '-Xmx320m',
  '-XX:+UseSerialGC',
  '-XX:TieredStopAtLevel=1',
  '-Dlog4j2.configurationFile=/tmp/log4j2.properties',
  '-cp',
  '/opt/kafka/*',
]
const PROPERTIES = '/tmp/server.properties'
const lines: Record<string, string> = {
  'process.roles': 'broker,controller',
  'node.id': '1',
  'controller.quorum.voters': '1@127.0.0.1:9093',
  listeners: 'CLIENTS://0.0.0.0:9094,LOCAL://127.0.0.1:9092,CONTROLLER://127.0.0.1:9093',
  'advertised.listeners': `CLIENTS://${settings.advertised},LOCAL://127.0.0.1:9092`,
  'listener.security.protocol.map': 'CLIENTS:SASL_SSL,LOCAL:PLAINTEXT,CONTROLLER:PLAINTEXT',
  'inter.broker.listener.name': 'LOCAL',
  'controller.listener.names': 'CONTROLLER',
  'listener.name.clients.sasl.enabled.mechanisms': 'SCRAM-SHA-512',
  'listener.name.clients.scram-sha-512.sasl.jaas.config':
    'org.apache.kafka.common.security.scram.ScramLoginModule required;',
  'listener.name.clients.ssl.keystore.type': 'PEM',
  'listener.name.clients.ssl.keystore.location': '/tls/keystore.pem',
  'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
  'super.users': 'User:ANONYMOUS',
  'auto.create.topics.enable': 'false',
  'log.dirs': '/data/log',
  'offsets.topic.replication.factor': '1',
  'offsets.topic.num.partitions': '5',
  'transaction.state.log.replication.factor': '1',
  'transaction.state.log.min.isr': '1',
  'share.coordinator.state.topic.replication.factor': '1',
  'share.coordinator.state.topic.min.isr': '1',
  'group.initial.rebalance.delay.ms': '0',
}
writeFileSync(
  PROPERTIES,
  Object.entries(lines)
    .map(([name, value]) => `${name}=${value}\n`)
    .join(''),
)
writeFileSync(
  '/tmp/log4j2.properties',
  'rootLogger.level=WARN\nrootLogger.appenderRef.out.ref=out\nappender.out.type=Console\nappender.out.name=out\nappender.out.layout.type=PatternLayout\nappender.out.layout.pattern=%d %p %m%n\n',
)

if (!existsSync('/data/log/meta.properties')) {
  const scram = settings.users.flatMap(({ name, password }) => [
    '--add-scram',
    `SCRAM-SHA-512=[name=${name},password=${password}]`,
  ])
  const id = Buffer.from('todo-event-kafka').toString('base64url')
  await run('/opt/jre/bin/java', [
    ...JAVA,
    'kafka.tools.StorageTool',
    'format',
    '--cluster-id',
    id,
    '--config',
    PROPERTIES,
    ...scram,
  ])
}
serve('/opt/jre/bin/java', [...JAVA, 'kafka.Kafka', PROPERTIES])

/** Kafka's codes (KIP-140, KIP-290). */
const RESOURCE = { topic: 2, group: 3 } as const
const PATTERN = { literal: 3, prefix: 4 } as const
const OPERATION: Readonly<Record<string, number>> = {
  Read: 3,
  Write: 4,
  Create: 5,
  Delete: 6,
  Alter: 7,
  Describe: 8,
  DescribeConfigs: 10,
  AlterConfigs: 11,
}
const ALLOW = 3

await eventually('the ACLs', async () => {
  const admin = new Admin({ clientId: 'pod', bootstrapBrokers: ['127.0.0.1:9092'], retries: 0 })
  try {
    const creations = settings.acls.flatMap(({ user, resource, name, pattern, operations }) =>
      operations.map(operation => ({
        resourceType: RESOURCE[resource],
        resourceName: name,
        resourcePatternType: PATTERN[pattern],
        principal: `User:${user}`,
        host: '*',
        operation: OPERATION[operation]!,
        permissionType: ALLOW,
      })),
    )
    await admin.createAcls({ creations } as never)
  } finally {
    await admin.close()
  }
})
// Ready only now: a client that came before its ACL would be refused for good.
createServer((_, response) => response.end('ready\n')).listen(8080)
