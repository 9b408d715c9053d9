import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openKubeApi } from '../../src/local/kube-api/index.ts'
import { inProcess } from '../../test/support/in-process.ts'
import type { Manager } from './manager.ts'
import type { Transport } from './transport.ts'

const ROOM = import.meta.dirname
const [, example] = /```ts\n([\s\S]*?)```/.exec(readFileSync(join(ROOM, 'README.md'), 'utf8'))!
const GREETINGS = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'greetings.example.dev' },
  spec: {
    group: 'example.dev',
    scope: 'Namespaced',
    names: { plural: 'greetings', kind: 'Greeting' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: { spec: { type: 'object', properties: { whom: { type: 'string' } } } },
          },
        },
      },
    ],
  },
}

let folder: string
let file: string
beforeAll(() => {
  folder = mkdtempSync(join(ROOM, 'readme-'))
  file = join(folder, 'greeting.ts')
  writeFileSync(file, example!.replaceAll("from './", "from '../"))
})
afterAll(() => rmSync(folder, { recursive: true }))

const until = async <T>(what: string, look: () => Promise<T | undefined | false>): Promise<T> => {
  for (let tries = 0; tries < 200; tries++) {
    const found = await look()
    if (found) return found
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  throw new Error(`${what} did not come`)
}

test('the example of the README has some thirty lines of its own and compiles', () => {
  expect(example!.split('\n').filter(line => line && !line.startsWith('import')).length).toBeLessThanOrEqual(40)
  const root = join(ROOM, '../..')
  const config = join(folder, 'tsconfig.json')
  writeFileSync(config, JSON.stringify({ extends: join(root, 'tsconfig.json'), files: [file], include: [] }))
  execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', config], {
    cwd: root,
    stdio: 'pipe',
  })
})

test('the example of the README makes, repairs, follows and lets go, and waits for its CRD', async () => {
  const api = await openKubeApi({ store: 'memory' })
  const { greetingController } = (await import(file)) as { greetingController(transport: Transport): Manager }
  const manager = greetingController(inProcess(api))
  try {
    await until('the first lists', async () => manager.synced)
    await api.client.create(GREETINGS)
    const whom = (name: string) => ({
      apiVersion: 'example.dev/v1',
      kind: 'Greeting',
      metadata: { namespace: 'default', name: 'hi' },
      spec: { whom: name },
    })
    await api.client.create(whom('world'))
    const says = (text: string) =>
      until(text, async () => {
        const map = await api.client.get({ apiVersion: 'v1', kind: 'ConfigMap' }, 'default', 'hi')
        return (map?.['data'] as { text: string } | undefined)?.text === text
      })
    await says('Hello, world!')
    await api.client.merge({ apiVersion: 'v1', kind: 'ConfigMap' }, 'default', 'hi', { data: { text: 'tampered' } })
    await says('Hello, world!')
    await api.client.delete({ apiVersion: 'v1', kind: 'ConfigMap' }, 'default', 'hi')
    await says('Hello, world!')
    await api.client.merge(whom('x'), 'default', 'hi', { spec: { whom: 'you' } })
    await says('Hello, you!')
  } finally {
    await manager.stop()
    api.close()
  }
})
