import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openKubeApi } from '../index.ts'
import { configMap, refusal } from '../test-support.ts'
import { sqliteBackend } from './sqlite.ts'
import { noBackend, Store } from './store.ts'

const object = (name: string, value: number) => ({ metadata: { namespace: 'a', name }, value })
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kube-api-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

describe.each(['memory', 'sqlite'])('store in %s', kind => {
  const open = (history?: number) =>
    new Store(kind === 'memory' ? noBackend : sqliteBackend(join(folder, 'db')), history)

  test('every commit gets the next resourceVersion, across tables', () => {
    const store = open()
    const first = store.put('pods', object('x', 1))
    const second = store.put('secrets', object('x', 2))
    expect(second.version).toBe(first.version + 1)
    expect(store.remove(second, second.object).version).toBe(second.version + 1)
    expect(store.version).toBe(second.version + 1)
    store.close()
  })

  test('a stored object cannot be changed', () => {
    const store = open()
    const entry = store.put('pods', { metadata: { name: 'x' }, spec: { deep: [1] } })
    expect(() => (entry.object['spec'] as { deep: number[] }).deep.push(2)).toThrow(TypeError)
    store.close()
  })

  test('shows a table as it was at any version in the history', () => {
    const store = open()
    const first = store.put('pods', object('x', 1))
    store.put('pods', object('y', 1))
    const changed = store.put('pods', object('x', 2))
    store.remove(changed, changed.object)
    const names = (version: number) =>
      store.listAt(version, 'pods').map(entry => `${entry.name}=${String(entry.object['value'])}`)
    expect(names(first.version)).toEqual(['x=1'])
    expect(names(changed.version)).toEqual(['x=2', 'y=1'])
    expect(names(store.version)).toEqual(['y=1'])
    store.close()
  })

  test('forgets changes beyond its bound and says up to where', () => {
    const store = open(4)
    for (let index = 0; index < 20; index++) store.put('pods', object('x', index))
    expect(store.compacted).toBeGreaterThan(1)
    expect(store.changesSince(store.compacted, 'pods').length).toBe(store.version - store.compacted)
    store.close()
  })
})

test('a SQLite store comes back with objects, versions, kinds and counter', async () => {
  const file = join(folder, 'nested', 'db')
  const first = await openKubeApi({ store: { file } })
  const made = await first.client.create(configMap('kept', { a: '1' }))
  const gone = await first.client.create(configMap('gone'))
  await first.client.delete(gone, 'default', 'gone')
  first.close()

  const second = await openKubeApi({ store: { file } })
  expect(await second.client.get(made, 'default', 'kept')).toEqual(made)
  expect(await second.client.get(made, 'default', 'gone')).toBeUndefined()
  const next = await second.client.create(configMap('next'))
  expect(Number(next.metadata.resourceVersion)).toBeGreaterThan(Number(gone.metadata.resourceVersion) + 1)
  second.close()
})

test('a second server on the same file is refused', async () => {
  const file = join(folder, 'db')
  const first = await openKubeApi({ store: { file } })
  await expect(openKubeApi({ store: { file } })).rejects.toThrow(/locked/)
  first.close()
})

test('a write that the backend refuses has not happened', async () => {
  const failing = {
    ...noBackend,
    put: () => {
      throw new Error('disk full')
    },
  }
  const store = new Store(failing)
  const seen: unknown[] = []
  store.watch('pods', change => seen.push(change))
  expect(() => store.put('pods', object('x', 1))).toThrow('disk full')
  expect(store.get('pods', 'a', 'x')).toBeUndefined()
  expect(store.version).toBe(1)
  expect(seen).toEqual([])
})

test('an old resourceVersion after a restart is answered with 410 in the watch', async () => {
  const file = join(folder, 'db')
  const first = await openKubeApi({ store: { file } })
  const early = await first.client.create(configMap('a'))
  await first.client.create(configMap('b'))
  first.close()
  const second = await openKubeApi({ store: { file } })
  const url = `/api/v1/configmaps?watch=1&resourceVersion=${early.metadata.resourceVersion}`
  const response = await second.handle({ method: 'GET', url })
  const frames: unknown[] = []
  if (response.kind === 'watch')
    response.start({ push: frame => frames.push(frame.object), end: () => frames.push('end') })
  expect(frames).toEqual([expect.objectContaining({ code: 410, reason: 'Expired' }), 'end'])
  expect((await refusal(second.client.create(configMap('a')))).reason).toBe('AlreadyExists')
  second.close()
})
