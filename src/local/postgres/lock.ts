import { execFile } from 'node:child_process'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)

/**
 * Makes sure no server works on `cluster`: a server whose starter is gone (killed with -9) is shut down, a lock file whose
 * process is gone is removed, a server somebody still uses is left alone and refused.
 *
 * @param owner process id of the Node process that started the last server, if known
 * @throws Error TEP5101 when the folder is in use
 */
export async function clearStaleServer(cluster: string, owner: number | undefined): Promise<void> {
  const lockFile = join(cluster, 'postmaster.pid')
  const pid = Number((await readFile(lockFile, 'utf8').catch(() => '')).split('\n')[0])
  if (!pid) return
  if (!(await isServerOf(pid, cluster))) {
    await rm(lockFile, { force: true })
    return
  }
  if (owner !== undefined && isAlive(owner)) {
    throw new Error(
      `TEP5101: the database folder ${cluster} is in use by process ${owner} (PostgreSQL ${pid}). ` +
        'Stop that one, or choose another folder.',
    )
  }
  process.kill(pid, 'SIGINT')
  for (let waited = 0; isAlive(pid); waited += 50) {
    if (waited > 15_000) throw new Error(`TEP5101: PostgreSQL ${pid} left over on ${cluster} does not stop.`)
    await sleep(50)
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Process ids are reused: the number in a lock file counts only if that process is a server on this very folder. */
async function isServerOf(pid: number, cluster: string): Promise<boolean> {
  if (!isAlive(pid)) return false
  const command =
    (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => undefined)) ??
    (await run('ps', ['-p', String(pid), '-o', 'args=']).then(
      result => result.stdout,
      () => '',
    ))
  return command.includes(cluster)
}
