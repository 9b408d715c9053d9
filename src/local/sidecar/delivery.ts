/** What becomes of one message: dapr pkg/runtime/subscription/subscription.go and postman/http/http.go. */
import type { Clock } from '../log/index.ts'
import { type AppChannel, headerBytes } from './app-channel.ts'
import {
  CLOUD_EVENT_TYPE,
  type CloudEvent,
  fromRawPayload,
  hasExpired,
  isRawPayload,
  type Metadata,
} from './cloudevents.ts'
import { messageOf } from './errors.ts'
import { fieldOf, isRecord } from './json.ts'
import { AbortedError, type Policy, runWith, StatusError } from './resiliency.ts'
import { routeFor } from './routing.ts'
import type { Subscription } from './subscriptions.ts'

/** A message as the broker component hands it over; `metadata` has the headers and `__key`, `__offset`, … */
export interface Message {
  topic: string
  data: Uint8Array
  metadata: Metadata
}

export interface DeliveryContext {
  app: Pick<AppChannel, 'call'>
  clock: Clock
  policy: () => Policy
  /** Publishes as this app, with its rights. */
  publish: (topic: string, data: Uint8Array, metadata: Metadata) => Promise<void>
  log: (level: string, message: string) => void
}

/** The app said DROP, or 404: no further attempt, straight to the dead letters. */
class DroppedError extends Error {
  override readonly name = 'DroppedError'
}

/** The body of a 2xx answer: only a JSON object with a non-empty status other than SUCCESS changes anything. */
function statusWord(body: Buffer): string {
  try {
    const answer: unknown = JSON.parse(body.toString())
    const word = isRecord(answer) ? fieldOf(answer, 'status') : undefined
    return typeof word === 'string' ? word : ''
  } catch {
    return ''
  }
}

export function eventHeaders(metadata: Metadata, event: CloudEvent): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(metadata)) headers[name] = headerBytes(value)
  const trace = event['traceparent'] ?? event['traceid']
  if (typeof trace === 'string' && trace !== '') headers['traceparent'] = headerBytes(trace)
  return headers
}

async function post(
  app: DeliveryContext['app'],
  path: string,
  data: Uint8Array,
  event: CloudEvent,
  metadata: Metadata,
  signal: AbortSignal,
): Promise<void> {
  const headers = { ...eventHeaders(metadata, event), 'content-type': CLOUD_EVENT_TYPE }
  const { status, body } = await app.call({ method: 'POST', path, headers, body: data, signal })
  const id = String(event['id'])
  if (status === 404)
    throw new DroppedError(`non-retriable error returned from app while processing pub/sub event ${id}`)
  if (status < 200 || status > 299) {
    const text = body.toString().slice(0, 500)
    throw new StatusError(
      status,
      `retriable error returned from app while processing pub/sub event ${id}: ${text}. status code returned: ${status}`,
    )
  }
  const word = statusWord(body)
  if (word === '' || word === 'SUCCESS') return
  if (word === 'DROP') throw new DroppedError(`DROP status returned from app while processing pub/sub event ${id}`)
  if (word === 'RETRY') throw new Error(`RETRY status returned from app while processing pub/sub event ${id}`)
  throw new Error(`unknown status returned from app while processing pub/sub event ${id}, status: ${word}`)
}

/** The event a subscriber sees, and the bytes posted. @throws when the message is no CloudEvent and the subscription not raw */
export function openMessage(message: Message, subscription: Subscription): { event: CloudEvent; data: Uint8Array } {
  if (isRawPayload(subscription.metadata)) {
    const event = fromRawPayload(message.data, message.topic, subscription.pubsub)
    return { event, data: Buffer.from(JSON.stringify(event)) }
  }
  const event: unknown = JSON.parse(Buffer.from(message.data).toString())
  if (!isRecord(event)) throw new Error('the message is not a JSON object')
  return { event, data: message.data }
}

/**
 * Delivers one message. Resolves when the broker may forget it: handled, dropped, expired, matched by no rule, or safely
 * in the dead-letter topic. Rejects when it has to come again (the component retries, or `AbortedError` on shutdown).
 */
export async function deliver(
  message: Message,
  subscription: Subscription,
  context: DeliveryContext,
  signal: AbortSignal,
): Promise<void> {
  const { deadLetterTopic } = subscription
  const { log } = context
  const metadata = { ...message.metadata, pubsubName: subscription.pubsub }
  const park = async (): Promise<boolean> => {
    if (deadLetterTopic === undefined) return false
    try {
      await context.publish(deadLetterTopic, message.data, metadata)
      return true
    } catch (error) {
      const route = `origin topic: ${message.topic} dead letter topic ${deadLetterTopic}`
      log('error', `error sending message to dead letter, ${route} err: ${messageOf(error)}`)
      return false
    }
  }

  let opened: { event: CloudEvent; data: Uint8Array }
  let path: string | undefined
  try {
    opened = openMessage(message, subscription)
    if (hasExpired(opened.event, context.clock.now())) {
      log('warn', `dropping expired pub/sub event ${opened.event['id']} as of ${opened.event['expiration']}`)
      await park()
      return
    }
    path = routeFor(subscription.rules, opened.event)
  } catch (error) {
    log(
      'error',
      `error processing event in pubsub ${subscription.pubsub} and topic ${message.topic}: ${messageOf(error)}`,
    )
    if (await park()) return
    throw error
  }
  if (path === undefined) {
    await park()
    return
  }

  const { event, data } = opened
  const target = path
  try {
    await runWith(context.policy(), context.clock, signal, async attempt => {
      try {
        await post(context.app, target, data, event, metadata, attempt)
      } catch (error) {
        if (!(error instanceof DroppedError)) throw error
        log('warn', error.message)
        // Dropping is final only when the dead letter is safe; else the drop counts as a failed attempt.
        if (deadLetterTopic !== undefined && !(await park())) throw error
      }
    })
  } catch (error) {
    if (error instanceof AbortedError) throw error
    log('warn', messageOf(error))
    // A shutdown must not turn an event the app could not take any more into a dead letter.
    if (signal.aborted) throw new AbortedError(messageOf(error))
    if (await park()) return
    throw error
  }
}
