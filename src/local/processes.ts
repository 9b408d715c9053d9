import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface ProcessRegister {
  add(pid: number): void
  remove(pid: number): void
  /** Ends processes that an earlier run left behind because it was killed itself. */
  endLeftOvers(): Promise<void>
}

/** One file for each process we started, with the moment it was started: process ids are reused. */
export function processRegister(folder: string): ProcessRegister {
  mkdirSync(folder, { recursive: true })
  const remove = (pid: number): void => rmSync(join(folder, String(pid)), { force: true })
  return {
    add: pid => writeFileSync(join(folder, String(pid)), startedAt(pid) ?? ''),
    remove,
    async endLeftOvers() {
      for (const name of readdirSync(folder)) {
        const pid = Number(name)
        const then = readFileSync(join(folder, name), 'utf8')
        if (then && startedAt(pid) === then) process.kill(pid, 'SIGKILL')
        remove(pid)
      }
    },
  }
}

/** What tells one process from a later one with its number; undefined when there is none. */
export function startedAt(pid: number): string | undefined {
  try {
    // The name, the second field, may hold spaces but ends with `)`; then come the state and, 22nd of all, the start time.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ')
    // A zombie has ended; where nobody waits for it, it stays for ever.
    return fields[0] === 'Z' ? undefined : fields[19]
  } catch {
    return process.platform === 'linux' ? undefined : startedAtByPs(pid)
  }
}

function startedAtByPs(pid: number): string | undefined {
  try {
    return (
      execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }).trim() || undefined
    )
  } catch {
    return undefined
  }
}
