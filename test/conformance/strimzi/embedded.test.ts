import { type KubeApi, type KubeObject, openKubeApi } from '../../../src/local/kube-api/index.ts'
import { type EventLog, openLog } from '../../../src/local/log/index.ts'
import { installCrds, startStrimzi } from '../../../src/local/operators/index.ts'
import { type Any, NAMESPACE, type Place } from './row.ts'
import { bringUp, observe, TABLES } from './run.ts'

const PATIENCE = { cluster: 10_000, step: 5_000 }
const versionOf = (kind: string): string => (kind === 'Secret' ? 'v1' : 'kafka.strimzi.io/v1')

let api: KubeApi
let log: EventLog
let stop: () => Promise<void>
let place: Place

beforeAll(async () => {
  api = await openKubeApi({ store: 'memory' })
  log = openLog({ file: ':memory:' })
  await installCrds(api.client)
  await api.client.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } })
  ;({ stop } = startStrimzi({ client: api.client, log }))
  const id = (kind: string) => ({ apiVersion: versionOf(kind), kind })
  place = {
    create: async object => void (await api.client.create(object as unknown as KubeObject)),
    merge: async (kind, name, patch) => void (await api.client.merge(id(kind), NAMESPACE, name, patch)),
    get: async (kind, name) => (await api.client.get(id(kind), NAMESPACE, name)) as Any | undefined,
    delete: async (kind, name) => void (await api.client.delete(id(kind), NAMESPACE, name)),
  }
  await bringUp(place, PATIENCE)
})

afterAll(async () => {
  await stop?.()
  await log?.close()
  api?.close()
})

/** The answers beside the rows are those of Strimzi 1.2.0 with Kafka 4.3.1 on Kubernetes 1.36. */
describe.each(Object.entries(TABLES))('%s', (_, rows) => {
  test.each(rows.map(row => [row.name, row.rule, row] as const))('%s (%s)', async (_name, _rule, row) => {
    expect(await observe(place, row, PATIENCE)).toEqual(row.expect)
  })
})

test('there are as many rows as are told of, each with a name of its own', () => {
  const names = Object.entries(TABLES).flatMap(([table, rows]) => rows.map(({ name }) => `${table}: ${name}`))
  expect(names.length).toBeGreaterThanOrEqual(60)
  expect(new Set(names).size).toBe(names.length)
})
