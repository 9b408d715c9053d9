import { type OutsidePolicy, postOutside } from './outside.ts'
import { type Delivery, Refused, type Send } from './sender.ts'
import { encryptPush, type PushKeys, type Vapid, vapidHeader } from './web-push.ts'
import { signed } from './webhook.ts'

const contentOf = ({ notification_id: id, kind, title, body, task_id, reminder_id, created_at }: Delivery): string =>
  JSON.stringify({ id, kind, title, body, task_id, reminder_id, created_at: created_at.toISOString() })

const DAY_SECONDS = 24 * 60 * 60

/** Push messages to browsers (RFC 8030). A push service that no longer knows the subscription says 404 or 410. */
export const webPushChannel =
  (vapid: Vapid, policy: OutsidePolicy): Send =>
  async ({ deliveries: [delivery] }) => {
    const { url, secrets } = targetOf(delivery)
    const { status } = await postOutside(
      url,
      {
        headers: {
          authorization: await vapidHeader(url, vapid),
          'content-encoding': 'aes128gcm',
          'content-type': 'application/octet-stream',
          ttl: String(DAY_SECONDS),
          // A push service replaces a message with one of the same topic: a repeated attempt shows once.
          topic: delivery.notification_id.replaceAll('-', '').slice(0, 32),
          urgency: 'high',
        },
        body: encryptPush(Buffer.from(contentOf(delivery)), secrets as unknown as PushKeys),
      },
      policy,
    )
    if (status === 404 || status === 410) throw new Refused(`the push service answered ${status}`, true)
    succeeded('the push service', status)
  }

/** Signed POSTs to what a user registered; 410 ends it (Standard Webhooks). */
export const webhookChannel =
  (policy: OutsidePolicy): Send =>
  async ({ deliveries: [delivery] }) => {
    const { url, secrets } = targetOf(delivery)
    const body = contentOf(delivery)
    const headers = {
      'content-type': 'application/json',
      'user-agent': 'todo-event-platform',
      ...signed(delivery.notification_id, secrets['secret'] ?? '', body, new Date()),
    }
    const { status } = await postOutside(url, { headers, body }, policy)
    if (status === 410) throw new Refused('the webhook answered 410: it is gone', true)
    succeeded('the webhook', status)
  }

function targetOf({ url, secrets }: Delivery): { url: string; secrets: Record<string, string> } {
  if (url === null || secrets === null) throw new Refused('the target was removed')
  return { url, secrets }
}

function succeeded(who: string, status: number): void {
  if (status >= 200 && status < 300) return
  const temporary = status >= 500 || status === 429 || status === 408
  const message = `${who} answered ${status}`
  throw temporary ? new Error(message) : new Refused(message)
}
