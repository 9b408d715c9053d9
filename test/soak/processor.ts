import { readdirSync, readFileSync } from 'node:fs'

/** Of `/proc/<pid>/stat` (proc_pid_stat(5)): fields 4 and 14 to 17, counted in hundredths of a second. */
interface Stat {
  parent: number
  own: number
  /** Of children that have ended. */
  ended: number
}

const TICK_MS = 10

/** Processor time of a process and all that it started, in milliseconds; 0 where there is no `/proc`. */
export function processorMs(pid: number): number {
  const stats = new Map<number, Stat>()
  for (const name of processes()) {
    const stat = read(name)
    if (stat) stats.set(Number(name), stat)
  }
  const sum = (id: number): number => {
    const { own, ended } = stats.get(id) ?? { own: 0, ended: 0 }
    const children = [...stats].filter(([, { parent }]) => parent === id)
    return own + ended + children.reduce((total, [child]) => total + sum(child), 0)
  }
  return sum(pid) * TICK_MS
}

/** @returns the process that started this one */
export const parentOf = (pid: number): number | undefined => read(String(pid))?.parent

function processes(): string[] {
  try {
    return readdirSync('/proc').filter(name => /^\d+$/.test(name))
  } catch {
    return []
  }
}

function read(pid: string): Stat | undefined {
  try {
    // The name of the program may hold anything, spaces and parentheses too: what follows it begins after the last one.
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = text
      .slice(text.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number)
    const [user, system, endedUser, endedSystem] = fields.slice(11, 15) as [number, number, number, number]
    return { parent: fields[1]!, own: user + system, ended: endedUser + endedSystem }
  } catch {
    return undefined
  }
}
