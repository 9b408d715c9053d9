import type { FastifyInstance } from 'fastify'
import type { User } from '../../kit/auth.ts'
import { Problem } from '../../kit/problem.ts'
import type { RouteOptions } from './endpoints.ts'
import { TOOLS, type Tool } from './tools.ts'

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

async function createHandler({ db, appId, wake }: RouteOptions) {
  const [{ createMcpHandler, fromJsonSchema, McpServer }, { toNodeHandler }] = await Promise.all([
    import('@modelcontextprotocol/server'),
    import('@modelcontextprotocol/node'),
  ])
  const inputs = TOOLS.map(tool => ({
    tool,
    input: fromJsonSchema<Record<string, unknown>>(tool.inputSchema as never),
  }))
  const run = async (tool: Tool, userId: string, input: Record<string, unknown>) => {
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
    for (const { tool, input } of inputs) {
      const { name, description, readOnly, destructive } = tool
      const annotations = { readOnlyHint: readOnly, destructiveHint: destructive, openWorldHint: false }
      server.registerTool(name, { description, inputSchema: input, annotations }, args => run(tool, userId, args))
    }
    return server
  })
  return { handle: toNodeHandler(mcp), close: mcp.close }
}
