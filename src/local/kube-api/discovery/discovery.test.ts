import { readFileSync } from 'node:fs'
import type { KubeApi } from '../index.ts'
import { definitionsFile, formatDefinitions } from '../kinds/generate-definitions.ts'
import { kinds } from '../kinds/table.ts'
import { memoryApi, request, widgetDefinition } from '../test-support.ts'

let api: KubeApi
beforeEach(async () => {
  api = await memoryApi()
  await api.client.create(
    widgetDefinition({ type: 'object', properties: { size: { type: 'integer', description: 'How large.' } } }),
  )
})
afterEach(() => api.close())

const aggregated = { accept: 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json' }

test('the generated schemas are those of the installed client library', () => {
  expect(readFileSync(definitionsFile, 'utf8')).toBe(formatDefinitions())
})

test('plain discovery lists every kind of the table', async () => {
  const groups = (await request(api, 'GET', '/apis')).body.groups.map((group: { name: string }) => group.name)
  expect((await request(api, 'GET', '/api')).body.versions).toEqual(['v1'])
  for (const kind of kinds) {
    if (kind.group) expect(groups).toContain(kind.group)
    const { body } = await request(api, 'GET', kind.group ? `/apis/${kind.group}/${kind.version}` : '/api/v1')
    expect(body.resources).toContainEqual(
      expect.objectContaining({ name: kind.plural, kind: kind.kind, namespaced: kind.namespaced }),
    )
  }
})

test('aggregated discovery says the same in one answer, CRDs included', async () => {
  const answer = await request(api, 'GET', '/apis', undefined, aggregated)
  expect(answer.headers['content-type']).toContain('as=APIGroupDiscoveryList')
  const own = answer.body.items.find((group: { metadata: { name: string } }) => group.metadata.name === 'example.com')
  expect(own.versions[0].resources[0]).toMatchObject({
    resource: 'widgets',
    scope: 'Namespaced',
    responseKind: { group: 'example.com', version: 'v1', kind: 'Widget' },
    subresources: [{ subresource: 'status' }, { subresource: 'scale', responseKind: { kind: 'Scale' } }],
  })
  const core = (await request(api, 'GET', '/api', undefined, aggregated)).body
  expect(core.items[0].versions[0].resources.map((each: { resource: string }) => each.resource)).toContain('pods')
})

test('OpenAPI v3: an index whose links lead to documents without loose references', async () => {
  const { paths } = (await request(api, 'GET', '/openapi/v3')).body as {
    paths: Record<string, { serverRelativeURL: string }>
  }
  expect(Object.keys(paths)).toEqual(expect.arrayContaining(['api/v1', 'apis/apps/v1', 'apis/example.com/v1']))
  for (const { serverRelativeURL } of Object.values(paths)) {
    const { body, status } = await request(api, 'GET', serverRelativeURL)
    expect(status).toBe(200)
    const references = [...JSON.stringify(body).matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map(match => match[1]!)
    expect(references.filter(name => !(name in body.components.schemas))).toEqual([])
  }
  const { body } = await request(api, 'GET', paths['apis/example.com/v1']!.serverRelativeURL)
  expect(body.components.schemas['com.example.v1.Widget'].properties.spec.properties.size.description).toBe(
    'How large.',
  )
})

test('the link to a document changes when its kinds do', async () => {
  const link = async () =>
    (await request(api, 'GET', '/openapi/v3')).body.paths['apis/example.com/v1'].serverRelativeURL as string
  const before = await link()
  await api.client.apply(widgetDefinition({ type: 'object', properties: { other: { type: 'string' } } }), {
    fieldManager: 'me',
    force: true,
  })
  expect(await link()).not.toBe(before)
})

test('version, health, and what is not there', async () => {
  expect((await request(api, 'GET', '/version')).body).toMatchObject({ major: '1', minor: '36' })
  for (const path of ['/healthz', '/livez', '/readyz', '/readyz/ping'])
    expect(await api.handle({ method: 'GET', url: path })).toMatchObject({ kind: 'text', status: 200, text: 'ok' })
  expect((await request(api, 'GET', '/apis/apps/v9')).body).toMatchObject({ kind: 'Status', status: 'Failure' })
  for (const path of ['/apis/no.such.group', '/openapi/v1', '/metrics'])
    expect(await request(api, 'GET', path)).toMatchObject({ status: 404, body: '404 page not found\n' })
  expect((await request(api, 'GET', '//')).status).toBe(400)
})
