import { createPrivateKey, X509Certificate } from 'node:crypto'
import { appAccess } from './access.ts'
import type { Effective } from './effective.ts'
import type { Facts } from './facts.ts'
import { SECRETS } from './names.ts'
import type { Platform } from './platform.ts'
import type { Readiness } from './readiness.ts'

type Context = { platform: Platform; effective: Effective; facts: Facts }

/** One certificate, or several of a chain or bundle, that somebody put into a Secret for a Kafka outside the cluster. */
interface Given {
  /** Name of our copy. */
  secret: string
  /** Where it comes from, for people. */
  from: string
  pem: string
  key?: string
}

/** Setting a timer for later than this is asking for trouble; looking once more costs nothing. */
const LOOK_AGAIN_MS = 3_600_000
const BLOCK = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g

/** What Strimzi and Redpanda hand out they renew themselves; what people bring for an external Kafka only they can. */
function given({ platform, effective, facts }: Context): Given[] {
  const { external } = effective
  if (!external) return []
  const { name } = platform.metadata
  const { caSecretRef } = external.tls
  const ca = facts.kafka.caCert
  const clients = appAccess(effective).flatMap(({ appId }): Given[] => {
    const credential = facts.kafka.credentials[appId]
    if (!credential || !('certificate' in credential)) return []
    const source = external.userSecretRefs[appId]?.name ?? external.authentication.certificateSecretRef?.name
    const from = `Secret ${source}, the certificate of ${appId}`
    return [{ secret: SECRETS.kafkaUser(name, appId), from, pem: credential.certificate, key: credential.key }]
  })
  return [
    ...(ca && caSecretRef
      ? [{ secret: SECRETS.kafkaCa(name), from: `Secret ${caSecretRef.name}, the CA of Kafka`, pem: ca }]
      : []),
    ...clients,
  ]
}

/**
 * Certificates that no broker, or no client, will take, by the name of the Secret that holds our copy: unreadable, not of
 * the key beside it, not valid yet, or no more. Whether a CA is that of the brokers only the sidecars can tell.
 * @param now milliseconds since 1970
 */
export const certificateProblems = (context: Context, now: number): Map<string, Readiness> =>
  new Map(
    given(context).flatMap(each => {
      const problem = problemOf(each, now)
      return problem ? [[each.secret, { ready: false, ...problem }] as const] : []
    }),
  )

/** Milliseconds until a certificate begins or ceases to be valid; `undefined` where there is none. */
export function nextTurnMs(context: Context, now: number): number | undefined {
  const turns = given(context)
    .flatMap(({ pem }) => certificatesIn(pem) ?? [])
    .flatMap(({ validFrom, validTo }) => [Date.parse(validFrom), Date.parse(validTo)])
    .filter(turn => turn >= now)
  return turns.length > 0 ? Math.min(Math.min(...turns) - now + 1_000, LOOK_AGAIN_MS) : undefined
}

function problemOf({ from, pem, key }: Given, now: number): Omit<Readiness, 'ready'> | undefined {
  const certificates = certificatesIn(pem)
  const [first] = certificates ?? []
  if (!certificates || !first)
    return { reason: 'CertificateInvalid', message: `${from}, is no certificate in PEM: put one there` }
  if (key !== undefined && !fits(first, key))
    return {
      reason: 'CertificateKeyMismatch',
      message: `${from}, is not of the key beside it: put the two that belong together into tls.crt and tls.key`,
    }
  const iso = (date: string): string => new Date(date).toISOString().replace(/\.\d+Z$/, 'Z')
  // Of a client's chain its own is the first; of a bundle of CAs one that is valid will do.
  const judged = key === undefined ? certificates : [first]
  if (judged.some(({ validFrom, validTo }) => Date.parse(validFrom) <= now && now <= Date.parse(validTo)))
    return undefined
  return judged.every(({ validTo }) => Date.parse(validTo) < now)
    ? { reason: 'CertificateExpired', message: `${from}, expired at ${iso(first.validTo)}: put a new one there` }
    : {
        reason: 'CertificateNotYetValid',
        message: `${from}, is valid from ${iso(first.validFrom)} only: wait, or put another one there`,
      }
}

/** @returns nothing where one of them cannot be read */
function certificatesIn(pem: string): X509Certificate[] | undefined {
  try {
    return (pem.match(BLOCK) ?? []).map(block => new X509Certificate(block))
  } catch {
    return undefined
  }
}

function fits(certificate: X509Certificate, key: string): boolean {
  try {
    return certificate.checkPrivateKey(createPrivateKey(key))
  } catch {
    // A key that cannot be read is of no certificate.
    return false
  }
}
