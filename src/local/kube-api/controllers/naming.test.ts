import type { KubeApi } from '../index.ts'
import { memoryApi, request, widgetDefinition } from '../test-support.ts'

let api: KubeApi
beforeEach(async () => {
  api = await memoryApi()
})
afterEach(() => api.close())

test('a definition whose names are taken is not served until they are free', async () => {
  const first = await api.client.create(widgetDefinition({ type: 'object' }))
  const other = widgetDefinition({ type: 'object' }) as {
    metadata: { name: string }
    spec: { names: { plural: string } }
  }
  other.metadata.name = 'others.example.com'
  other.spec.names = { ...other.spec.names, plural: 'others' }
  await api.client.create(other as never)
  const conditionsOf = async () => {
    const found = await api.client.get(first, undefined, 'others.example.com')
    const { conditions } = found!.status as { conditions: { type: string; status: string; message: string }[] }
    return Object.fromEntries(conditions.map(({ type, status }) => [type, status]))
  }
  const served = async () => (await request(api, 'GET', '/apis/example.com/v1/namespaces/default/others')).status
  expect([await conditionsOf(), await served()]).toEqual([{ NamesAccepted: 'False', Established: 'False' }, 404])
  await api.client.delete(first, undefined, first.metadata.name)
  await new Promise(setImmediate)
  expect([await conditionsOf(), await served()]).toEqual([{ NamesAccepted: 'True', Established: 'True' }, 200])
})
