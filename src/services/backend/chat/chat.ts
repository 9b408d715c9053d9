import { createEvent, uuidv7 } from '../../../contracts/events/index.ts'
import type { Dapr } from '../../../kit/dapr.ts'
import type { Database, Sql } from '../../../kit/db.ts'
import { append } from '../../../kit/outbox.ts'
import { Problem } from '../../../kit/problem.ts'
import type { Actor } from '../actor.ts'
import { timezoneOf } from '../store.ts'
import { cancelPending, confirmPending, confirmTool, type Outcome, runTool } from '../tools/run.ts'
import { appendMessages, kept, messagesOf } from './conversation.ts'
import { readIntent } from './intents.ts'
import { converse, type Model, type Turn } from './model.ts'
import { HELP, replyTo } from './replies.ts'

export interface ChatOptions {
  db: Database
  dapr: Pick<Dapr, 'getState' | 'saveState'>
  appId: string
  wake: () => void
  /** Absent: messages are read by their words alone. */
  model: Model | undefined
}

/** Who wants to see an answer come. */
export interface Listener {
  /** The conversation is this person's, and the work begins. */
  started(conversationId: string): void
  /** The next words of the reply. */
  words(text: string): void
  /** A tool was run, or has to be agreed to. */
  called(outcome: Outcome): void
}

const NOBODY: Listener = { started: () => {}, words: () => {}, called: () => {} }

export interface ChatAnswer extends Turn {
  conversation_id: string
}

/**
 * One message of a person and what came of it. Each tool call is a transaction of its own: a model that thinks for a
 * minute holds no lock, and what one call did stays when the next one fails.
 * @throws Problem TEP4005 for a conversation that is not theirs, TEP4206, TEP4209
 */
export async function chat(
  options: ChatOptions,
  userId: string,
  { message, conversation_id: given }: { message: string; conversation_id?: string },
  listener: Listener = NOBODY,
): Promise<ChatAnswer> {
  const { db, dapr } = options
  const id = given ?? uuidv7()
  const { zone } = await db.tx({ userId }, async sql => {
    if (given) await requireConversation(sql, given)
    return { zone: await timezoneOf(sql) }
  })
  // Asked before anything is done: without it nothing could be kept.
  const history = await messagesOf(dapr, id)
  listener.started(id)
  const act = actions(options, userId, id, listener)
  const pending = await answerPending(act, message)
  const turn =
    pending ??
    (options.model
      ? await converse(options.model, { history, message, zone }, act.run, listener)
      : await answerAlone(act, message))
  // A model says its words as they come to it.
  if (pending || !options.model) listener.words(turn.reply)
  await keep(options, userId, id, message, turn)
  return { conversation_id: id, ...turn }
}

/** Does what was asked confirmation for, in a conversation or by MCP. @throws Problem TEP4005 */
export async function confirm(
  options: ChatOptions,
  userId: string,
  token: string,
): Promise<Turn & { conversation_id: string | null }> {
  const { outcome, conversationId } = await options.db.tx({ userId }, sql =>
    confirmTool(actorOf(options, userId, sql), token),
  )
  options.wake()
  const turn = { reply: replyTo(outcome), calls: [outcome] }
  if (conversationId) await keep(options, userId, conversationId, undefined, turn)
  return { conversation_id: conversationId, ...turn }
}

const actorOf = ({ appId }: ChatOptions, userId: string, sql: Sql): Actor => ({ sql, userId, appId })

function actions(options: ChatOptions, userId: string, conversationId: string, listener: Listener) {
  const inTx = async <T>(work: (actor: Actor) => Promise<T>): Promise<T> => {
    const result = await options.db.tx({ userId }, sql => work(actorOf(options, userId, sql)))
    options.wake()
    return result
  }
  const told = <T extends Outcome | undefined>(outcome: T): T => {
    if (outcome) listener.called(outcome)
    return outcome
  }
  return {
    run: (tool: string, input: Record<string, unknown>): Promise<Outcome> =>
      inTx(actor => runTool(actor, tool, input, conversationId)).then(told),
    confirm: () => inTx(actor => confirmPending(actor, conversationId)).then(told),
    cancel: () => inTx(actor => cancelPending(actor, conversationId)),
  }
}

type Actions = ReturnType<typeof actions>

/** A plain yes or no to what was asked last: for the person to say, and for no model to guess. */
async function answerPending(act: Actions, message: string): Promise<Turn | undefined> {
  const { kind } = readIntent(message)
  if (kind === 'cancel' && (await act.cancel())) return { reply: 'All right, nothing was done.', calls: [] }
  if (kind !== 'confirm') return undefined
  const outcome = await act.confirm()
  return outcome && { reply: replyTo(outcome), calls: [outcome] }
}

async function answerAlone(act: Actions, message: string): Promise<Turn> {
  const intent = readIntent(message)
  if (intent.kind === 'confirm' || intent.kind === 'cancel')
    return { reply: 'Nothing waits for your answer.', calls: [] }
  if (intent.kind === 'help') return { reply: HELP, calls: [] }
  try {
    const outcome = await act.run(intent.tool, intent.arguments)
    return { reply: replyTo(outcome), calls: [outcome] }
  } catch (error) {
    // A mistake of the person, told to them in the conversation; anything else is answered as the failure it is.
    if (error instanceof Problem && error.status < 500) return { reply: error.message, calls: [] }
    throw error
  }
}

/** The row comes first: whoever is erased takes along every conversation that has one. */
async function keep(
  options: ChatOptions,
  userId: string,
  id: string,
  message: string | undefined,
  { reply, calls }: Turn,
): Promise<void> {
  const roles = message === undefined ? (['assistant'] as const) : (['user', 'assistant'] as const)
  await options.db.tx({ userId }, async sql => {
    await sql.query(
      `INSERT INTO backend.conversations (id, user_id, title) VALUES ($1, $2, $3)
       ON CONFLICT (id) DO UPDATE SET updated_at = now()`,
      [id, userId, (message ?? reply).trim().slice(0, 80)],
    )
    const events = roles.map(role => {
      const data = { user_id: userId, conversation_id: id, role }
      return createEvent({ type: 'chat.message_appended', appId: options.appId, subject: `conversation/${id}`, data })
    })
    await append(sql, events)
  })
  options.wake()
  const at = new Date().toISOString()
  const answer = { role: 'assistant' as const, content: reply, at, ...(calls.length ? { calls: calls.map(kept) } : {}) }
  await appendMessages(options.dapr, id, [
    ...(message === undefined ? [] : [{ role: 'user' as const, content: message, at }]),
    answer,
  ])
}

/** @throws Problem TEP4005 */
export async function requireConversation(sql: Sql, id: string): Promise<void> {
  const found = await sql.query('SELECT 1 FROM backend.conversations WHERE id = $1', [id])
  if (!found.length) throw new Problem('TEP4005', `There is no conversation ${id}.`)
}
