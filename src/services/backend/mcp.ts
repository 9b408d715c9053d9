import type { FastifyInstance } from 'fastify'
import type { User } from '../../kit/auth.ts'
import { Problem } from '../../kit/problem.ts'
import type { Actor } from './actor.ts'
import type { RouteOptions } from './endpoints.ts'
import { TOOLS, type ToolInput } from './tools/index.ts'
import { confirmTool, type Outcome, runTool } from './tools/run.ts'

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

/** Elicitation would need a session, which no replica keeps: so the tool answers a token, and another call uses it. */
const ASKS = 'Answers needs_confirmation with a token; ask the person, then call confirm.'

export const confirmSchema = {
  type: 'object',
  required: ['token'],
  additionalProperties: false,
  properties: { token: { type: 'string', minLength: 1, maxLength: 100 } },
} as const

const shown = (outcome: Outcome): object =>
  'result' in outcome ? outcome.result : { needs_confirmation: outcome.needs_confirmation }

async function createHandler({ db, appId, wake }: RouteOptions) {
  const [{ createMcpHandler, fromJsonSchema, McpServer }, { toNodeHandler }] = await Promise.all([
    import('@modelcontextprotocol/server'),
    import('@modelcontextprotocol/node'),
  ])
  const offered = [
    ...TOOLS.map(({ name, description, inputSchema, readOnly, ask }) => ({
      name,
      description: ask ? `${description} ${ASKS}` : description,
      input: fromJsonSchema<ToolInput>(inputSchema as never),
      readOnly,
      destructive: ask !== undefined,
      run: (actor: Actor, args: ToolInput): Promise<object> => runTool(actor, name, args).then(shown),
    })),
    {
      name: 'confirm',
      description: 'Does what a tool asked confirmation for. Call it only after the person agreed to the summary.',
      input: fromJsonSchema<ToolInput>(confirmSchema as never),
      readOnly: false,
      destructive: true,
      run: (actor: Actor, { token }: ToolInput): Promise<object> =>
        confirmTool(actor, String(token)).then(({ outcome }) => shown(outcome)),
    },
  ]
  const run = async (tool: (typeof offered)[number], userId: string, input: ToolInput) => {
    try {
      const result = await db.tx({ userId }, sql => tool.run({ sql, userId, appId }, input))
      if (!tool.readOnly) wake()
      return { content: [{ type: 'text' as const, text: JSON.stringify(result) }] }
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
      server.registerTool(name, { description, inputSchema: input, annotations }, args => run(tool, userId, args))
    }
    return server
  })
  return { handle: toNodeHandler(mcp), close: mcp.close }
}
