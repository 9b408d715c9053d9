import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openLog } from './index.ts'

/** Appends for ever and prints each acknowledged value, after its promise has resolved. */
const WRITER = `
  import { openLog } from ${JSON.stringify(new URL('./index.ts', import.meta.url).href)}
  const cluster = openLog({ file: process.argv[1] }).cluster('a/b')
  cluster.start()
  cluster.describeTopic('t') ?? cluster.createTopic({ name: 't', partitions: 2 })
  const client = cluster.connect()
  for (let n = 0; ; n += 1) {
    const { partition, offset } = await client.append({ topic: 't', key: 'k' + (n % 7), value: process.argv[2] + n })
    process.stdout.write([partition, offset, process.argv[2] + n].join(' ') + '\\n')
  }`

/** Runs a writer, kills it without warning after some lines, and returns what it had acknowledged. */
async function killedWriter(file: string, prefix: string, lines: number): Promise<string[]> {
  const child = spawn(process.execPath, ['--no-warnings', '--input-type=module', '-e', WRITER, file, prefix], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_OPTIONS: '' },
  })
  let text = ''
  child.stdout.on('data', chunk => {
    text += chunk
    if (text.split('\n').length > lines) child.kill('SIGKILL')
  })
  await new Promise(resolve => child.on('close', resolve))
  // The last line may be cut in two by the kill.
  return text.split('\n').slice(0, -1)
}

test('nothing acknowledged is lost, and no offset is given twice, however often the process is killed', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'log-kill-'))
  const file = join(folder, 'log.db')
  const acknowledged: string[] = []
  for (const prefix of ['a', 'b', 'c']) acknowledged.push(...(await killedWriter(file, prefix, 200)))
  expect(acknowledged.length).toBeGreaterThanOrEqual(600)
  const log = openLog({ file })
  const cluster = log.cluster('a/b')
  const stored = [0, 1].flatMap(partition => cluster.read('t', partition, 0, 1_000_000))
  const lines = new Set(
    stored.map(({ partition, offset, value }) => `${partition} ${offset} ${Buffer.from(value).toString()}`),
  )
  expect(acknowledged.filter(line => !lines.has(line))).toEqual([])
  for (const partition of [0, 1]) {
    const offsets = stored.filter(record => record.partition === partition).map(record => record.offset)
    expect(offsets).toEqual([...offsets.keys()])
  }
  await log.close()
  rmSync(folder, { recursive: true })
})
