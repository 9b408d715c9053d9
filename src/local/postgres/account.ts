import { execFile } from 'node:child_process'
import { stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** How the server's processes are started: under whose account, and behind which wrapper command. */
export interface Account {
  /** Whose the data must be; absent: whoever runs this process. */
  owner?: number
  uid?: number
  gid?: number
  /** Command words put before the program; empty when spawn's own uid and gid suffice. */
  wrapper: readonly string[]
}

/**
 * PostgreSQL refuses to run as root. As a normal user: run as that user. As root: run as the account `postgres`, which
 * is created when the system has none.
 *
 * @param folders absolute paths the server has to reach (its programs and its data)
 * @throws Error when root has no way to get another account
 */
export async function serverAccount(folders: readonly string[]): Promise<Account> {
  if (process.getuid?.() !== 0) return { wrapper: [] }
  const { uid, gid } = await postgresUser()
  const closed = await firstClosedFolder(folders, uid)
  if (!closed) return { owner: uid, uid, gid, wrapper: [] }
  // A checkout under /root (mode 0700) is common in containers; only a capability lets another account pass through it.
  const wrapper = [
    'setpriv',
    `--reuid=${uid}`,
    `--regid=${gid}`,
    '--clear-groups',
    '--inh-caps=+dac_override',
    '--ambient-caps=+dac_override',
  ]
  try {
    await run(wrapper[0]!, [...wrapper.slice(1), 'true'])
  } catch {
    throw new Error(
      `TEP5103: PostgreSQL cannot run as root, and the account "postgres" may not enter ${closed}. ` +
        `Allow it (chmod o+x ${closed}), move the folder elsewhere, or run as a normal user.`,
    )
  }
  return { owner: uid, wrapper }
}

async function postgresUser(): Promise<{ uid: number; gid: number }> {
  const known = await idsOf('postgres')
  if (known) return known
  try {
    await run('useradd', ['--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin', 'postgres'])
  } catch (error) {
    throw new Error(
      'TEP5102: PostgreSQL cannot run as root, and no account "postgres" could be created ' +
        `(${(error as Error).message.split('\n')[0]}). Create one, or run as a normal user.`,
    )
  }
  const created = await idsOf('postgres')
  if (!created) throw new Error('TEP5102: the account "postgres" was created but cannot be looked up with id.')
  return created
}

async function idsOf(name: string): Promise<{ uid: number; gid: number } | undefined> {
  try {
    const [uid, gid] = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])])
    return { uid: Number(uid.stdout), gid: Number(gid.stdout) }
  } catch {
    return undefined
  }
}

async function firstClosedFolder(folders: readonly string[], uid: number): Promise<string | undefined> {
  for (const folder of folders) {
    for (let path = folder; path !== dirname(path); path = dirname(path)) {
      const { mode, uid: owner } = await stat(path)
      if ((owner === uid ? mode & 0o100 : mode & 0o001) === 0) return path
    }
  }
  return undefined
}
