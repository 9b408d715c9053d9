/** Entry point of the PostgreSQL pod: a database `app` of a role `app`, as CloudNativePG makes them. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import pg from 'pg'
import { eventually, run, serve } from './process.ts'

const DATA = '/data/pgdata'
const BIN = '/opt/postgres/bin'
const { ADMIN_PASSWORD = '', APP_PASSWORD = '' } = process.env

if (!existsSync(`${DATA}/PG_VERSION`)) {
  writeFileSync('/tmp/password', ADMIN_PASSWORD, { mode: 0o600 })
  // Half a folder of an initdb that was killed is none.
  rmSync(DATA, { recursive: true, force: true })
  await run(`${BIN}/initdb`, [
    '-D',
    DATA,
    '-U',
    'postgres',
    '--pwfile=/tmp/password',
    '--auth=scram-sha-256',
    '--locale=C',
    '-E',
    'UTF8',
  ])
  rmSync('/tmp/password')
  writeFileSync(`${DATA}/pg_hba.conf`, 'local all all scram-sha-256\nhost all all all scram-sha-256\n')
}
dropStaleLock()
serve(`${BIN}/postgres`, [
  '-D',
  DATA,
  '-c',
  'listen_addresses=*',
  '-c',
  'unix_socket_directories=/tmp',
  '-c',
  'max_connections=200',
])

await eventually('the database of the app', async () => {
  const admin = new pg.Client({ host: '127.0.0.1', user: 'postgres', password: ADMIN_PASSWORD, database: 'postgres' })
  await admin.connect()
  try {
    const { rows } = await admin.query("SELECT 1 FROM pg_roles WHERE rolname = 'app'")
    if (rows.length === 0)
      await admin.query(`CREATE ROLE app LOGIN CREATEROLE PASSWORD ${pg.escapeLiteral(APP_PASSWORD)}`)
    const databases = await admin.query("SELECT 1 FROM pg_database WHERE datname = 'app'")
    if (databases.rows.length === 0) await admin.query('CREATE DATABASE app OWNER app')
  } finally {
    await admin.end()
  }
})

/**
 * The lock of a server that was killed names a process of its own container; in this one the same number may be a thread of
 * ours, which PostgreSQL takes for another server, and refuses to start for ever.
 */
function dropStaleLock(): void {
  const lock = `${DATA}/postmaster.pid`
  if (!existsSync(lock)) return
  const [pid] = readFileSync(lock, 'utf8').split('\n')
  const holder = `/proc/${pid}/comm`
  if (!existsSync(holder) || readFileSync(holder, 'utf8').trim() !== 'postgres') rmSync(lock)
}
