import { createHmac, randomBytes } from 'node:crypto'

/** A secret as Standard Webhooks writes it. */
export const newSecret = (): string => `whsec_${randomBytes(24).toString('base64')}`

/**
 * Headers that let a receiver know who sent a body, when, and that it saw it before (Standard Webhooks 1.0: the id stays the
 * same over retries; HMAC-SHA256 over id, time and body).
 */
export function signed(id: string, secret: string, body: string, now: Date): Record<string, string> {
  const timestamp = String(Math.floor(now.getTime() / 1000))
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` }
}
