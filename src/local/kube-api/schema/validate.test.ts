import type { KubeApi } from '../index.ts'
import type { JsonObject } from '../json.ts'
import { fieldsOf, memoryApi, objectSchema, refusal, widget, widgetDefinition } from '../test-support.ts'

let api: KubeApi
beforeEach(async () => {
  api = await memoryApi()
})
afterEach(() => api.close())

const define = (spec: JsonObject, version?: JsonObject) => api.client.create(widgetDefinition(spec, version))

test.each<[string, JsonObject, unknown, string[], string]>([
  [
    'none of anyOf, and what the nearest lacks',
    { type: 'integer', anyOf: [{ minimum: 5 }, { maximum: 1 }] },
    3,
    ['<nil>', 'spec.field'],
    'spec.field in body should be greater than or equal to 5',
  ],
  [
    'both of oneOf',
    { type: 'integer', oneOf: [{ minimum: 1 }, { maximum: 5 }] },
    3,
    ['<nil>'],
    '"spec.field" must validate one and only one schema (oneOf). Found 2 valid alternatives',
  ],
  ['what must not be', { type: 'integer', not: { minimum: 5 } }, 7, ['<nil>'], '"spec.field" must not validate'],
  [
    'all but one of allOf',
    { type: 'integer', allOf: [{ minimum: 1 }, { maximum: 5 }] },
    7,
    ['<nil>', 'spec.field'],
    '"spec.field" must validate all the schemas (allOf)',
  ],
  [
    'more than 32 bits',
    { type: 'integer', format: 'int32' },
    2 ** 31,
    ['<nil>'],
    'Checked value must be of type integer with format int32 in spec.field',
  ],
])('refuses %s, told of no field', async (_, schema, value, fields, message) => {
  await define(objectSchema({ field: schema }))
  const status = await refusal(api.client.create(widget('w', { field: value } as JsonObject)))
  expect([status.code, fieldsOf(status)]).toEqual([422, fields])
  expect(status.message).toContain(message)
})

test('a null that may not be is no value when an object is sent', async () => {
  await define(objectSchema({ field: { type: 'string' }, open: { type: 'string', nullable: true } }))
  const made = await api.client.create(widget('w', { field: null, open: null } as JsonObject))
  expect(made.spec).toEqual({ open: null })
})

test('what a stricter schema no longer allows may stay, and nothing else', async () => {
  const spec = (more: JsonObject) =>
    objectSchema({
      text: { type: 'string', ...more },
      size: { type: 'integer' },
      items: {
        type: 'array',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['name'],
        items: objectSchema({ name: { type: 'string' }, text: { type: 'string', ...more } }, { required: ['name'] }),
      },
    })
  const made = await define(spec({}))
  await api.client.create(widget('w', { text: 'long', items: [{ name: 'a', text: 'long' }] }))
  const stricter = widgetDefinition(spec({ maxLength: 2 })) as { spec: { versions: object[] } }
  await api.client.merge(made, undefined, made.metadata.name, { spec: { versions: stricter.spec.versions } })
  const items = [{ name: 'b' }, { name: 'a', text: 'long' }]
  const changed = await api.client.merge(widget('', {}), 'default', 'w', { spec: { size: 1, items } })
  expect(changed.spec).toEqual({ text: 'long', size: 1, items })
  const status = await refusal(
    api.client.merge(widget('', {}), 'default', 'w', { spec: { text: 'other', items: [{ name: 'c', text: 'long' }] } }),
  )
  expect(fieldsOf(status).toSorted()).toEqual(expect.arrayContaining(['spec.items[0].text', 'spec.text']))
})
