/** `GET /v1.0/metadata` and `PUT /v1.0/metadata/{key}`: dapr pkg/api/http/metadata.go. */
import type { HealthCheck } from './app-health.ts'
import type { Components } from './components.ts'
import type { Subscription } from './subscriptions.ts'

/** The version whose behaviour this sidecar has. */
export const RUNTIME_VERSION = '1.18.3'

export interface MetadataSource {
  appId: string
  appPort: number | undefined
  appHost: string
  healthCheck: HealthCheck | undefined
  components: Components
  subscriptions: readonly Subscription[]
  resiliencies: readonly string[]
  enabledFeatures: readonly string[]
  extended: ReadonlyMap<string, string>
}

const none = <T>(list: readonly T[]): readonly T[] | undefined => (list.length > 0 ? list : undefined)

export function metadataOf(source: MetadataSource): object {
  const { healthCheck, components } = source
  // Dapr has no field for a component that failed, because it exits; here the reason stays readable.
  const failures = [...components.problems].map(([name, why]) => [`initError.${name}`, why] as const)
  return {
    id: source.appId,
    runtimeVersion: RUNTIME_VERSION,
    enabledFeatures: none(source.enabledFeatures),
    components: none(components.list()),
    extended: { daprRuntimeVersion: RUNTIME_VERSION, ...Object.fromEntries([...source.extended, ...failures]) },
    subscriptions: none(
      source.subscriptions.map(({ pubsub, topic, metadata, rules, deadLetterTopic, type }) => ({
        pubsubname: pubsub,
        topic,
        ...(Object.keys(metadata).length > 0 && { metadata }),
        rules: rules.map(({ match, path }) => ({ ...(match && { match }), path })),
        deadLetterTopic: deadLetterTopic ?? '',
        type,
      })),
    ),
    appConnectionProperties: {
      ...(source.appPort !== undefined && { port: source.appPort }),
      protocol: 'http',
      channelAddress: source.appHost,
      ...(healthCheck && {
        health: {
          healthCheckPath: healthCheck.path,
          healthProbeInterval: `${healthCheck.intervalSeconds}s`,
          healthProbeTimeout: `${healthCheck.timeoutMilliseconds}ms`,
          healthThreshold: healthCheck.threshold,
        },
      }),
    },
    actorRuntime: { runtimeStatus: 'DISABLED', hostReady: false, placement: 'placement: disconnected' },
    scheduler: { connectedAddresses: ['embedded'] },
    resiliencies: none(source.resiliencies.map(name => ({ name }))),
  }
}
