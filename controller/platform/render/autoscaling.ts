import type { Desired } from '../desired.ts'
import type { EffectiveService } from '../effective-service.ts'
import { childName, SECRETS } from '../names.ts'
import { KINDS } from '../platform.ts'
import { providerOf } from '../providers/index.ts'
import { mostPods, scalerOf } from '../scaling.ts'
import { type Context, childOf } from './context.ts'

/** Share of its CPU request at which one more pod is started. */
const CPU_PERCENT = 70

/** An autoscaler with the name of its Deployment, and what it needs to read the lag. */
export function renderAutoscaling(context: Context, service: EffectiveService): Desired[] {
  const scaler = scalerOf(context, service)
  if (!scaler) return []
  return scaler === 'ScaledObject'
    ? [triggerAuthentication(context, service), scaledObject(context, service)]
    : [podAutoscaler(context, service)]
}

/** KEDA refuses a Deployment that another autoscaler has, and two of them would fight: the old one goes first. */
function waitsFor({ platform, facts }: Context, service: EffectiveService, kind: string): string | undefined {
  const name = childName(platform.metadata.name, service.contract.service)
  const other = facts.autoscalers.find(each => each.endsWith(`/${name}`) && each !== `${kind}/${name}`)
  return other && `${other.replace('/', ' ')} has to go first`
}

const bounds = (context: Context, service: EffectiveService): { min: number; max: number } => {
  const max = mostPods(context, service)
  return { min: Math.min(service.autoscaling?.min ?? 1, max), max }
}

/** By CPU of the service's own container: a sidecar without a CPU request would make the whole pod unmeasurable. */
function podAutoscaler(context: Context, service: EffectiveService): Desired {
  const { kind, apiVersion } = KINDS.deployment
  const name = childName(context.platform.metadata.name, service.contract.service)
  const { min, max } = bounds(context, service)
  return childOf(context, service, {
    kind: KINDS.podAutoscaler,
    part: 'services',
    waiting: waitsFor(context, service, KINDS.podAutoscaler.kind),
    body: {
      spec: {
        scaleTargetRef: { apiVersion, kind, name },
        minReplicas: min,
        maxReplicas: max,
        metrics: [
          {
            type: 'ContainerResource',
            containerResource: {
              name: 'cpu',
              container: service.contract.service,
              target: { type: 'Utilization', averageUtilization: CPU_PERCENT },
            },
          },
        ],
      },
    },
  })
}

/** How the trigger proves itself to Kafka, in KEDA's words (pkg/scalers/kafka_scaler.go), and where it finds the secrets. */
export interface KafkaTrigger {
  metadata: Record<string, string>
  secrets: { parameter: string; name: string; key: string }[]
}

const SASL: Record<string, string> = {
  'SCRAM-SHA-256': 'scram_sha256',
  'SCRAM-SHA-512': 'scram_sha512',
  PLAIN: 'plaintext',
}

/** The app's own user reads the lag: its ACLs let it describe its topics and its group, and nothing else. */
export function kafkaTrigger(context: Context, appId: string): KafkaTrigger {
  const { platform, effective, facts } = context
  const provider = providerOf(effective)
  const identity = provider.identity(effective)
  const user = SECRETS.kafkaUser(platform.metadata.name, appId)
  const ca = provider.connection(context).find(({ name }) => name === 'caCert')?.secretKeyRef
  const tls = effective.external ? effective.external.tls.enabled : !facts.kafka.plaintext
  const given = (names: string[], keys: string[]): KafkaTrigger['secrets'] =>
    names.map((parameter, index) => ({ parameter, name: user, key: keys[index]! }))
  return {
    metadata: {
      sasl: identity === 'password' ? SASL[effective.external?.authentication.type ?? 'SCRAM-SHA-512']! : 'none',
      tls: tls ? 'enable' : 'disable',
    },
    secrets: [
      ...(identity === 'password' ? given(['username', 'password'], ['username', 'password']) : []),
      ...(identity === 'certificate' ? given(['cert', 'key'], ['tls.crt', 'tls.key']) : []),
      ...(ca ? [{ parameter: 'ca', ...ca }] : []),
    ],
  }
}

function triggerAuthentication(context: Context, service: EffectiveService): Desired {
  return childOf(context, service, {
    kind: KINDS.triggerAuthentication,
    part: 'services',
    body: { spec: { secretTargetRef: kafkaTrigger(context, service.contract.appId).secrets } },
  })
}

function scaledObject(context: Context, service: EffectiveService): Desired {
  const { platform, effective, facts } = context
  const { contract } = service
  const name = childName(platform.metadata.name, contract.service)
  const { prefix } = effective.kafka
  const { min, max } = bounds(context, service)
  return childOf(context, service, {
    kind: KINDS.scaledObject,
    part: 'services',
    waiting:
      waitsFor(context, service, KINDS.scaledObject.kind) ??
      (facts.kafka.bootstrapServers ? undefined : 'Kafka has no listener address yet'),
    body: {
      spec: {
        scaleTargetRef: { name },
        minReplicaCount: min,
        maxReplicaCount: max,
        // An autoscaler that cannot see must not leave fewer pods than there are.
        fallback: { failureThreshold: 3, replicas: min, behavior: 'currentReplicasIfHigher' },
        // Lag or load, whichever asks for more: every service answers requests beside its events.
        triggers: [
          ...contract.consumes.map(({ topic }) => ({
            type: 'kafka',
            metadata: {
              bootstrapServers: facts.kafka.bootstrapServers ?? '',
              consumerGroup: prefix + contract.appId,
              topic: prefix + topic,
              lagThreshold: String(service.autoscaling?.lagThreshold),
              offsetResetPolicy: 'earliest',
              version: '3.6.0',
              ...kafkaTrigger(context, contract.appId).metadata,
            },
            authenticationRef: { name },
          })),
          {
            type: 'cpu',
            metricType: 'Utilization',
            metadata: { value: String(CPU_PERCENT), containerName: contract.service },
          },
        ],
      },
    },
  })
}
