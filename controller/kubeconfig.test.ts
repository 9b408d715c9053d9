import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadKubeConfig } from './kubeconfig.ts'

const folder = mkdtempSync(join(tmpdir(), 'kubeconfig-'))
const before = process.env['KUBECONFIG']
afterAll(() => {
  rmSync(folder, { recursive: true })
  if (before === undefined) delete process.env['KUBECONFIG']
  else process.env['KUBECONFIG'] = before
})

const load = (name: string, text?: string): string => {
  const file = join(folder, name)
  if (text !== undefined) writeFileSync(file, text)
  process.env['KUBECONFIG'] = file
  try {
    return loadKubeConfig().getCurrentCluster()!.server
  } catch (error) {
    return (error as Error).message
  }
}

test('a kubeconfig that is not there, is none, or has no current cluster is told in one line without its contents', () => {
  expect(load('nowhere')).toMatch(/^TEP5304: KUBECONFIG=.*nowhere cannot be read \(ENOENT\): /)
  const broken = load('broken', 'users: [{name: a, user: {token: secret-token}}\n  nonsense')
  expect(broken).toMatch(/^TEP5304: .*broken is no kubeconfig/)
  expect(broken).not.toContain('secret-token')
  expect(load('empty', 'apiVersion: v1\nkind: Config\nclusters: []\ncontexts: []\nusers: []\n')).toContain(
    'has no current cluster',
  )
})

test('one that kubectl takes is taken', () => {
  const cluster = { name: 'c', cluster: { server: 'https://127.0.0.1:6443' } }
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [cluster],
    contexts: [{ name: 'x', context: { cluster: 'c', user: '' } }],
    users: [],
    'current-context': 'x',
  }
  expect(load('good', JSON.stringify(config))).toBe('https://127.0.0.1:6443')
})
