/** Bulk subscriptions: dapr pkg/runtime/subscription/bulksubscription.go, postman/http DeliverBulk. */
import { randomUUID } from 'node:crypto'
import { CLOUD_EVENT_TYPE, type CloudEvent, hasExpired, isRawPayload } from './cloudevents.ts'
import { type DeliveryContext, type Message, openMessage } from './delivery.ts'
import { messageOf } from './errors.ts'
import { isRecord } from './json.ts'
import { AbortedError, runWith, StatusError } from './resiliency.ts'
import { routeFor } from './routing.ts'
import type { Subscription } from './subscriptions.ts'

/** Per message in order: undefined when the broker may forget it, else why not. */
export type Outcomes = (Error | undefined)[]

interface Entry {
  index: number
  event: CloudEvent | undefined
  data: Uint8Array
  message: Message
}

function readStatuses(body: Buffer): Map<string, string> {
  const answer: unknown = JSON.parse(body.toString())
  const statuses = isRecord(answer) && Array.isArray(answer['statuses']) ? answer['statuses'] : []
  return new Map(statuses.filter(isRecord).map(one => [String(one['entryId']), String(one['status'] ?? '')]))
}

/** Posts the entries of one route; unlike single delivery, an entry without a status is retried, not acknowledged. */
async function post(
  entries: readonly Entry[],
  path: string,
  subscription: Subscription,
  context: DeliveryContext,
  outcomes: Outcomes,
  signal: AbortSignal,
): Promise<readonly Entry[]> {
  const raw = isRawPayload(subscription.metadata)
  const envelope = {
    id: randomUUID(),
    entries: entries.map(({ index, event, data, message }) => ({
      entryId: String(index),
      event: raw ? Buffer.from(data).toString('base64') : event,
      contentType: raw ? 'application/octet-stream' : CLOUD_EVENT_TYPE,
      metadata: message.metadata,
    })),
    metadata: { pubsubName: subscription.pubsub },
    topic: entries[0]?.message.topic,
    pubsubname: subscription.pubsub,
    type: 'com.dapr.event.sent.bulk',
  }
  const headers = { 'content-type': 'application/json', pubsubName: subscription.pubsub }
  const { status, body } = await context.app.call({
    method: 'POST',
    path,
    headers,
    body: JSON.stringify(envelope),
    signal,
  })
  if (status === 404) {
    for (const entry of entries) outcomes[entry.index] = undefined
    return []
  }
  if (status < 200 || status > 299) {
    throw new StatusError(status, `Retriable error returned from app while processing bulk pub/sub event: ${status}`)
  }
  const statuses = readStatuses(body)
  const again: Entry[] = []
  for (const entry of entries) {
    const word = statuses.get(String(entry.index)) ?? ''
    outcomes[entry.index] = undefined
    if (word === 'SUCCESS') continue
    if (word === 'DROP') {
      await parkOne(entry.message, subscription, context)
      continue
    }
    outcomes[entry.index] = new Error(
      `${word || 'RETRY'} required while processing bulk subscribe event for entry id: ${entry.index}`,
    )
    again.push(entry)
  }
  return again
}

async function parkOne(message: Message, subscription: Subscription, context: DeliveryContext): Promise<boolean> {
  if (subscription.deadLetterTopic === undefined) return false
  try {
    const metadata = { ...message.metadata, pubsubName: subscription.pubsub }
    await context.publish(subscription.deadLetterTopic, message.data, metadata)
    return true
  } catch (error) {
    context.log(
      'error',
      `error sending message to dead letter topic ${subscription.deadLetterTopic}: ${messageOf(error)}`,
    )
    return false
  }
}

/** Sorts messages by route; what cannot be read fails, what has expired or matches nothing is done with. */
async function sort(
  messages: readonly Message[],
  subscription: Subscription,
  context: DeliveryContext,
  outcomes: Outcomes,
): Promise<Map<string, Entry[]>> {
  const byPath = new Map<string, Entry[]>()
  for (const [index, message] of messages.entries()) {
    try {
      const { event } = openMessage(message, subscription)
      const path = hasExpired(event, context.clock.now()) ? undefined : routeFor(subscription.rules, event)
      if (path === undefined) {
        await parkOne(message, subscription, context)
        continue
      }
      byPath.set(path, [...(byPath.get(path) ?? []), { index, event, data: message.data, message }])
    } catch (error) {
      outcomes[index] = error as Error
    }
  }
  return byPath
}

/** Delivers a batch; failures go to the dead-letter topic when there is one, else they come back as outcomes. */
export async function deliverBulk(
  messages: readonly Message[],
  subscription: Subscription,
  context: DeliveryContext,
  signal: AbortSignal,
): Promise<Outcomes> {
  const outcomes: Outcomes = messages.map(() => undefined)
  for (const [path, entries] of await sort(messages, subscription, context, outcomes)) {
    let left: readonly Entry[] = entries
    try {
      await runWith(context.policy(), context.clock, signal, async attempt => {
        left = await post(left, path, subscription, context, outcomes, attempt)
        if (left.length > 0) throw new Error('few message(s) have failed during bulk subscribe operation')
      })
    } catch (error) {
      context.log('warn', messageOf(error))
      for (const entry of left) outcomes[entry.index] ??= error as Error
    }
  }
  if (signal.aborted && outcomes.some(outcome => outcome !== undefined)) {
    return outcomes.map(outcome => outcome && new AbortedError(outcome.message))
  }
  for (const [index, outcome] of outcomes.entries()) {
    if (outcome && (await parkOne(messages[index]!, subscription, context))) outcomes[index] = undefined
  }
  return outcomes
}
