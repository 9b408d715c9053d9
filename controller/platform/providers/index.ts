import type { Effective } from '../effective.ts'
import { external } from './external.ts'
import type { KafkaProvider } from './provider.ts'
import { redpanda } from './redpanda.ts'
import { strimzi } from './strimzi.ts'

const PROVIDERS: Record<Effective['kafka']['provider'], KafkaProvider> = { strimzi, redpanda, external }

export const providerOf = ({ kafka }: Pick<Effective, 'kafka'>): KafkaProvider => PROVIDERS[kafka.provider]
