import { accessSync, constants, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { portIfFree } from '../local/ports.ts'
import { startedAt } from '../local/processes.ts'
import { EXIT, Exit } from './exit.ts'

export const DEFAULT_FOLDER = '.tep'

const lockFile = (folder: string): string => join(folder, 'tep.pid')

/** The process that runs a folder, if one does. */
export function runningProcess(folder: string): number | undefined {
  try {
    const [pid = '', started = ''] = readFileSync(lockFile(folder), 'utf8').split('\n')
    return started && startedAt(Number(pid)) === started ? Number(pid) : undefined
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Takes the folder for this process. @throws Exit TEP5001 when another runs it, TEP5003 when it cannot be written */
export function takeFolder(folder: string): () => void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o755 })
    accessSync(folder, constants.W_OK)
    const other = runningProcess(folder)
    if (other !== undefined)
      throw new Exit(
        'TEP5001',
        EXIT.running,
        `process ${other} runs ${folder} already; use it, stop it with "make down", or choose another folder with --folder`,
      )
    writeFileSync(lockFile(folder), `${process.pid}\n${startedAt(process.pid) ?? ''}`)
  } catch (error) {
    if (error instanceof Exit) throw error
    throw new Exit(
      'TEP5003',
      EXIT.notWritable,
      `cannot write to ${folder} (${(error as NodeJS.ErrnoException).code}): give this user the right to, or choose another folder with --folder; its parent is ${dirname(folder)}`,
    )
  }
  return () => rmSync(lockFile(folder), { force: true })
}

/** @throws Exit TEP5002 when the port is in use */
export async function checkPort(port: number, flag: string): Promise<void> {
  await portIfFree(port).catch((error: NodeJS.ErrnoException) => {
    throw new Exit(
      'TEP5002',
      EXIT.portTaken,
      `port ${port} cannot be used (${error.code}): stop what listens there, or choose another with ${flag}`,
    )
  })
}
