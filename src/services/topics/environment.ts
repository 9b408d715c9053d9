import type { WantedTopic } from '../../contracts/topics-job.ts'
import { ConfigError } from '../../kit/config.ts'
import type { Connection } from './admin.ts'
import type { Mode } from './bring.ts'

export interface Question {
  connection: Connection
  topics: WantedTopic[]
  mode: Mode
  revision: string
}

type Environment = Readonly<Record<string, string | undefined>>

/** What the operator asks. @throws ConfigError TEP4205 naming the variable that is missing or malformed */
export function readQuestion(env: Environment): Question {
  const need = (name: string): string => {
    const value = env[name]
    if (!value) throw new ConfigError(`TEP4205: set ${name}: topics cannot be looked at without.`)
    return value
  }
  const type = need('KAFKA_AUTHENTICATION')
  const tls = env['KAFKA_TLS'] !== 'false' && {
    ...(env['KAFKA_CA'] && { ca: env['KAFKA_CA'] }),
    ...(type === 'mTLS' && { certificate: need('KAFKA_CLIENT_CERT'), key: need('KAFKA_CLIENT_KEY') }),
  }
  const mechanism = type === 'SCRAM-SHA-256' || type === 'SCRAM-SHA-512' || type === 'PLAIN' ? type : undefined
  return {
    connection: {
      brokers: need('KAFKA_BROKERS').split(','),
      ...(tls && { tls }),
      ...(mechanism && { sasl: { mechanism, username: need('KAFKA_USERNAME'), password: need('KAFKA_PASSWORD') } }),
    },
    topics: topicsIn(need('TOPICS')),
    mode: env['TOPICS_MODE'] === 'Assumed' ? 'Assumed' : 'Managed',
    revision: need('TOPICS_REVISION'),
  }
}

function topicsIn(text: string): WantedTopic[] {
  try {
    return JSON.parse(text) as WantedTopic[]
  } catch {
    throw new ConfigError('TEP4205: TOPICS is no JSON.')
  }
}
