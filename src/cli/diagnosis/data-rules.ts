import { conditionOf, type KubeObject } from '../../../controller/kube/objects.ts'
import type { Platform } from '../../../controller/platform/platform.ts'
import { at, type Finding, inLayer } from './finding.ts'
import type { Observation } from './observe.ts'

const kafkaLayer = inLayer('kafka')
const topicLayer = inLayer('topics')
const databaseLayer = inLayer('database')

const STRIMZI = ['Kafka', 'KafkaNodePool', 'KafkaTopic', 'KafkaUser']

/** Kafka, its topics and users, volumes, database and migrations, as their operators report them. */
export function dataRules(observation: Observation): Finding[] {
  const { objects, platforms } = observation
  return [
    ...platforms.flatMap(platform => clusterRefRule(platform, objects)),
    ...objects.flatMap(object => {
      if (STRIMZI.includes(object.kind) && paused(object)) return [pausedRule(object)]
      return RULES[object.kind]?.(object, observation) ?? []
    }),
  ]
}

/** The Kafka the platform leans on has to exist. */
function clusterRefRule({ metadata, spec }: Platform, objects: KubeObject[]): Finding[] {
  const [kind, ref] = spec.kafka.strimzi
    ? (['Kafka', spec.kafka.strimzi.clusterRef] as const)
    : (['Redpanda', spec.kafka.redpanda?.clusterRef] as const)
  if (!ref) return []
  const namespace = ref.namespace ?? metadata.namespace
  return objects.some(
    each => each.kind === kind && each.metadata.name === ref.name && each.metadata.namespace === namespace,
  )
    ? []
    : [
        kafkaLayer(
          'kafka-absent',
          `${kind} ${namespace}/${ref.name}`,
          `spec.kafka.${kind === 'Kafka' ? 'strimzi' : 'redpanda'}.clusterRef names it, and it is not there`,
          `kubectl get ${kind.toLowerCase()} -A && kubectl edit -n ${metadata.namespace} tep/${metadata.name}`,
        ),
      ]
}

const paused = ({ metadata: { annotations = {} } }: KubeObject): boolean =>
  annotations['strimzi.io/pause-reconciliation'] === 'true'

const pausedRule = (object: KubeObject): Finding =>
  (object.kind === 'Kafka' || object.kind === 'KafkaNodePool' ? kafkaLayer : topicLayer)(
    'strimzi-paused',
    object,
    'Strimzi was told to leave it alone',
    `kubectl annotate ${at(object)} strimzi.io/pause-reconciliation-`,
  )

