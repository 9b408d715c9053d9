import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { serverBundle } from '../../src/bundle-options.ts'
import type { DataPlane } from './data-plane.ts'

const MAIN = join(import.meta.dirname, '../../src/services/main.ts')

export interface ServiceProcess {
  child: ChildProcess
  /** Everything it said so far. */
  output(): string
  exited: Promise<number | null>
}

/**
 * Runs `services <args>` as a process of its own, with nothing in its environment but what is given.
 * @param main a bundle of the services; absent: their sources
 */
export function launchService(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  main: string = MAIN,
): ServiceProcess {
  const child = spawn(process.execPath, ['--no-warnings', main, ...args], {
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

/** The services in one file, as their image has them, with a place for V8's code cache: for tests that start them again and again. */
export async function bundleServices(): Promise<{ file: string; cache: string; remove(): void }> {
  const folder = mkdtempSync(join(tmpdir(), 'services-'))
  const file = join(folder, 'services.mjs')
  await build({ ...serverBundle, entryPoints: [MAIN], outfile: file })
  return { file, cache: join(folder, 'cache'), remove: () => rmSync(folder, { recursive: true, force: true }) }
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
