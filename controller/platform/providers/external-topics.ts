import { decodeReport, type TopicsReport, type WantedTopic } from '../../../src/contracts/topics-job.ts'
import { type Desired, hashOf } from '../desired.ts'
import type { Effective } from '../effective.ts'
import type { Facts, KafkaFacts, TopicReport } from '../facts.ts'
import { childName, resourceName } from '../names.ts'
import { KINDS, PLATFORM_LABEL, PLATFORM_NAMESPACE_LABEL, type Platform } from '../platform.ts'
import { BY_NAMESPACE, type Cached } from '../project.ts'
import { type Context, child } from '../render/context.ts'
import {
  CONTAINER_SECURITY,
  type Env,
  image,
  podAnnotations,
  podLabels,
  podSpec,
  SCRATCH_MOUNT,
} from '../render/pods.ts'
import type { PodInput } from './inputs.ts'
import type { View } from './provider.ts'
import { topicConfig } from './topics.ts'

/** Component of the Job, and the name of its program. */
export const TOPICS = 'topics'

const wantedTopics = ({ topics, kafka }: Effective): WantedTopic[] =>
  topics.map(topic => ({
    name: kafka.prefix + topic.name,
    partitions: topic.partitions,
    ...(topic.replicas && { replicas: topic.replicas }),
    config: Object.fromEntries(Object.entries(topicConfig(topic)).map(([option, value]) => [option, String(value)])),
  }))

/** Everything the Job's answer depends on: another question, address or credential is another Job. */
const revisionOf = (effective: Effective, { credentials, caCert }: KafkaFacts): string => {
  const { bootstrapServers, authentication, tls, topics } = effective.external!
  return hashOf([
    effective.version,
    wantedTopics(effective),
    topics,
    bootstrapServers,
    authentication,
    tls,
    credentials['backend-service'] ?? '',
    caCert ?? '',
  ])
}

const jobName = ({ metadata }: Platform, revision: string): string => childName(metadata.name, `topics-${revision}`)

/**
 * Makes the topics, or looks whether they are there. It is tried again until it succeeds, with pauses of up to five minutes
 * (the kubelet's back-off): a topic that somebody else has to make may come any time.
 */
export function topicsJob(context: Context): Desired[] {
  const { platform, effective, facts } = context
  const revision = revisionOf(effective, facts.kafka)
  return [
    child(context, {
      kind: KINDS.job,
      name: jobName(platform, revision),
      component: TOPICS,
      part: 'topics',
      waiting: facts.kafka.missing ?? missingInput(effective, facts),
      body: {
        spec: {
          backoffLimit: 100_000,
          template: {
            metadata: {
              labels: { ...podLabels(context, TOPICS), [PLATFORM_NAMESPACE_LABEL]: platform.metadata.namespace },
              annotations: podAnnotations(context),
            },
            spec: {
              ...podSpec(context),
              restartPolicy: 'OnFailure',
              containers: [
                {
                  name: TOPICS,
                  image: image(context),
                  args: [TOPICS],
                  env: environment(effective, revision),
                  resources: { requests: { cpu: '10m', memory: '64Mi' }, limits: { memory: '256Mi' } },
                  securityContext: CONTAINER_SECURITY,
                  volumeMounts: [SCRATCH_MOUNT],
                },
              ],
            },
          },
        },
      },
    }),
  ]
}

/** A pod whose Secret is missing would not start, and say so nowhere but in its own events. */
function missingInput({ external }: Effective, { kafka }: Facts): string | undefined {
  const { authentication, tls } = external!
  if (authentication.type !== 'None' && !kafka.credentials['backend-service'])
    return 'the Secret with the credential of backend-service is not there yet'
  if (tls.enabled && tls.caSecretRef && !kafka.caCert)
    return `Secret ${tls.caSecretRef.name} with the CA (key ${tls.caSecretRef.key}) is not there yet`
  return undefined
}

function environment(effective: Effective, revision: string): Env[] {
  const { bootstrapServers, authentication, userSecretRefs, tls, topics } = effective.external!
  const { type, username, passwordSecretRef, certificateSecretRef } = authentication
  const from = (name: string, secret: string | undefined, key: string): Env[] =>
    secret ? [{ name, valueFrom: { secretKeyRef: { name: secret, key } } }] : []
  // The shared credential is the one that may make topics; where each app has its own, the backend's writes to them all.
  const own = userSecretRefs['backend-service']?.name
  const shared = type === 'mTLS' ? certificateSecretRef?.name : username && passwordSecretRef?.name
  const certificate = shared ?? own
  return [
    { name: 'KAFKA_BROKERS', value: bootstrapServers.join(',') },
    { name: 'KAFKA_AUTHENTICATION', value: type },
    ...(type === 'mTLS'
      ? [...from('KAFKA_CLIENT_CERT', certificate, 'tls.crt'), ...from('KAFKA_CLIENT_KEY', certificate, 'tls.key')]
      : type === 'None'
        ? []
        : shared
          ? [
              { name: 'KAFKA_USERNAME', value: username! },
              ...from('KAFKA_PASSWORD', passwordSecretRef!.name, passwordSecretRef!.key),
            ]
          : [...from('KAFKA_USERNAME', own, 'username'), ...from('KAFKA_PASSWORD', own, 'password')]),
    { name: 'KAFKA_TLS', value: String(tls.enabled) },
    ...(tls.enabled && tls.caSecretRef ? from('KAFKA_CA', tls.caSecretRef.name, tls.caSecretRef.key) : []),
    { name: 'TOPICS', value: JSON.stringify(wantedTopics(effective)) },
    { name: 'TOPICS_MODE', value: topics },
    { name: 'TOPICS_REVISION', value: revision },
  ]
}

/** What the Job of today's question has said, as one row for each topic. */
export function topicsReported(view: View, kafka: KafkaFacts): Pick<KafkaFacts, 'topics' | 'reports'> {
  const { cache, platform, effective } = view
  const revision = revisionOf(effective, kafka)
  const report = lastWords(view, platform).find(each => each.revision === revision)
  const job = cache.get(KINDS.job, platform.metadata.namespace, jobName(platform, revision)) as Cached | undefined
  const rowOf = (topic: string): Omit<TopicReport, 'topic'> => {
    const trouble = report?.troubles.find(each => each.topic === topic)
    if (trouble) return { ready: false, reason: trouble.reason, message: trouble.message }
    if (report?.failure) return { ready: false, reason: 'Unreachable', message: report.failure }
    // A Job that succeeded has found every topic; its pod, and what it said, may be gone by now.
    return report || job?.readiness.ready
      ? { ready: true, reason: 'Ready', message: '' }
      : { ready: false, reason: 'Checking', message: 'the topics Job has not reported yet' }
  }
  const live = Object.entries(report?.live ?? {})
  return {
    reports: effective.topics.map(({ name }) => {
      const topic = effective.kafka.prefix + name
      return { topic: resourceName(topic), ...rowOf(topic) }
    }),
    topics: Object.fromEntries(live.map(([name, [partitions, replicas]]) => [name, { partitions, replicas }])),
  }
}

const lastWords = ({ cache }: View, { metadata }: Platform): TopicsReport[] =>
  cache
    .byIndex(BY_NAMESPACE, `${KINDS.pod.kind}/${metadata.namespace}`)
    .filter(pod => pod.metadata.labels?.[PLATFORM_LABEL] === metadata.name)
    .map(pod => pod['input'] as PodInput)
    .flatMap(({ component, said }) => (component === TOPICS && decodeReport(said)) || [])
