import { createHash, randomBytes } from 'node:crypto'
import type { ValidateFunction } from 'ajv'
import { Problem } from '../../../kit/problem.ts'
import { createValidator, invalidInput } from '../../../kit/validation.ts'
import type { Actor } from '../actor.ts'
import { timezoneOf } from '../store.ts'
import { TOOLS, type Tool, type ToolInput } from './index.ts'

/** How long a person may think about it. */
const PATIENCE_MINUTES = 15

export interface Asked {
  token: string
  /** What will be done, in words. */
  summary: string
  expires_at: string
}

export type Outcome =
  | { tool: string; arguments: ToolInput; result: object }
  | { tool: string; arguments: ToolInput; needs_confirmation: Asked }

const ajv = createValidator()
const validators = new Map<string, ValidateFunction>()

function validatorOf({ name, inputSchema }: Tool): ValidateFunction {
  const validate = validators.get(name) ?? ajv.compile(inputSchema)
  validators.set(name, validate)
  return validate
}

/**
 * Runs a tool in the caller's transaction. What a person has to agree to is kept instead, and a token given out that runs
 * exactly that, once: no model can agree in a person's place by repeating the call with other words.
 * @throws Problem TEP4001 for input that does not fit the tool's schema, TEP4005 for a tool that is none, or the tool's own
 */
export async function runTool(actor: Actor, name: string, input: ToolInput, conversationId?: string): Promise<Outcome> {
  const tool = toolOf(name)
  const valid = structuredClone(input)
  const validate = validatorOf(tool)
  if (!validate(valid)) throw invalidInput(validate.errors!)
  const summary = await tool.ask?.(actor, valid)
  if (summary === undefined) return { tool: name, arguments: input, result: await perform(actor, tool, valid) }
  const token = randomBytes(24).toString('base64url')
  const [row] = await actor.sql.query<{ expires_at: Date }>(
    `INSERT INTO backend.confirmations (token_hash, user_id, tool, arguments, conversation_id, expires_at)
     VALUES ($1, $2, $3, $4, $5, now() + interval '${PATIENCE_MINUTES} minutes') RETURNING expires_at`,
    [hashOf(token), actor.userId, name, JSON.stringify(valid), conversationId ?? null],
  )
  await actor.sql.query('DELETE FROM backend.confirmations WHERE expires_at < now()')
  return {
    tool: name,
    arguments: input,
    needs_confirmation: { token, summary, expires_at: row!.expires_at.toISOString() },
  }
}

type Done = Extract<Outcome, { result: object }>

interface Waiting {
  tool: string
  arguments: ToolInput
  conversation_id: string | null
}

const WAITING = 'expires_at >= now() RETURNING tool, arguments, conversation_id'

/**
 * Runs what was asked for before, once.
 * @throws Problem TEP4005 for a token that is unknown, used, or too old
 */
export async function confirmTool(
  actor: Actor,
  token: string,
): Promise<{ outcome: Done; conversationId: string | null }> {
  const [row] = await actor.sql.query<Waiting>(
    `DELETE FROM backend.confirmations WHERE token_hash = $1 AND ${WAITING}`,
    [hashOf(token)],
  )
  if (!row) throw new Problem('TEP4005', 'Nothing waits for this confirmation; it was used, or is too old. Ask again.')
  return { outcome: await performWaiting(actor, row), conversationId: row.conversation_id }
}

/** Takes back what was asked for; nothing when it was used or is too old. */
export async function cancelTool({ sql }: Actor, token: string): Promise<void> {
  await sql.query('DELETE FROM backend.confirmations WHERE token_hash = $1', [hashOf(token)])
}

/** Runs what a conversation asked for last; undefined when nothing waits. What it asked for before that is dropped. */
export async function confirmPending(actor: Actor, conversationId: string): Promise<Done | undefined> {
  const rows = await actor.sql.query<Waiting & { expires_at: Date }>(
    `DELETE FROM backend.confirmations WHERE conversation_id = $1 AND ${WAITING}, expires_at`,
    [conversationId],
  )
  const [last] = rows.sort((a, b) => b.expires_at.getTime() - a.expires_at.getTime())
  return last && performWaiting(actor, last)
}

/** @returns whether anything waited */
export async function cancelPending(actor: Actor, conversationId: string): Promise<boolean> {
  const rows = await actor.sql.query(`DELETE FROM backend.confirmations WHERE conversation_id = $1 AND ${WAITING}`, [
    conversationId,
  ])
  return rows.length > 0
}

const performWaiting = async (actor: Actor, row: Waiting): Promise<Done> => ({
  tool: row.tool,
  arguments: row.arguments,
  result: await perform(actor, toolOf(row.tool), row.arguments),
})

/** Models know neither the date nor the zone; every answer tells them. */
async function perform(actor: Actor, tool: Tool, input: ToolInput): Promise<object> {
  const zone = await timezoneOf(actor.sql)
  return { ...(await tool.run(actor, input, zone)), now: new Date().toISOString(), timezone: zone }
}

function toolOf(name: string): Tool {
  const tool = TOOLS.find(one => one.name === name)
  if (!tool) throw new Problem('TEP4005', `There is no tool ${name.slice(0, 64)}.`)
  return tool
}

const hashOf = (token: string): string => createHash('sha256').update(token).digest('hex')
