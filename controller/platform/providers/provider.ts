import type { Cache } from '../../kube/cache.ts'
import type { Desired } from '../desired.ts'
import type { Effective } from '../effective.ts'
import type { Refusal } from '../errors.ts'
import type { KafkaFacts } from '../facts.ts'
import type { Platform } from '../platform.ts'
import type { Context } from '../render/context.ts'

/** An item of a Dapr Component's metadata. */
export type MetadataItem = {
  name: string
  value?: string
  envRef?: string
  secretKeyRef?: { name: string; key: string }
}

export interface View {
  cache: Cache
  platform: Platform
  effective: Effective
}

/** Variables of each sidecar that carry its app's credential; one Component serves all apps. */
export const SIDECAR_ENV = {
  username: 'KAFKA_USERNAME',
  password: 'KAFKA_PASSWORD',
  certificate: 'KAFKA_CLIENT_CERT',
  key: 'KAFKA_CLIENT_KEY',
} as const

/** The one place where kinds of Kafka differ. All but `observe` is pure. */
export interface KafkaProvider {
  /** What the cache tells of this Kafka. */
  observe(view: View): KafkaFacts
  /** The cluster where it is ours to make, its topics, its users. */
  children(context: Context): Desired[]
  /** How sidecars prove themselves; `none`: they do not. */
  identity(effective: Effective): 'password' | 'certificate' | 'none'
  /** Address, encryption and authentication of a Component of type pubsub.kafka. */
  connection(context: Context): MetadataItem[]
  /**
   * What of the spec this Kafka cannot do, and the spec without it: where something exists, as it is; else as if it had
   * not been asked for.
   */
  refuse(platform: Platform, effective: Effective, facts: KafkaFacts): { effective: Effective; refused: Refusal[] }
}
