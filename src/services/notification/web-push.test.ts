import { createDecipheriv, createECDH, hkdfSync } from 'node:crypto'
import { importJWK, jwtVerify } from 'jose'
import { encryptPush, vapidHeader } from './web-push.ts'
import { signed } from './webhook.ts'

const bytes = (text: string): Buffer => Buffer.from(text, 'base64url')
const browser = {
  p256dh: 'BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4',
  auth: 'BTBZMqHH6r4Tts7J_aSIgg',
}
const browserKey = 'q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94'

test('the vector of RFC 8291 appendix A', () => {
  const message = encryptPush(Buffer.from('When I grow up, I want to be a watermelon'), browser, {
    salt: bytes('DGv6ra1nlYgDCS1FRnbzlw'),
    privateKey: bytes('yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw'),
  })
  expect(message.toString('base64url')).toBe(
    'DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN',
  )
})

test('every message has a salt and a key of its own, and the browser can read it', () => {
  const messages = [1, 2].map(() => encryptPush(Buffer.from('hello'), browser))
  expect(messages[0]!.equals(messages[1]!)).toBe(false)
  for (const message of messages) expect(open(message)).toBe('hello')
})

/** What a browser does with a message. */
function open(message: Buffer): string {
  const salt = message.subarray(0, 16)
  const theirs = message.subarray(21, 21 + message[20]!)
  const sealed = message.subarray(21 + message[20]!)
  const pair = createECDH('prime256v1')
  pair.setPrivateKey(bytes(browserKey))
  const derive = (secret: Buffer, with_: Buffer, info: Buffer, length: number) =>
    Buffer.from(hkdfSync('sha256', secret, with_, info, length))
  const info = Buffer.concat([Buffer.from('WebPush: info\0'), pair.getPublicKey(), theirs])
  const material = derive(pair.computeSecret(theirs), bytes(browser.auth), info, 32)
  const key = derive(material, salt, Buffer.from('Content-Encoding: aes128gcm\0'), 16)
  const nonce = derive(material, salt, Buffer.from('Content-Encoding: nonce\0'), 12)
  const decipher = createDecipheriv('aes-128-gcm', key, nonce)
  decipher.setAuthTag(sealed.subarray(-16))
  const text = Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()])
  return text.subarray(0, text.lastIndexOf(2)).toString()
}

test('the token is for the push service alone, and is verified by the key that goes with it', async () => {
  const pair = createECDH('prime256v1')
  const publicKey = pair.generateKeys().toString('base64url')
  const vapid = { publicKey, privateKey: pair.getPrivateKey().toString('base64url'), subject: 'mailto:a@example.org' }
  const header = await vapidHeader('https://push.example.net/send/abc', vapid)
  const [, token, key] = /^vapid t=([^,]+), k=(.+)$/.exec(header)!
  expect(key).toBe(publicKey)
  const point = bytes(publicKey)
  const [x, y] = [point.subarray(1, 33), point.subarray(33)].map(part => part.toString('base64url'))
  const { payload } = await jwtVerify(token!, await importJWK({ kty: 'EC', crv: 'P-256', x: x!, y: y! }, 'ES256'))
  expect(payload).toMatchObject({ aud: 'https://push.example.net', sub: 'mailto:a@example.org' })
  expect(payload.exp! - Date.now() / 1000).toBeLessThan(24 * 3600)
})

test('a webhook is signed as Standard Webhooks has it', () => {
  // The example of the specification.
  const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
  const headers = signed('msg_p5jXN8AQM9LWM0D4loKWxJek', secret, '{"test": 2432232314}', new Date(1614265330_000))
  expect(headers).toEqual({
    'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  })
})
