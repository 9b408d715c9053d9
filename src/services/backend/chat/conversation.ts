import type { Dapr } from '../../../kit/dapr.ts'
import { Problem } from '../../../kit/problem.ts'
import type { Outcome } from '../tools/run.ts'

/** A call as it is kept: what was done, or had to be agreed to; without the token. */
export type KeptCall =
  | { tool: string; arguments: object; result: object }
  | { tool: string; arguments: object; needs_confirmation: { summary: string } }

export interface Message {
  role: 'user' | 'assistant'
  content: string
  at: string
  calls?: readonly KeptCall[]
}

/** The latest messages of a conversation; older ones are forgotten. */
const MOST_MESSAGES = 100
/** Of a result, what is kept with the message. */
const KEPT_CHARS = 4_000
const ATTEMPTS = 8

export const conversationKey = (id: string): string => `conv:${id}`

export const kept = (outcome: Outcome): KeptCall => {
  const { tool, arguments: input } = outcome
  if ('needs_confirmation' in outcome) {
    return { tool, arguments: input, needs_confirmation: { summary: outcome.needs_confirmation.summary } }
  }
  const small = JSON.stringify(outcome.result).length <= KEPT_CHARS
  return { tool, arguments: input, result: small ? outcome.result : { left_out: 'too long to keep' } }
}

type State = Pick<Dapr, 'getState' | 'saveState'>

/** @throws Problem TEP4206 */
export const messagesOf = async (state: State, id: string): Promise<readonly Message[]> =>
  (await state.getState<{ messages: Message[] }>(conversationKey(id)))?.value.messages ?? []

/**
 * Appends to a conversation. The first write wins (ETag): whoever finds that another was quicker reads again and appends
 * to that, so that two devices at once lose no message.
 * @throws Problem TEP4206, TEP4007 when others are always quicker
 */
export async function appendMessages(state: State, id: string, messages: readonly Message[]): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const present = await state.getState<{ messages: Message[] }>(conversationKey(id))
    const all = [...(present?.value.messages ?? []), ...messages].slice(-MOST_MESSAGES)
    if (await state.saveState(conversationKey(id), { messages: all }, present?.etag)) return
  }
  throw new Problem('TEP4007', 'This conversation is being written to from elsewhere; try again.')
}
