import type { KubeObject } from '../../../controller/kube/objects.ts'
import { lineRule, type Match, type Rule } from './rule.ts'
import { locate, type Manifest, type Unit } from './units.ts'

type Path = readonly (string | number)[]

/** A rule over the manifests of some kinds: what it finds, by path. */
export const manifestRule = (
  rule: Omit<Rule, 'find'>,
  kinds: readonly string[],
  look: (object: KubeObject, manifest: Manifest) => readonly [path: Path, message: string][],
): Rule => ({
  ...rule,
  find: ({ objects }: Unit): Match[] =>
    objects
      .filter(({ object }) => kinds.includes(object.kind))
      .flatMap(manifest =>
        look(manifest.object, manifest).map(([path, message]) => ({ ...locate(manifest, path), message })),
      ),
})

const OLDEST = [4, 2]
const older = (version: string, than: readonly number[]): boolean => {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major < than[0]! || (major === than[0] && minor < than[1]!)
}
const versionOf = ({ spec }: KubeObject): string => String(spec?.kafka?.version ?? '')

/** Kafka as Strimzi 1.x has it: KRaft, node pools, the v1 API. */
export const KAFKA_RULES: readonly Rule[] = [
  lineRule(
    {
      id: 'strimzi-api-version',
      severity: 'error',
      why: 'Strimzi 1.0 removed v1beta2 and older: the API server does not know the kind',
      fix: 'apiVersion: kafka.strimzi.io/v1',
    },
    ['yaml'],
    /kafka\.strimzi\.io\/v1(alpha1|beta1|beta2)\b/,
  ),
  manifestRule(
    {
      id: 'kafka-version-3',
      severity: 'error',
      why: 'Strimzi 1.x runs Kafka 4.2 and newer: UnsupportedKafkaVersionException',
      fix: 'leave spec.kafka.version out, or set 4.3.1',
    },
    ['Kafka'],
    object => (/^[0-3]\./.test(versionOf(object)) ? [[['spec', 'kafka', 'version'], versionOf(object)]] : []),
  ),
  manifestRule(
    {
      id: 'kafka-version-4',
      severity: 'error',
      why: '4.0 left Strimzi in 0.51, 4.1 in 1.1; a metadata version of IV0 was not even 4.0’s own',
      fix: 'leave version and metadataVersion out, or set 4.3.1 and 4.3-IV0',
    },
    ['Kafka'],
    object => {
      const found: [Path, string][] = []
      if (versionOf(object).startsWith('4.') && older(versionOf(object), OLDEST))
        found.push([['spec', 'kafka', 'version'], versionOf(object)])
      const metadata = String(object['spec']?.kafka?.metadataVersion ?? '')
      if (metadata && older(metadata, OLDEST)) found.push([['spec', 'kafka', 'metadataVersion'], metadata])
      return found
    },
  ),
  manifestRule(
    {
      id: 'kafka-zookeeper',
      severity: 'error',
      why: 'ZooKeeper left Strimzi in 0.46; the field does not exist in v1',
      fix: 'delete spec.zookeeper, and add a KafkaNodePool with roles [controller]',
    },
    ['Kafka'],
    ({ spec }) => (spec?.zookeeper ? [[['spec', 'zookeeper'], 'spec.zookeeper']] : []),
  ),
  manifestRule(
    {
      id: 'kafka-no-node-pool',
      severity: 'error',
      why: 'replicas and storage left the Kafka resource: they are pruned, and without a node pool Kafka is never ready',
      fix: 'move them to a KafkaNodePool with label strimzi.io/cluster and roles [controller, broker]',
    },
    ['Kafka'],
    ({ spec }) =>
      (['replicas', 'storage'] as const)
        .filter(name => spec?.kafka?.[name] !== undefined)
        .map(name => [['spec', 'kafka', name], `spec.kafka.${name}`]),
  ),
  manifestRule(
    {
      id: 'strimzi-annotations',
      severity: 'warning',
      why: 'ignored since Strimzi 0.48: node pools and KRaft are all there is',
      fix: 'delete the annotation',
    },
    ['Kafka'],
    ({ metadata }) =>
      ['strimzi.io/node-pools', 'strimzi.io/kraft']
        .filter(name => metadata?.annotations?.[name] !== undefined)
        .map(name => [['metadata', 'annotations', name], name]),
  ),
  manifestRule(
    {
      id: 'kafka-unsafe',
      severity: 'warning',
      why: 'no authentication, one copy or ephemeral storage: anybody reads it, and a restart loses events',
      fix: 'listener with tls: true and authentication scram-sha-512; replication factor 3, min.insync.replicas 2; storage jbod of persistent-claim',
    },
    ['Kafka'],
    ({ spec }) => {
      const listeners = (Array.isArray(spec?.kafka?.listeners) ? spec.kafka.listeners : []) as {
        tls?: boolean
        authentication?: object
      }[]
      const found: [Path, string][] = listeners.flatMap((each, i): [Path, string][] =>
        each.tls === false && !each.authentication
          ? [[['spec', 'kafka', 'listeners', i], 'a listener without TLS and authentication']]
          : [],
      )
      if (spec?.kafka?.storage?.type === 'ephemeral') found.push([['spec', 'kafka', 'storage'], 'ephemeral storage'])
      if (Number(spec?.kafka?.config?.['default.replication.factor']) === 1)
        found.push([['spec', 'kafka', 'config', 'default.replication.factor'], 'one copy of each event'])
      return found
    },
  ),
  lineRule(
    {
      id: 'kafka-wait',
      severity: 'warning',
      why: 'a Kafka that fails says NotReady=True and never Ready=False: the wait ends by its timeout, and tells nothing',
      fix: "tep why, or kubectl get kafka NAME -o jsonpath='{.status.conditions}' beside the wait",
    },
    ['shell', 'prose'],
    /kubectl wait kafka(topic)?s?\/\S+ .*condition=Ready/,
  ),
  lineRule(
    {
      id: 'strimzi-pod-name',
      severity: 'error',
      why: 'pods are named <cluster>-<pool>-<id> since node pools',
      fix: 'kubectl get pods -l strimzi.io/cluster=NAME; for example todo-kafka-broker-0',
    },
    ['shell', 'prose'],
    /\b[a-z0-9-]+-kafka-\d+\b/,
  ),
  {
    id: 'topic-name-dots',
    severity: 'warning',
    why: 'a dot collides with an underscore in Kafka’s metrics, and one topic for each type loses the order of one user’s events',
    fix: 'task-events with the type in the event; where the name is given, metadata.name without dots and spec.topicName',
    find: unit =>
      unit.language === 'yaml'
        ? manifestRule({ id: '', severity: 'warning', why: '', fix: '' }, ['KafkaTopic'], ({ metadata, spec }) =>
            metadata?.name?.includes('.') && !spec?.topicName ? [[['metadata', 'name'], metadata.name]] : [],
          ).find(unit)
        : lineRule(
            { id: '', severity: 'warning', why: '', fix: '' },
            ['prose'],
            /^\s*[-*|]\s*`?[a-z-]+\.(tasks|recurring|reminders)\.[a-z]+`?/,
          ).find(unit),
  },
  lineRule(
    {
      id: 'redpanda-defaults',
      severity: 'warning',
      why: 'Redpanda’s chart listens inside on 9093 with TLS, and needs cert-manager and 2.5 GiB',
      fix: 'port 9093 with its CA, or tls.enabled=false in the chart for a laptop',
    },
    ['yaml', 'shell', 'prose'],
    /\bredpanda:9092\b/,
  ),
  lineRule(
    {
      id: 'redpanda-free-tier',
      severity: 'warning',
      why: 'Redpanda Serverless gives a credit for a trial, no free tier',
      fix: 'look at its price page, or use Strimzi',
    },
    ['prose', 'shell'],
    /free serverless|serverless.{0,12}\(?free|\bfree tier\b/i,
  ),
  lineRule(
    {
      id: 'bitnami-images',
      severity: 'warning',
      why: 'Bitnami’s free images went in August 2025',
      fix: 'Strimzi: helm install strimzi oci://quay.io/strimzi-helm/strimzi-kafka-operator',
    },
    ['prose', 'shell', 'yaml'],
    /bitnami/i,
  ),
]
