import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { isAlive } from './lock.ts'
import { type PostgresServer, startPostgres } from './server.ts'

let dataDir: string
const running: PostgresServer[] = []

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'tep-postgres-'))
})

afterEach(async () => {
  for (const server of running.splice(0)) await server.stop()
})

afterAll(() => rm(dataDir, { recursive: true, force: true }))

const start = async (port?: number): Promise<PostgresServer> => {
  const server = await startPostgres({ dataDir, fsync: false, ...(port ? { port } : {}) })
  running.push(server)
  return server
}

const serverPid = async (): Promise<number> =>
  Number((await readFile(join(dataDir, 'pgdata/postmaster.pid'), 'utf8')).split('\n')[0])

const ask = async (connectionString: string, sql: string): Promise<unknown[]> => {
  const client = new pg.Client({ connectionString })
  await client.connect()
  try {
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}

test('what was written is there after a restart, and nothing is left running after stop', async () => {
  const first = await start()
  await first.createDatabase({ name: 'todo', owner: 'todo', password: 'p"\'w' })
  const uri = (port: number) => `postgres://todo:${encodeURIComponent('p"\'w')}@127.0.0.1:${port}/todo`
  await ask(uri(first.port), 'CREATE TABLE note AS SELECT 42 AS answer')
  const pid = await serverPid()
  await first.stop()
  expect(isAlive(pid)).toBe(false)

  const second = await start()
  await second.createDatabase({ name: 'todo', owner: 'todo', password: 'p"\'w' })
  expect(await ask(uri(second.port), 'SELECT answer FROM note')).toEqual([{ answer: 42 }])
  await second.dropDatabase('todo')
  await expect(ask(uri(second.port), 'SELECT 1')).rejects.toThrow('does not exist')
})

test('a folder in use is refused and its user is not disturbed', async () => {
  const first = await start()
  await expect(startPostgres({ dataDir })).rejects.toThrow('TEP5101')
  expect(await ask(first.adminUri, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
})

test('a server whose starter was killed is replaced, and so is a lock file nobody holds', async () => {
  const source = `const { startPostgres } = await import(${JSON.stringify(join(import.meta.dirname, 'server.ts'))})
    await startPostgres({ dataDir: ${JSON.stringify(dataDir)}, fsync: false })
    process.stdout.write('up'); setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], { stdio: ['ignore', 'pipe', 'inherit'] })
  await new Promise(up => child.stdout.once('data', up))
  const orphan = await serverPid()
  child.kill('SIGKILL')
  await new Promise(gone => child.once('exit', gone))
  expect(isAlive(orphan)).toBe(true)

  const server = await start()
  expect(isAlive(orphan)).toBe(false)
  await server.stop()

  await writeFile(join(dataDir, 'pgdata/postmaster.pid'), `${process.pid}\n${dataDir}\n`)
  expect(await ask((await start()).adminUri, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
})

test('a folder that cannot be made is one clear error', async () => {
  const file = join(dataDir, 'a-file')
  await writeFile(file, '')
  await expect(startPostgres({ dataDir: join(file, 'data') })).rejects.toThrow('TEP5107')
})

test('a taken port is one clear error', async () => {
  const first = await start()
  const other = await mkdtemp(join(tmpdir(), 'tep-postgres-'))
  await expect(startPostgres({ dataDir: other, port: first.port, fsync: false })).rejects.toThrow('TEP5106')
  await rm(other, { recursive: true, force: true })
})
