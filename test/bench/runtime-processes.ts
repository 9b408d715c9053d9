/** The processes of `make bench-runtime`: an API server, and the built controller. */
import { type ChildProcess, fork, spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { kubeconfig } from '../../src/local/kube-api/serve/kubeconfig.ts'
import { root } from '../support/laptop.ts'
import type { Counts } from './runtime-server.ts'

interface Answers {
  counts: Counts
  drift: number
  label: null
  scale: null
}

/** The server's process, asked by messages. */
export class Server {
  readonly #process: ChildProcess
  readonly #waiting = new Map<number, (answer: unknown) => void>()
  readonly config: string
  #id = 0

  private constructor(process: ChildProcess, config: string) {
    this.#process = process
    this.config = config
    process.on('message', ({ id, answer }: { id: number; answer: unknown }) => this.#waiting.get(id)?.(answer))
  }

  static async start(snapshot: string): Promise<Server> {
    const process = fork(join(import.meta.dirname, 'runtime-server.ts'), [snapshot], { stdio: 'inherit' })
    const { ready } = await new Promise<{ ready: { url: string; certificateAuthority: string } }>(resolve =>
      process.once('message', message => resolve(message as never)),
    )
    const config = `${snapshot}.kubeconfig`
    writeFileSync(config, kubeconfig({ ...ready, token: 'bench', namespace: 'default' }))
    return new Server(process, config)
  }

  ask<T extends keyof Answers>(ask: T, namespace = ''): Promise<Answers[T]> {
    const id = ++this.#id
    return new Promise(resolve => {
      this.#waiting.set(id, resolve as never)
      this.#process.send({ id, ask, namespace })
    })
  }

  stop(): void {
    this.#process.kill()
  }
}

/** As the chart sets it. */
const ALLOCATOR = { MALLOC_ARENA_MAX: '1', MALLOC_TRIM_THRESHOLD_: '65536', MALLOC_MMAP_THRESHOLD_: '4096' }

export const pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))

/** The built controller as a process, from exec to ready. */
export async function startController(config: string, port: number): Promise<{ child: ChildProcess; readyMs: number }> {
  const began = performance.now()
  const child = spawn(
    process.execPath,
    [
      // As the chart starts it.
      '--max-semi-space-size=2',
      'dist/controller.mjs',
      '--host',
      '127.0.0.1',
      '--port',
      String(port),
      '--no-leader-election',
      // The platforms were brought up without pods: there is nobody to ask.
      '--probe',
      'none',
      '--services-image',
      'registry.example.com/todo/services',
    ],
    { cwd: root, env: { ...process.env, ...ALLOCATOR, KUBECONFIG: config }, stdio: ['ignore', 'ignore', 'inherit'] },
  )
  for (;;) {
    const ready = await fetch(`http://127.0.0.1:${port}/healthz/ready`).then(
      answer => answer.ok,
      () => false,
    )
    if (ready) return { child, readyMs: performance.now() - began }
    if (child.exitCode !== null) throw new Error(`the controller ended with ${child.exitCode}`)
    await pause(2)
  }
}

export async function stopController(child: ChildProcess): Promise<void> {
  const over = new Promise(resolve => child.once('exit', resolve))
  child.kill()
  await over
}

export const residentMegabytes = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1_024
