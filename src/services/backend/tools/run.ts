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
export async function runTool(actor: Actor, name: string, input: ToolInput): Promise<Outcome> {
  const tool = toolOf(name)
  const valid = structuredClone(input)
  const validate = validatorOf(tool)
  if (!validate(valid)) throw invalidInput(validate.errors!)
  const summary = await tool.ask?.(actor, valid)
  if (summary === undefined) return { tool: name, arguments: input, result: await perform(actor, tool, valid) }
  const token = randomBytes(24).toString('base64url')
  const [row] = await actor.sql.query<{ expires_at: Date }>(
    `INSERT INTO backend.confirmations (token_hash, user_id, tool, arguments, expires_at)
     VALUES ($1, $2, $3, $4, now() + interval '${PATIENCE_MINUTES} minutes') RETURNING expires_at`,
    [hashOf(token), actor.userId, name, JSON.stringify(valid)],
  )
  await actor.sql.query('DELETE FROM backend.confirmations WHERE expires_at < now()')
  return {
    tool: name,
    arguments: input,
    needs_confirmation: { token, summary, expires_at: row!.expires_at.toISOString() },
  }
}

/** Runs what was asked for before. @throws Problem TEP4005 for a token that is unknown, used, or too old */
export async function confirmTool(actor: Actor, token: string): Promise<Outcome & { result: object }> {
  const [row] = await actor.sql.query<{ tool: string; arguments: ToolInput }>(
    'DELETE FROM backend.confirmations WHERE token_hash = $1 AND expires_at >= now() RETURNING tool, arguments',
    [hashOf(token)],
  )
  if (!row) throw new Problem('TEP4005', 'Nothing waits for this confirmation; it was used, or is too old. Ask again.')
  const tool = toolOf(row.tool)
  return { tool: row.tool, arguments: row.arguments, result: await perform(actor, tool, row.arguments) }
}

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
