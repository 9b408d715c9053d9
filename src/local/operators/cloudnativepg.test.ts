import { type KubeObject, openKubeApi } from '../kube-api/index.ts'
import { eventually } from '../log/testing.ts'
import { installCrds, startCloudNativePg } from './index.ts'

test('a Cluster becomes a database whose secret leads there, and goes with it', async () => {
  const api = await openKubeApi({ store: 'memory' })
  await installCrds(api.client)
  const databases = new Map<string, string>()
  const operator = startCloudNativePg({
    client: api.client,
    database: {
      createDatabase: async ({ name, password }) => {
        databases.set(name, password)
        return { host: '127.0.0.1', port: 5432 }
      },
      dropDatabase: async name => void databases.delete(name),
    },
  })
  try {
    const kind = { apiVersion: 'postgresql.cnpg.io/v1', kind: 'Cluster' }
    const metadata = { name: 'todo-db', namespace: 'default' }
    await api.client.create({ ...kind, metadata, spec: { instances: 3, storage: { size: '1Gi' } } })
    const status = await eventually(async () => {
      const cluster = await api.client.get<KubeObject<unknown, Record<string, unknown>>>(kind, 'default', 'todo-db')
      return cluster?.status
    })
    expect(status).toMatchObject({
      phase: 'Cluster in healthy state',
      readyInstances: 3,
      observedGeneration: 1,
      conditions: [{ type: 'Ready', status: 'True' }],
    })
    const secret = await api.client.get<KubeObject>({ apiVersion: 'v1', kind: 'Secret' }, 'default', 'todo-db-app')
    const read = (key: string) => Buffer.from((secret!['data'] as Record<string, string>)[key]!, 'base64').toString()
    const password = databases.get('default_todo_db_app')
    expect(read('password')).toBe(password)
    expect(read('uri')).toBe(`postgresql://default_todo_db_app:${password}@127.0.0.1:5432/default_todo_db_app`)
    expect(Object.keys(secret!['data'] as object).sort()).toEqual([
      'dbname',
      'fqdn-jdbc-uri',
      'fqdn-uri',
      'host',
      'jdbc-uri',
      'password',
      'pgpass',
      'port',
      'uri',
      'user',
      'username',
    ])
    await api.client.delete(kind, 'default', 'todo-db')
    await eventually(async () => databases.size === 0)
  } finally {
    await operator.stop()
    api.close()
  }
})
