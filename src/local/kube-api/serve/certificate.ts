/**
 * A self-signed certificate for 127.0.0.1, made with Node's own cryptography: an X.509 v3 certificate (RFC 5280) is
 * little enough DER (X.690) to write by hand, and kubectl sends its token over TLS only.
 */
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'

const der = (tag: number, ...parts: Uint8Array[]): Buffer => {
  const body = Buffer.concat(parts)
  const length =
    body.length < 128
      ? [body.length]
      : body.length < 256
        ? [0x81, body.length]
        : [0x82, body.length >> 8, body.length & 255]
  return Buffer.concat([Buffer.from([tag, ...length]), body])
}
const sequence = (...parts: Uint8Array[]) => der(0x30, ...parts)
const set = (...parts: Uint8Array[]) => der(0x31, ...parts)
const oid = (...bytes: number[]) => der(0x06, Buffer.from(bytes))
const text = (value: string) => der(0x0c, Buffer.from(value))
const octets = (...parts: Uint8Array[]) => der(0x04, ...parts)
const bits = (value: Uint8Array) => der(0x03, Buffer.from([0]), value)
const yes = der(0x01, Buffer.from([0xff]))
/** GeneralizedTime, for dates beyond 2049 as well. */
const time = (date: Date) => der(0x18, Buffer.from(`${date.toISOString().replaceAll(/[-:T]/g, '').slice(0, 14)}Z`))

const ecdsaWithSha256 = sequence(oid(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02))
const commonName = oid(0x55, 0x04, 0x03)
const extension = (id: number, critical: boolean, value: Uint8Array) =>
  sequence(oid(0x55, 0x1d, id), ...(critical ? [yes] : []), octets(value))

export interface Certificate {
  /** PEM. The certificate is its own authority. */
  certificate: string
  /** PEM (PKCS #8). */
  key: string
}

/** A P-256 certificate for `127.0.0.1` and `localhost`, valid for ten years from a day before `now`. */
export function selfSignedCertificate(now: Date): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const name = sequence(set(sequence(commonName, text('embedded kubernetes api'))))
  const day = 86_400_000
  const serial = randomBytes(16)
  serial[0]! &= 0x7f
  serial[0]! |= 0x40
  const names = sequence(der(0x87, Buffer.from([127, 0, 0, 1])), der(0x82, Buffer.from('localhost')))
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, serial),
    ecdsaWithSha256,
    name,
    sequence(time(new Date(now.getTime() - day)), time(new Date(now.getTime() + 3650 * day))),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    // Basic constraints (an authority), key usage (sign certificates, sign), subject alternative names.
    der(
      0xa3,
      sequence(
        extension(0x13, true, sequence(yes)),
        extension(0x0f, true, der(0x03, Buffer.from([2, 0x84]))),
        extension(0x11, false, names),
      ),
    ),
  )
  const signature = sign('sha256', body, privateKey)
  const encoded = sequence(body, ecdsaWithSha256, bits(signature))
    .toString('base64')
    .replaceAll(/(.{64})/g, '$1\n')
    .trimEnd()
  return {
    certificate: `-----BEGIN CERTIFICATE-----\n${encoded}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
  }
}
