import { readFileSync } from 'node:fs'
import { type DataPlane, eventually, startDataPlane } from '../../test/support/data-plane.ts'
import { type HttpClient, httpClient, type Reply } from '../../test/support/http-client.ts'
import {
  bundleServices,
  environmentOf,
  launchService,
  type ServiceProcess,
} from '../../test/support/service-process.ts'
import { throttle } from '../../test/support/throttle.ts'
import { freePort } from '../local/ports.ts'

/** What the smallest pod has, and what a heap of half of it gets (as its image says). */
const MEMORY_MIB = 256
const HEAP = '--max-old-space-size=128'
const PROCESSOR = 0.2

let plane: DataPlane
let program: Awaited<ReturnType<typeof bundleServices>>
let backend: ServiceProcess
let client: HttpClient
let url: string
let token: string

beforeAll(async () => {
  program = await bundleServices()
  plane = await startDataPlane()
  client = httpClient()
  token = await plane.token('anna')
  const port = await freePort()
  url = `http://127.0.0.1:${port}`
  const env = { ...environmentOf(plane, 'backend-service', port), LOG_LEVEL: 'error', NODE_OPTIONS: HEAP }
  backend = launchService(['backend'], env, program.file)
  await eventually(ready, 'the backend', 3_000)
  // From here on it has the keys of the issuer.
  await client.send('GET', `${url}/api/v1/tasks`, { headers: { authorization: `Bearer ${token}` } })
}, 60_000)
afterAll(async () => {
  client?.close()
  backend?.child.kill('SIGKILL')
  await backend?.exited
  await plane?.stop()
  program?.remove()
})

const ready = (): Promise<boolean> =>
  fetch(`${url}/healthz/ready`).then(
    ({ ok }) => ok,
    () => false,
  )
const post = (body: string, key?: string): Promise<Reply> =>
  client.send('POST', `${url}/api/v1/tasks`, {
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      ...(key && { 'idempotency-key': key }),
    },
    body,
    timeoutMs: 60_000,
  })
const titles = async (): Promise<string[]> =>
  (await plane.db.query<{ title: string }>('SELECT title FROM backend.tasks ORDER BY title')).map(({ title }) => title)

test('a fifth of a processor and more than it can do: what is too much is refused, what was acknowledged is there, once', async () => {
  const keys = Array.from({ length: 500 }, (_, n) => `burst-${String(n).padStart(4, '0')}`)
  const write = (key: string): Promise<Reply> => post(JSON.stringify({ title: key }), key)
  // libuv accepts one connection a turn: these are there already, as those of an ingress are.
  await Promise.all(keys.map(() => client.send('GET', `${url}/healthz/live`)))
  const release = throttle(backend.child.pid!, PROCESSOR)
  const answers = await Promise.all(keys.map(write)).finally(release)
  const codes = new Set<string>()
  for (const { status, text } of answers.filter(each => each.status !== 201)) {
    const { code, retry_after: wait } = JSON.parse(text)
    expect([status, wait]).toEqual([503, 1])
    codes.add(code)
  }
  expect(codes).toContain('TEP4212')
  // Who got in may still have found no connection to the database in time.
  expect(['TEP4202', 'TEP4212']).toEqual(expect.arrayContaining([...codes]))
  expect(await titles()).toEqual(keys.filter((_, n) => answers[n]!.status === 201))

  const left = keys.filter((_, n) => answers[n]!.status !== 201)
  while (left.length)
    for (const { status } of await Promise.all(left.splice(0, 50).map(write))) expect(status).toBe(201)
  expect(await titles()).toEqual(keys)
  expect(backend.child.exitCode).toBeNull()
}, 120_000)

test('stalled for two seconds: who asked meanwhile is answered, and it goes on', async () => {
  const before = (await titles()).length
  backend.child.kill('SIGSTOP')
  const waiting = Array.from({ length: 20 }, (_, n) => post(JSON.stringify({ title: `stalled ${n}` })))
  await new Promise(done => setTimeout(done, 2_000))
  backend.child.kill('SIGCONT')
  for (const { status } of await Promise.all(waiting)) expect(status).toBe(201)
  expect(await titles()).toHaveLength(before + 20)
}, 60_000)

test('little memory and the largest bodies there may be: refused before they are read, and no more is taken than a small pod has', async () => {
  const large = JSON.stringify({ title: 'large', unknown: 'x'.repeat(1_000_000) })
  const statuses = new Set<number>()
  for (let round = 0; round < 3; round++)
    for (const { status, text } of await Promise.all(Array.from({ length: 100 }, () => post(large)))) {
      statuses.add(status)
      if (status === 503) expect(JSON.parse(text).code).toBe('TEP4212')
    }
  expect([...statuses].sort()).toEqual([400, 503])
  expect(await ready()).toBe(true)
  expect((await post(JSON.stringify({ title: 'small' }))).status).toBe(201)
  expect(backend.child.exitCode).toBeNull()
  if (process.platform !== 'linux') return console.warn('the memory of another process is told on Linux only')
  // At most, but for the program itself: its pages are the file's, which the kernel takes back before it ends anybody.
  const status = readFileSync(`/proc/${backend.child.pid}/status`, 'utf8')
  const mebibytes = (name: string): number => Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)![1]) / 1024
  expect(mebibytes('VmHWM') - mebibytes('RssFile')).toBeLessThan(MEMORY_MIB)
}, 120_000)
