import { SECRETS } from '../names.ts'
import type { Platform } from '../platform.ts'
import { type MetadataItem, SIDECAR_ENV } from './provider.ts'

/** The CA that the platform trusts. */
export const caCert = (platform: Platform): MetadataItem => ({
  name: 'caCert',
  secretKeyRef: { name: SECRETS.kafkaCa(platform.metadata.name), key: 'ca.crt' },
})

/**
 * User and password of the app. The mechanism is exactly one of these words: any other means SASL/PLAIN, silently
 * (components-contrib common/component/kafka/metadata.go).
 * @param trusted whose certificates are taken: undefined, TLS is off
 */
export const byPassword = (
  mechanism: 'PLAINTEXT' | 'SHA-256' | 'SHA-512',
  trusted: readonly MetadataItem[] | undefined,
): MetadataItem[] => [
  { name: 'authType', value: 'password' },
  { name: 'saslUsername', envRef: SIDECAR_ENV.username },
  { name: 'saslPassword', envRef: SIDECAR_ENV.password },
  { name: 'saslMechanism', value: mechanism },
  ...(trusted ?? [{ name: 'disableTls', value: 'true' }]),
]
