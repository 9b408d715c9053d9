import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import type { DataPlane } from './data-plane.ts'

const MAIN = join(import.meta.dirname, '../../src/services/main.ts')

export interface ServiceProcess {
  child: ChildProcess
  /** Everything it said so far. */
  output(): string
  exited: Promise<number | null>
}

/** Runs `services <args>` as a process of its own, with nothing in its environment but what is given. */
export function launchService(args: readonly string[], env: Readonly<Record<string, string>>): ServiceProcess {
  const child = spawn(process.execPath, ['--no-warnings', MAIN, ...args], {
    env: { PATH: process.env['PATH'] ?? '', ...env },
  })
  let text = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', chunk => {
      text += chunk
    })
  }
  return { child, output: () => text, exited: new Promise(done => child.once('exit', done)) }
}

/** What a service of this data plane gets from its pod. */
export function environmentOf(plane: DataPlane, appId: string, port: number): Record<string, string> {
  const { auth } = plane.config(appId)
  return {
    APP_ID: appId,
    RATE_LIMIT: 'off',
    PORT: String(port),
    DATABASE_URL: plane.db.url,
    DAPR_HTTP_PORT: String(plane.dapr.port),
    AUTH_ISSUER: auth.issuer,
    AUTH_AUDIENCE: auth.audience,
    AUTH_JWKS_URI: auth.jwksUri,
  }
}