const RULES: Record<string, (object: KubeObject, observation: Observation) => Finding[]> = {
  Kafka: object => {
    const failed = conditionOf(object, 'NotReady')
    if (failed?.status !== 'True') return []
    const message = `${failed.reason ?? ''}: ${failed.message ?? ''}`
    if (/UnsupportedKafkaVersion|UnsupportedVersion/i.test(message))
      return [
        kafkaLayer(
          'kafka-version',
          object,
          message,
          `kubectl patch ${at(object)} --type json -p '[{"op":"remove","path":"/spec/kafka/version"}]'`,
        ),
      ]
    return [
      /node ?pool/i.test(message)
        ? kafkaLayer(
            'kafka-no-nodes',
            object,
            message,
            `kubectl get kafkanodepool -n ${object.metadata.namespace} -o yaml`,
          )
        : kafkaLayer('kafka-not-ready', object, message, `kubectl describe ${at(object)}`),
    ]
  },
  KafkaNodePool: object =>
    object['status']?.nodeIds && object['status'].nodeIds.length < (object['spec']?.replicas ?? 1)
      ? [
          kafkaLayer(
            'kafka-nodes-missing',
            object,
            `${object['status'].nodeIds.length} of ${object['spec'].replicas} nodes`,
            `kubectl get pods -n ${object.metadata.namespace} -l strimzi.io/pool-name=${object.metadata.name}`,
          ),
        ]
      : [],
  KafkaTopic: object => {
    const ready = conditionOf(object, 'Ready')
    return ready?.status === 'False'
      ? [
          topicLayer(
            'topic-not-ready',
            object,
            `${ready.reason ?? ''}: ${ready.message ?? ''}`,
            /replication/i.test(ready.message ?? '')
              ? `kubectl patch ${at(object)} --type merge -p '{"spec":{"replicas":1}}'`
              : `kubectl describe ${at(object)}`,
          ),
        ]
      : []
  },
  KafkaUser: (object, { objects }) => {
    const { namespace, name, labels = {} } = object.metadata
    const failed = conditionOf(object, 'NotReady')
    if (failed?.status === 'True')
      return [topicLayer('user-not-ready', object, failed.message ?? '', `kubectl describe ${at(object)}`)]
    const secret = object['status']?.secret
    return secret &&
      !objects.some(
        ({ kind, metadata }) => kind === 'Secret' && metadata.namespace === namespace && metadata.name === secret,
      )
      ? [
          topicLayer(
            'user-secret-missing',
            object,
            `its Secret ${secret} is not there: Strimzi’s user operator makes it`,
            `kubectl rollout restart -n ${namespace} deployment/${labels['strimzi.io/cluster'] ?? name}-entity-operator`,
          ),
        ]
      : []
  },
  // Where all is ready, nobody waits for it: a place may run pods without volumes.
  PersistentVolumeClaim: (object, { objects, platforms }) =>
    platforms.length > 0 && platforms.every(each => conditionOf(each, 'Ready')?.status === 'True')
      ? []
      : volumeRule(object, objects),
  Cluster: object => {
    const ready = conditionOf(object, 'Ready')
    const { phase = '', readyInstances = 0, instances = 0 } = object['status'] ?? {}
    if (!object.apiVersion.startsWith('postgresql.cnpg.io/')) return []
    if (/disk|space/i.test(phase))
      return [
        databaseLayer(
          'database-disk-full',
          object,
          phase,
          `kubectl patch ${at(object)} --type merge -p '{"spec":{"storage":{"size":"20Gi"}}}'  # and the same in spec.database.cloudnativepg.storage.size of the platform`,
        ),
      ]
    if (ready?.status === 'False')
      return [
        databaseLayer(
          'database-not-ready',
          object,
          `${phase} ${ready.message ?? ''}`.trim(),
          `kubectl describe ${at(object)}`,
        ),
      ]
    return readyInstances < instances
      ? [
          databaseLayer(
            'database-instances',
            object,
            `${readyInstances} of ${instances} servers are ready`,
            `kubectl get pods -n ${object.metadata.namespace} -l cnpg.io/cluster=${object.metadata.name}`,
            'warning',
          ),
        ]
      : []
  },
  Job: object => {
    const failed = conditionOf(object, 'Failed')
    const { namespace, name } = object.metadata
    return failed?.status === 'True'
      ? [
          databaseLayer(
            'job-failed',
            object,
            `${failed.reason ?? ''}: ${failed.message ?? ''}`,
            `kubectl logs -n ${namespace} job/${name} --tail=50; kubectl delete -n ${namespace} job/${name}`,
          ),
        ]
      : []
  },
}

function volumeRule(claim: KubeObject, objects: KubeObject[]): Finding[] {
  if (claim['status']?.phase === 'Lost')
    return [kafkaLayer('volume-lost', claim, 'its volume is gone', `kubectl describe ${at(claim)}`)]
  if (claim['status']?.phase !== 'Pending') return []
  const classes = objects.filter(({ kind }) => kind === 'StorageClass')
  const named = claim['spec']?.storageClassName as string | undefined
  const isDefault = ({ metadata: { annotations = {} } }: KubeObject): boolean =>
    annotations['storageclass.kubernetes.io/is-default-class'] === 'true'
  if (named && !classes.some(({ metadata }) => metadata.name === named))
    return [
      kafkaLayer(
        'storage-class-absent',
        claim,
        `there is no StorageClass ${named}; there is ${classes.map(({ metadata }) => metadata.name).join(', ') || 'none'}`,
        `kubectl get storageclass && kubectl edit -n ${claim.metadata.namespace} tep`,
      ),
    ]
  if (!named && !classes.some(isDefault))
    return [
      kafkaLayer(
        'storage-class-default',
        claim,
        'no StorageClass is the default',
        `kubectl patch storageclass ${classes[0]?.metadata.name ?? 'NAME'} -p '{"metadata":{"annotations":{"storageclass.kubernetes.io/is-default-class":"true"}}}'`,
      ),
    ]
  return [kafkaLayer('volume-pending', claim, 'it waits for a volume', `kubectl describe ${at(claim)}`, 'warning')]
}
