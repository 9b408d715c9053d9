import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EXIT } from '../../src/cli/exit.ts'
import { freePort } from '../../src/local/ports.ts'
import { Laptop, root } from '../support/laptop.ts'

/** What goes wrong outside: one clear line, an exit code, and nothing left running. */
let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tep-bad-'))
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

const tep = (...args: string[]): { code: number | null; lines: string[] } => {
  const result = spawnSync(process.execPath, [join(root, 'dist/tep.mjs'), ...args], { encoding: 'utf8', cwd: root })
  return { code: result.status, lines: result.stderr.trim().split('\n') }
}

const listen = (port: number): Promise<Server> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => resolve(server))
  })

/** Processes that were started for a folder, by their command lines. */
const runningIn = (path: string): string[] =>
  execFileSync('ps', ['-eo', 'args='], { encoding: 'utf8' })
    .split('\n')
    .filter(line => line.includes(path))

test('a port that is taken is named, with the way out', async () => {
  const port = await freePort()
  const server = await listen(port)
  const place = join(folder, 'port')
  const { code, lines } = tep('up', '--folder', place, '--port', String(port))
  server.close()
  expect(code).toBe(EXIT.portTaken)
  expect(lines).toEqual([
    `tep: TEP5002: port ${port} cannot be used (EADDRINUSE): stop what listens there, or choose another with --port`,
  ])
  expect(runningIn(place)).toEqual([])
  expect(readdirSync(place)).toEqual([])
})

test('a folder that cannot be written is named', () => {
  // A file in the way stops root too, whom permissions do not.
  const file = join(folder, 'file')
  writeFileSync(file, '')
  const { code, lines } = tep('up', '--folder', join(file, 'tep'))
  expect(code).toBe(EXIT.notWritable)
  expect(lines).toHaveLength(1)
  expect(lines[0]).toMatch(/^tep: TEP5003: cannot write to .*file\/tep \(ENOTDIR\)/)
})

test.each([
  ['a port that is none', ['up', '--port', 'x'], 'TEP5004'],
  ['a manifest that is not there', ['up', '--file', '/no/such.yaml'], 'TEP5005'],
])('%s is refused before anything starts', (_name, args, code) => {
  const result = tep(...args, '--folder', join(folder, 'usage'))
  expect(result.code).toBe(EXIT.usage)
  expect(result.lines).toEqual([expect.stringContaining(`tep: ${code}: `)])
})

test('a manifest that is no YAML is told by its file', () => {
  const broken = join(folder, 'broken.yaml')
  writeFileSync(broken, 'kind: [TodoEventPlatform\n')
  expect(tep('up', '--file', broken, '--folder', join(folder, 'yaml'))).toMatchObject({
    code: EXIT.usage,
    lines: [expect.stringContaining(`TEP5005: ${broken}`)],
  })
})

test('a platform the API refuses is told by its field, and nothing goes on running', async () => {
  const place = join(folder, 'refused')
  const wrong = join(folder, 'wrong.yaml')
  writeFileSync(
    wrong,
    'apiVersion: todo.events/v1alpha1\nkind: TodoEventPlatform\nmetadata: {name: todo, namespace: default}\nspec: {profile: Staging, kafka: {strimzi: {}}, database: {cloudnativepg: {}}}\n',
  )
  const { code, lines } = tep('up', '--file', wrong, '--folder', place, '--port', String(await freePort()))
  expect(code).toBe(1)
  expect(lines).toEqual([expect.stringContaining('spec.profile: Unsupported value: "Staging"')])
  expect(runningIn(place)).toEqual([])
})

test('make says which tool is missing', () => {
  const tools = join(folder, 'bin')
  mkdirSync(tools)
  for (const tool of ['bash', 'find', 'awk']) {
    execFileSync('ln', ['-s', execFileSync('which', [tool], { encoding: 'utf8' }).trim(), join(tools, tool)])
  }
  const make = execFileSync('which', ['make'], { encoding: 'utf8' }).trim()
  const copy = join(folder, 'copy')
  execFileSync('git', ['init', '-q', copy])
  execFileSync('cp', [join(root, 'Makefile'), join(root, 'package.json'), join(root, 'package-lock.json'), copy])
  const result = spawnSync(make, ['up'], { cwd: copy, encoding: 'utf8', env: { PATH: tools, HOME: folder } })
  expect(result.status).not.toBe(0)
  expect(result.stderr.split('\n')[0]).toMatch(/TEP5007: npm is missing/)
})

test('a second start in the same folder is refused, and the first goes on', async () => {
  const laptop = await Laptop.create()
  try {
    await laptop.up()
    const { code, lines } = tep('up', '--folder', laptop.folder, '--port', String(await freePort()))
    expect(code).toBe(EXIT.running)
    expect(lines).toEqual([expect.stringMatching(/^tep: TEP5001: process \d+ runs .* already/)])
    expect((await laptop.call('demo', 'GET', '/api/v1/tasks')).status).toBe(200)
    expect(tep('down', '--folder', laptop.folder).code).toBe(0)
    expect(runningIn(laptop.folder)).toEqual([])
  } finally {
    await laptop.dispose()
  }
}, 120_000)

test('killed without warning, nothing it started keeps the next start from working', async () => {
  const laptop = await Laptop.create()
  try {
    await laptop.up()
    const task = (await laptop.call('demo', 'POST', '/api/v1/tasks', { title: 'Survives' })).body
    await laptop.stop('SIGKILL')
    await laptop.up()
    expect((await laptop.call('demo', 'GET', `/api/v1/tasks/${task.id}`)).body.title).toBe('Survives')
    await laptop.stop()
    expect(runningIn(laptop.folder)).toEqual([])
  } finally {
    await laptop.dispose()
  }
}, 120_000)
