import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import staticFiles from '@fastify/static'
import type { ServiceConfig } from '../../kit/config.ts'
import { createHttp } from '../../kit/http.ts'
import { createLogger } from '../../kit/log.ts'
import type { RunningService } from '../../kit/service.ts'
import { serveGateway } from './gateway.ts'
import { serveIssuer } from './issuer.ts'
import { serveDescriptions } from './openapi.ts'
import { serveSignIn, signInOf } from './sign-in.ts'

/**
 * No inline code, no other origin: what is not ours does not run. The issuer is asked for its endpoints and for tokens.
 */
const contentSecurityPolicy = (issuers: readonly string[]): string =>
  `default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src ${["'self'", ...issuers].join(' ')}; manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'`

/** The web app, the way to all APIs, and in Development the issuer of tokens. */
export async function startWeb(config: ServiceConfig): Promise<RunningService> {
  const env = process.env
  const log = createLogger('web', config.logLevel)
  const { app, drain } = createHttp({ service: 'web', log })
  const signIn = signInOf(config.auth, env)
  const policy = contentSecurityPolicy(signIn.kind === 'issuer' ? [new URL(signIn.issuer).origin] : [])
  app.addHook('onSend', async (_request, reply) => {
    reply.header('x-content-type-options', 'nosniff').header('referrer-policy', 'no-referrer')
    if (String(reply.getHeader('content-type')).startsWith('text/html')) reply.header('content-security-policy', policy)
  })
  serveSignIn(app, signIn)
  serveDescriptions(app, env, log)
  await serveGateway(app, env)
  if (env['DEV_ISSUER_KEY'] && env['DEV_ISSUER_USERS']) {
    const { issuer, audience, rolesClaim } = config.auth
    await serveIssuer(app, { issuer, audience, rolesClaim, key: env['DEV_ISSUER_KEY'], users: env['DEV_ISSUER_USERS'] })
  }
  await app.register(staticFiles, {
    root: env['WEB_ASSETS'] ?? join(import.meta.dirname, 'web'),
    cacheControl: false,
    preCompressed: true,
  })
  await app.listen({ host: config.host, port: config.port })
  const { port } = app.server.address() as AddressInfo
  log.info({ host: config.host, port }, 'listening')
  return {
    name: 'web',
    host: config.host,
    port,
    stop: async () => {
      drain()
      // Event streams that are still open would keep the server from ever closing.
      app.server.closeAllConnections()
      await app.close()
    },
  }
}
