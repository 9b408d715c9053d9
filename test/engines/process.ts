/** One engine as a process: a data folder, a log, readiness, and an end that leaves nothing running. */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type EngineName, engine } from './find.ts'

export interface StartOptions {
  /** Holds the log (`NAME.log`) and is the working folder. */
  folder: string
  /** What the process is called in messages and the log; the engine's name unless told. */
  name?: string
  /** A part of the engine other than its main one: arguments before all others (a Java class, for one). */
  args: readonly string[]
  env?: Readonly<Record<string, string>>
  /** Asked every 50 ms until it is true; a rejection counts as false. */
  ready: () => Promise<boolean>
  /** How long it may take; 60 unless told. */
  seconds?: number
}

export interface RunningEngine {
  readonly name: string
  readonly pid: number
  readonly logFile: string
  /** The last lines it logged. */
  log(lines?: number): string
  /** SIGTERM, and SIGKILL after `graceSeconds` (10 unless told). Resolves when the process is gone; again, at once. */
  stop(graceSeconds?: number): Promise<void>
  /** SIGKILL: the engine as it dies in an accident. */
  kill(): Promise<void>
}

const running = new Set<ChildProcess>()
// A suite that ends by an exception takes its engines with it.
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** Starts an engine and resolves when it is ready; rejects with the end of its log when it ends or takes too long. */
export async function startEngine(engineName: EngineName, options: StartOptions): Promise<RunningEngine> {
  const { command, prefix } = engine(engineName)
  const name = options.name ?? engineName
  mkdirSync(options.folder, { recursive: true })
  const logFile = join(options.folder, `${name}.log`)
  const output = openSync(logFile, 'a')
  const child = spawn(command, [...prefix, ...options.args], {
    cwd: options.folder,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', output, output],
  })
  closeSync(output)
  running.add(child)
  let failure: Error | undefined
  const ended = new Promise<void>(resolve => {
    child.once('exit', () => resolve())
    child.once('error', error => {
      failure = error
      resolve()
    })
  }).then(() => {
    running.delete(child)
  })
  const log = (lines = 15) => readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-lines).join('\n')
  const end = async (signal: NodeJS.Signals, graceSeconds: number) => {
    if (!running.has(child)) return
    child.kill(signal)
    const timer = setTimeout(() => child.kill('SIGKILL'), graceSeconds * 1_000)
    await ended
    clearTimeout(timer)
  }
  const limit = performance.now() + (options.seconds ?? 60) * 1_000
  while (!(await options.ready().catch(() => false))) {
    if (!running.has(child)) throw new Error(`${name} ended before it was ready: ${failure?.message ?? ''}\n${log()}`)
    if (performance.now() > limit) {
      await end('SIGKILL', 1)
      throw new Error(`${name} was not ready within ${options.seconds ?? 60} s\n${log()}`)
    }
    await sleep(50)
  }
  return {
    name,
    pid: child.pid!,
    logFile,
    log,
    stop: (graceSeconds = 10) => end('SIGTERM', graceSeconds),
    kill: () => end('SIGKILL', 1),
  }
}

/** True when a GET is answered 2xx. */
export const answers = async (url: string): Promise<boolean> =>
  (await fetch(url, { signal: AbortSignal.timeout(2_000) })).ok
