/** Just enough X.509 (RFC 5280) to make the certificates a cluster operator hands out; Node can read but not make them. */
import { createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'

const der = (tag: number, ...parts: Uint8Array[]): Buffer => {
  const body = Buffer.concat(parts)
  const size: number[] = []
  for (let rest = body.length; rest > 0; rest = Math.floor(rest / 256)) size.unshift(rest % 256)
  const length = body.length < 128 ? [body.length] : [128 + size.length, ...size]
  return Buffer.concat([Buffer.from([tag, ...length]), body])
}

const SEQUENCE = 0x30
const SET = 0x31
const oid = (hex: string): Buffer => der(0x06, Buffer.from(hex, 'hex'))
const ECDSA_WITH_SHA256 = der(SEQUENCE, oid('2a8648ce3d040302'))

/** `O=io.strimzi, CN=<name>` or `CN=<name>`. */
function distinguishedName({ organisation, commonName }: Subject): Buffer {
  const attribute = (type: string, value: string) => der(SET, der(SEQUENCE, oid(type), der(0x0c, Buffer.from(value))))
  const parts = organisation ? [attribute('55040a', organisation)] : []
  return der(SEQUENCE, ...parts, attribute('550403', commonName))
}

const utcTime = (time: number): Buffer =>
  der(0x18, Buffer.from(new Date(time).toISOString().replaceAll(/[-:T]|\.\d+/g, '')))

export interface Subject {
  organisation?: string
  commonName: string
  /** DNS names it is for: clients look at no other (RFC 9525). */
  names?: readonly string[]
}

export interface KeyAndCertificate {
  /** PKCS#8, PEM. */
  key: string
  /** PEM. */
  certificate: string
  subject: Subject
}

const pem = (label: string, data: Buffer): string =>
  `-----BEGIN ${label}-----\n${data.toString('base64').replaceAll(/.{64}(?=.)/g, '$&\n')}\n-----END ${label}-----\n`

const extensions = (extension: Buffer): Buffer => der(0xa3, der(SEQUENCE, extension))
/** basicConstraints, critical: a certificate authority. */
const AUTHORITY = der(
  SEQUENCE,
  oid('551d13'),
  der(0x01, Buffer.from([255])),
  der(0x04, der(SEQUENCE, der(0x01, Buffer.from([255])))),
)
const alternativeNames = (names: readonly string[]): Buffer =>
  der(SEQUENCE, oid('551d11'), der(0x04, der(SEQUENCE, ...names.map(name => der(0x82, Buffer.from(name))))))

/** A P-256 key and its certificate, signed by `issuer` or by itself (then an authority), valid for `days`. */
export function issue(subject: Subject, now: number, days: number, issuer?: KeyAndCertificate): KeyAndCertificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const signer: KeyObject = issuer ? createPrivateKey(issuer.key) : privateKey
  const serial = randomBytes(16)
  serial[0] = 1
  const body = der(
    SEQUENCE,
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, serial),
    ECDSA_WITH_SHA256,
    distinguishedName(issuer?.subject ?? subject),
    der(SEQUENCE, utcTime(now), utcTime(now + days * 86_400_000)),
    distinguishedName(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    ...(issuer ? (subject.names ? [extensions(alternativeNames(subject.names))] : []) : [extensions(AUTHORITY)]),
  )
  const signature = sign('sha256', body, signer)
  const certificate = der(SEQUENCE, body, ECDSA_WITH_SHA256, der(0x03, Buffer.from([0]), signature))
  return {
    subject,
    certificate: pem('CERTIFICATE', certificate),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}
