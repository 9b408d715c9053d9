import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execute } from '../../src/cli/program.ts'
import type { Terminal } from '../../src/cli/terminal.ts'
import { kubeconfig, serveKubeApi } from '../../src/local/kube-api/index.ts'
import type { PlatformWorld } from './platform-world.ts'

export interface Run {
  code: number
  out: string
  err: string
}

/** One command line of `tep` as a person types it, with what it printed. */
export async function tep(
  args: readonly string[],
  {
    env = {},
    signal = new AbortController().signal,
    onOut = () => {},
  }: { env?: Terminal['env']; signal?: AbortSignal; onOut?: (text: string) => void } = {},
): Promise<Run> {
  const out: string[] = []
  const err: string[] = []
  const terminal: Terminal = {
    out(text) {
      out.push(text)
      onOut(text)
    },
    err: text => void err.push(text),
    tty: false,
    style: (_style, text) => text,
    env,
    signal,
    exitCode: 0,
  }
  const code = await execute(args, terminal)
  return { code, out: out.join('\n'), err: err.join('\n') }
}

/** A world behind HTTPS, and the kubeconfig that leads there. */
export async function served(
  world: PlatformWorld,
  namespace = 'todo',
): Promise<{ kubeconfig: string; stop(): Promise<void> }> {
  const { url, certificateAuthority, close } = await serveKubeApi(world.api, { tokens: { secret: 'people' } })
  const folder = mkdtempSync(join(tmpdir(), 'tep-cli-'))
  const file = join(folder, 'kubeconfig')
  writeFileSync(file, kubeconfig({ url, token: 'secret', namespace, certificateAuthority }))
  return {
    kubeconfig: file,
    async stop() {
      await close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
