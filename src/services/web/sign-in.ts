import type { FastifyInstance } from 'fastify'
import type { AuthConfig } from '../../kit/config.ts'

/** How people sign in to the web app: at the issuer, with a name and password (Development), or not at all. */
export type SignIn =
  | { kind: 'issuer'; issuer: string; client_id: string; audience: string }
  | { kind: 'password' }
  | { kind: 'none'; reason: string }

export function signInOf({ issuer, audience }: AuthConfig, env: Readonly<Record<string, string | undefined>>): SignIn {
  const clientId = env['AUTH_CLIENT_ID']
  if (issuer && clientId) return { kind: 'issuer', issuer, client_id: clientId, audience }
  if (env['DEV_ISSUER_KEY'] && env['DEV_ISSUER_USERS']) return { kind: 'password' }
  return {
    kind: 'none',
    reason: 'spec.auth.clientId of the platform is not set: the web app is no client of the issuer.',
  }
}

/** What the web app has to know before anybody is signed in. */
export function serveSignIn(app: FastifyInstance, signIn: SignIn): void {
  app.get('/auth/sign-in.json', async () => signIn)
}
