import { hash } from 'node:crypto'

/** Kubernetes names of children; all begin with the platform's name. */
export const childName = (platform: string, part: string): string => `${platform}-${part}`

/**
 * A Kafka name as the name of a Kubernetes object (RFC 1123): itself where it is one already, else lower-cased and cleaned
 * with a digest behind it, so that two topics never meet in one object.
 */
export function resourceName(kafkaName: string): string {
  if (/^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$/.test(kafkaName) && kafkaName.length <= 200) return kafkaName
  const digest = hash('sha256', kafkaName, 'hex').slice(0, 8)
  const clean = kafkaName
    .toLowerCase()
    .replace(/[^-.a-z0-9]+/g, '-')
    .replace(/^[^a-z0-9]+|[^a-z0-9]+$/g, '')
    .slice(0, 180)
  return `${clean || 'topic'}-${digest}`
}

export const SECRETS = {
  kafkaCa: (platform: string): string => childName(platform, 'kafka-ca'),
  kafkaUser: (platform: string, appId: string): string => childName(platform, `kafka-${appId}`),
  daprTokens: (platform: string): string => childName(platform, 'dapr-token'),
  devIssuer: (platform: string): string => childName(platform, 'dev-issuer'),
  auditKey: (platform: string): string => childName(platform, 'audit-key'),
}

/** The Kafka user of an app; the name of its resource, too. */
export const kafkaUserName = (prefix: string, appId: string): string => resourceName(prefix + appId)
