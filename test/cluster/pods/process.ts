/** Entry points of pods without a shell: one child process that gets the pod's signals and whose end is the pod's. */
import { spawn } from 'node:child_process'

/** What it prints goes nowhere: Kafka prints the users it makes. */
export function run(program: string, args: readonly string[]): Promise<void> {
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'] })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', code => (code === 0 ? resolve() : reject(new Error(`${program} ended with ${code}`))))
  })
}

export function serve(program: string, args: readonly string[]): void {
  const child = spawn(program, args, { stdio: 'inherit' })
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => child.kill(signal))
  child.once('exit', code => process.exit(code ?? 1))
}

export async function eventually(what: string, attempt: () => Promise<unknown>): Promise<void> {
  for (let left = 240; ; left--) {
    try {
      await attempt()
      return
    } catch (error) {
      if (left % 10 === 0) console.error(`${what}: ${String(error)}`)
      if (left === 0) throw new Error(`${what}: ${String(error)}`)
      await new Promise(resolve => setTimeout(resolve, 500))
    }
  }
}
