import type { ClientCapabilities, jsonSchemaValidator, ServerContext } from '@modelcontextprotocol/server'
import type { FastifyInstance } from 'fastify'
import type { User } from '../../kit/auth.ts'
import { Problem } from '../../kit/problem.ts'
import type { Actor } from './actor.ts'
import type { RouteOptions } from './endpoints.ts'
import { TOOLS, type ToolInput } from './tools/index.ts'
import { type Asked, cancelTool, confirmTool, type Outcome, runTool } from './tools/run.ts'

/**
 * The Model Context Protocol at `/mcp`, stateless: every request carries its token and gets its own server, so that any
 * replica can answer it. The SDK is loaded with the first request; most processes never serve one.
 */
export function registerMcp(app: FastifyInstance, options: RouteOptions): void {
  let handler: ReturnType<typeof createHandler> | undefined
  // Its event streams would keep the server from closing.
  app.addHook('preClose', async () => (await handler)?.close())
  app.route({
    method: ['GET', 'POST', 'DELETE'],
    url: '/mcp',
    handler: async (request, reply) => {
      const user = await options.authenticate(request)
      handler ??= createHandler(options)
      const { handle } = await handler
      reply.hijack()
      await handle(Object.assign(request.raw, { auth: authInfo(user) }) as never, reply.raw, request.body)
    },
  })
}

const authInfo = (user: User) => ({ token: '', clientId: user.id, scopes: [...user.roles] })

/** For clients that cannot ask their person in the midst of a call: the tool answers a token, and another call uses it. */
const ASKS = 'Answers needs_confirmation with a token; ask the person, then call confirm.'

export const confirmSchema = {
  type: 'object',
  required: ['token'],
  additionalProperties: false,
  properties: { token: { type: 'string', minLength: 1, maxLength: 100 } },
} as const

const shown = (outcome: Outcome): object =>
  'result' in outcome ? outcome.result : { needs_confirmation: outcome.needs_confirmation }

const said = (result: object) => ({ content: [{ type: 'text' as const, text: JSON.stringify(result) }] })

type Sdk = typeof import('@modelcontextprotocol/server')
type Round = ServerContext['mcpReq']

/** Input is checked by the tools' runner, whose refusals name the field and carry a code; the SDK's do neither. */
const checkedLater: jsonSchemaValidator = {
  getValidator: () => data => ({ valid: true, data: data as never, errorMessage: undefined }),
}

/** The name of the one question a call may put to the person. */
const QUESTION = 'confirm'

/** Whether the client asks its person while a call waits (elicitation by form; an empty object says form too). */
function canAsk({ CLIENT_CAPABILITIES_META_KEY }: Sdk, { envelope }: Round): boolean {
  const { elicitation } =
    (envelope as Record<string, ClientCapabilities> | undefined)?.[CLIENT_CAPABILITIES_META_KEY] ?? {}
  return elicitation !== undefined && (elicitation.form !== undefined || elicitation.url === undefined)
}

/**
 * The question, and the token as what the client has to bring back with the answer: any replica can go on from there. It
 * cannot be guessed, is of this person alone, and stands for exactly the call that was asked about.
 */
const question = ({ inputRequired }: Sdk, { summary, token }: Asked) =>
  inputRequired({
    inputRequests: {
      [QUESTION]: inputRequired.elicit({
        message: `${summary}?`,
        requestedSchema: { type: 'object', properties: {} },
      }),
    },
    requestState: token,
  })

async function createHandler({ db, appId, wake }: RouteOptions) {
  const [sdk, { toNodeHandler }] = await Promise.all([
    import('@modelcontextprotocol/server'),
    import('@modelcontextprotocol/node'),
  ])
  const { createMcpHandler, McpServer } = sdk
  const input = (schema: object) => sdk.fromJsonSchema<ToolInput>(schema as never, checkedLater)
  const offered = [
    ...TOOLS.map(({ name, description, inputSchema, readOnly, ask }) => ({
      name,
      description: ask ? `${description} ${ASKS}` : description,
      input: input(inputSchema),
      readOnly,
      destructive: ask !== undefined,
      run: (actor: Actor, args: ToolInput): Promise<Outcome> => runTool(actor, name, args),
    })),
    {
      name: 'confirm',
      description: 'Does what a tool asked confirmation for. Call it only after the person agreed to the summary.',
      input: input(confirmSchema),
      readOnly: false,
      destructive: true,
      run: (actor: Actor, { token }: ToolInput): Promise<Outcome> =>
        confirmTool(actor, String(token ?? '')).then(({ outcome }) => outcome),
    },
  ]
  const run = async (tool: (typeof offered)[number], userId: string, input: ToolInput, round: Round) => {
    const token = round.requestState<string>()
    const answer = sdk.inputResponse(round.inputResponses, QUESTION)
    try {
      const result = await db.tx({ userId }, async sql => {
        const actor = { sql, userId, appId }
        if (token === undefined || answer.kind !== 'elicit') return tool.run(actor, input)
        if (answer.action === 'accept') return (await confirmTool(actor, token)).outcome
        await cancelTool(actor, token)
        return { tool: tool.name, arguments: input, result: { done: false, reason: 'The person did not agree.' } }
      })
      if (!tool.readOnly) wake()
      if ('result' in result) return said(result.result)
      return canAsk(sdk, round) ? question(sdk, result.needs_confirmation) : said(shown(result))
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      return { isError: true, content: [{ type: 'text' as const, text: `${error.code}: ${error.message}` }] }
    }
  }
  const mcp = createMcpHandler(({ authInfo: auth }) => {
    const userId = auth?.clientId
    if (!userId) throw new Error('the request was not authenticated')
    const server = new McpServer({ name: 'todo', version: '1.0.0' })
    for (const tool of offered) {
      const { name, description, readOnly, destructive, input } = tool
      const annotations = { readOnlyHint: readOnly, destructiveHint: destructive, openWorldHint: false }
      server.registerTool(name, { description, inputSchema: input, annotations }, (args, { mcpReq }) =>
        run(tool, userId, args, mcpReq),
      )
    }
    return server
  })
  return { handle: toNodeHandler(mcp), close: mcp.close }
}
