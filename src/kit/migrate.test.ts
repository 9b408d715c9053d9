import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { type PostgresServer, startPostgres } from '../local/postgres/index.ts'
import { migrate } from './migrate.ts'

let dataDir: string
let server: PostgresServer
let url: string

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'tep-migrate-'))
  server = await startPostgres({ dataDir, fsync: false })
  await server.createDatabase({ name: 'm', owner: 'm', password: 'm' })
  url = `postgres://m:m@${server.host}:${server.port}/m`
})
afterAll(async () => {
  await server?.stop()
  await rm(dataDir, { recursive: true, force: true })
})

const first = { name: '1', sql: 'CREATE TABLE counter (n integer); INSERT INTO counter VALUES (1)' }
const second = { name: '2', sql: 'UPDATE counter SET n = n + 1' }

const ask = async (sql: string): Promise<unknown[]> => {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const { rows } = await client.query(sql)
  await client.end()
  return rows
}

test('processes that start together migrate once, and later ones find nothing to do', async () => {
  const applied = await Promise.all([1, 2, 3].map(() => migrate(url, [first, second])))
  expect(applied.flat().sort()).toEqual(['1', '2'])
  expect(await migrate(url, [first, second])).toEqual([])
  expect(await ask('SELECT n FROM counter')).toEqual([{ n: 2 }])
})

test('a migration that breaks leaves no trace, and one that was edited is refused', async () => {
  await expect(
    migrate(url, [first, second, { name: '3', sql: 'CREATE TABLE half (); SELECT nonsense' }]),
  ).rejects.toThrow('nonsense')
  expect(await ask("SELECT to_regclass('half') AS half")).toEqual([{ half: null }])
  await expect(migrate(url, [{ ...first, sql: 'SELECT 1' }])).rejects.toThrow('TEP4207')
})

test('a login without the right to create roles is told what to do', async () => {
  await expect(migrate(url, [first, second, { name: '3', sql: 'CREATE ROLE x SUPERUSER' }])).rejects.toThrow(
    /TEP4208.*ALTER ROLE "m" CREATEROLE/,
  )
})
