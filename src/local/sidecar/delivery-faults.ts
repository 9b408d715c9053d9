import type { AppChannel } from './app-channel.ts'
import type { Message } from './delivery.ts'
import { messageOf } from './errors.ts'
import type { TopicHandler } from './kafka-consumer.ts'

/**
 * What brokers and networks do to deliveries now and then, and a consumer has to bear; each a probability. Nothing is ever
 * lost by it: a message counts as read only when the app has taken it.
 */
export interface DeliveryFaults {
  /** A message that was taken is delivered once more, after others that came later. */
  duplicates: number
  /** Two neighbours of one bulk delivery change places. */
  reorder: number
  /** The app has done its work, and its answer is not heard: the resiliency policy has it delivered again. */
  lostReplies: number
}

/** Messages of a topic that may come again. */
const REMEMBERED = 20

export interface Injection {
  faults: DeliveryFaults
  /** Between 0 and 1, as `Math.random`. */
  random: () => number
  log: (level: string, message: string) => void
}

/** The way to an app whose answers are lost now and then. */
export const losingReplies = (
  app: Pick<AppChannel, 'call'>,
  { faults, random }: Injection,
): Pick<AppChannel, 'call'> => ({
  async call(request) {
    const answer = await app.call(request)
    if (random() < faults.lostReplies) throw new Error('injected: the answer of the app was lost')
    return answer
  },
})

/** The handler of a topic, told of messages more than once and out of order. */
export function misdelivering(handler: TopicHandler, { faults, random, log }: Injection): TopicHandler {
  const taken: Message[] = []
  const told = (what: string, { topic, metadata }: Message): void =>
    log('info', `injected: ${what} ${topic}/${metadata['__partition']} offset ${metadata['__offset']}`)

  /** Some older message after each, perhaps that one itself. */
  const repeat = async (messages: readonly Message[], signal: AbortSignal): Promise<void> => {
    for (const message of messages) {
      taken.push(message)
      if (taken.length > REMEMBERED) taken.shift()
      if (random() >= faults.duplicates) continue
      const again = taken[Math.floor(random() * taken.length)]!
      told('once more', again)
      // It has been taken already: what becomes of the repetition does not hold up the others.
      await handler.one(again, signal).catch(error => log('warn', `a repeated message failed: ${messageOf(error)}`))
    }
  }

  return {
    ...handler,
    async one(message, signal) {
      await handler.one(message, signal)
      await repeat([message], signal)
    },
    async many(messages, signal) {
      const order = messages.map((_, index) => index)
      for (let index = 1; index < order.length; index++)
        if (random() < faults.reorder) {
          told('out of order', messages[order[index]!]!)
          ;[order[index - 1], order[index]] = [order[index]!, order[index - 1]!]
        }
      const outcomes = await handler.many(
        order.map(index => messages[index]!),
        signal,
      )
      const inOrder = messages.map((_, index) => outcomes[order.indexOf(index)])
      await repeat(
        messages.filter((_, index) => inOrder[index] === undefined),
        signal,
      )
      return inOrder
    },
  }
}
