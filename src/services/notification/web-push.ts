import { createCipheriv, createECDH, type ECDH, hkdfSync, randomBytes } from 'node:crypto'
import { importJWK, SignJWT } from 'jose'

/** What a browser's PushSubscription holds beside its endpoint, in base64url. */
export interface PushKeys {
  p256dh: string
  auth: string
}

/** Key pair of this application server (RFC 8292), in base64url, and how to reach who runs it. */
export interface Vapid {
  publicKey: string
  privateKey: string
  /** `mailto:` or `https:`. */
  subject: string
}

const bytes = (text: string): Buffer => Buffer.from(text, 'base64url')
const derive = (secret: Buffer, salt: Buffer, info: Buffer, length: number): Buffer =>
  Buffer.from(hkdfSync('sha256', secret, salt, info, length))

const RECORD_SIZE = 4096

/**
 * Encrypts a message for one subscription: `aes128gcm` (RFC 8188) with keys agreed as RFC 8291 §3 has it.
 * @param fixed salt and key pair, for the vector of RFC 8291 appendix A; fresh ones otherwise
 * @throws Error when the subscription's keys are none
 */
export function encryptPush(
  message: Buffer,
  { p256dh, auth }: PushKeys,
  fixed?: { salt: Buffer; privateKey: Buffer },
): Buffer {
  const pair: ECDH = createECDH('prime256v1')
  if (fixed) pair.setPrivateKey(fixed.privateKey)
  else pair.generateKeys()
  const salt = fixed?.salt ?? randomBytes(16)
  const [ours, theirs] = [pair.getPublicKey(), bytes(p256dh)]
  const info = Buffer.concat([Buffer.from('WebPush: info\0'), theirs, ours])
  const material = derive(pair.computeSecret(theirs), bytes(auth), info, 32)
  const key = derive(material, salt, Buffer.from('Content-Encoding: aes128gcm\0'), 16)
  const nonce = derive(material, salt, Buffer.from('Content-Encoding: nonce\0'), 12)
  const cipher = createCipheriv('aes-128-gcm', key, nonce)
  // The last record ends with the delimiter 2.
  const sealed = Buffer.concat([cipher.update(message), cipher.update(Buffer.from([2])), cipher.final()])
  const size = Buffer.alloc(4)
  size.writeUInt32BE(RECORD_SIZE)
  return Buffer.concat([salt, size, Buffer.from([ours.length]), ours, sealed, cipher.getAuthTag()])
}

const LIFETIME_SECONDS = 12 * 60 * 60

/** The Authorization header for a push service: a token for its origin alone (RFC 8292 §2, §3). */
export async function vapidHeader(endpoint: string, vapid: Vapid): Promise<string> {
  const point = bytes(vapid.publicKey)
  const jwk = {
    kty: 'EC',
    crv: 'P-256',
    d: vapid.privateKey,
    x: point.subarray(1, 33).toString('base64url'),
    y: point.subarray(33, 65).toString('base64url'),
  }
  const token = await new SignJWT({})
    .setProtectedHeader({ typ: 'JWT', alg: 'ES256' })
    .setAudience(new URL(endpoint).origin)
    .setExpirationTime(`${LIFETIME_SECONDS}s`)
    .setSubject(vapid.subject)
    .sign(await importJWK(jwk, 'ES256'))
  return `vapid t=${token}, k=${vapid.publicKey}`
}
