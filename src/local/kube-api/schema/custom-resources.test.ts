import type { KubeApi, KubeObject } from '../index.ts'
import type { JsonObject } from '../json.ts'
import {
  fieldsOf,
  memoryApi,
  objectSchema,
  refusal,
  request,
  settled,
  widget,
  widgetDefinition,
} from '../test-support.ts'

let api: KubeApi
beforeEach(async () => {
  api = await memoryApi()
})
afterEach(() => api.close())

const define = (spec: JsonObject, version?: JsonObject) => api.client.create(widgetDefinition(spec, version))

test('a definition is established at once, and its kind discovered', async () => {
  const made = await define(objectSchema({}))
  expect(made.status).toEqual({ acceptedNames: { plural: '', kind: '' }, conditions: null, storedVersions: ['v1'] })
  const settled = await api.client.get(made, undefined, made.metadata.name)
  expect((settled!.status as { conditions: object[] }).conditions).toEqual([
    expect.objectContaining({ type: 'NamesAccepted', status: 'True' }),
    expect.objectContaining({ type: 'Established', status: 'True' }),
  ])
  const { body } = await request(api, 'GET', '/apis/example.com/v1')
  expect(body.resources.map((each: { name: string }) => each.name)).toEqual([
    'widgets',
    'widgets/status',
    'widgets/scale',
  ])
  expect(body.resources[0]).toMatchObject({ kind: 'Widget', shortNames: ['wd'], categories: ['all'], namespaced: true })
})

test.each<[string, JsonObject, unknown, string]>([
  ['a wrong type', { type: 'integer' }, 'x', 'must be of type integer: "string"'],
  ['a number below', { type: 'integer', minimum: 1 }, 0, 'should be greater than or equal to 1'],
  ['a number above', { type: 'number', maximum: 1, exclusiveMaximum: true }, 1, 'should be less than 1'],
  ['no multiple', { type: 'integer', multipleOf: 2 }, 3, 'should be a multiple of 2'],
  ['a short text', { type: 'string', minLength: 2 }, 'x', 'should be at least 2 chars long'],
  ['a long text', { type: 'string', maxLength: 2 }, 'xyz', 'may not be more than 2 bytes'],
  ['a text of another form', { type: 'string', pattern: '^a+$' }, 'b', "should match '^a+$'"],
  [
    'a text of another form, in RE2',
    { type: 'string', pattern: '^(?i)(?P<x>[[:digit:]]+|no)\\z' },
    'x1',
    'should match',
  ],
  ['a value outside the enum', { type: 'string', enum: ['a', 'b'] }, 'c', 'supported values: "a", "b"'],
  ['no date', { type: 'string', format: 'date-time' }, 'today', 'must be of type date-time'],
  ['neither number nor text', { 'x-kubernetes-int-or-string': true }, true, 'must be of type integer,string'],
  ['too few items', { type: 'array', minItems: 1, items: { type: 'string' } }, [], 'at least 1 items'],
  ['too many items', { type: 'array', maxItems: 1, items: { type: 'string' } }, ['a', 'b'], 'at most 1 items'],
  [
    'too few properties',
    { type: 'object', minProperties: 1, additionalProperties: { type: 'string' } },
    {},
    'at least 1 properties',
  ],
])('refuses %s with the field', async (_, schema, value, message) => {
  await define(objectSchema({ field: schema }))
  const status = await refusal(api.client.create(widget('w', { field: value } as JsonObject)))
  expect([status.code, fieldsOf(status)]).toEqual([422, ['spec.field']])
  expect(status.message).toContain(message)
})

test('RE2 patterns match as RE2 does', async () => {
  await define(objectSchema({ field: { type: 'string', pattern: '^(?i)(abort|[[:digit:]]+)?$' } }))
  for (const [index, field] of ['ABORT', 'abort', '42', ''].entries())
    await api.client.create(widget(`w${index}`, { field }))
})

test('names every wrong field, with indexes and keys of maps', async () => {
  await define(
    objectSchema(
      {
        list: { type: 'array', items: objectSchema({ name: { type: 'string' } }, { required: ['name'] }) },
        map: { type: 'object', additionalProperties: { type: 'integer' } },
      },
      { required: ['size'] },
    ),
  )
  const status = await refusal(api.client.create(widget('w', { list: [{ name: 'a' }, {}], map: { 'a/b': 'x' } })))
  expect(fieldsOf(status)).toEqual(['spec.list[1].name', 'spec.map.a/b', 'spec.size'])
})

test('repeated keys of a map list and members of a set', async () => {
  const item = objectSchema({ id: { type: 'string' } }, { required: ['id'] })
  await define(
    objectSchema({
      keyed: { type: 'array', 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['id'], items: item },
      set: { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } },
    }),
  )
  const status = await refusal(
    api.client.create(widget('w', { keyed: [{ id: 'a' }, { id: 'a' }], set: ['x', 'y', 'x'] })),
  )
  expect(status.details?.causes?.map(({ field, reason }) => [field, reason])).toEqual([
    ['spec.keyed[1]', 'FieldValueDuplicate'],
    ['spec.set[2]', 'FieldValueDuplicate'],
  ])
})

test('prunes what the schema does not know, but for preserved parts', async () => {
  await define(
    objectSchema({ known: { type: 'string' }, free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } }),
  )
  const made = await api.client.create({
    ...widget('w', { known: 'a', typo: 1, free: { any: { thing: 1 } } }),
    extra: 1,
  })
  expect(made.spec).toEqual({ known: 'a', free: { any: { thing: 1 } } })
  expect(made).not.toHaveProperty('extra')
})

test('defaults nest, replace null, and leave nullable null', async () => {
  await define(
    objectSchema({
      a: { type: 'integer', default: 3 },
      b: objectSchema({ c: { type: 'string', default: 'x' } }, { default: {} }),
      n: { type: 'string', nullable: true, default: 'y' },
      list: { type: 'array', items: objectSchema({ d: { type: 'integer', default: 1 } }) },
    }),
  )
  const made = await api.client.create(widget('w', { a: null, n: null, list: [{}, { d: 2 }] }))
  expect(made.spec).toEqual({ a: 3, b: { c: 'x' }, n: null, list: [{ d: 1 }, { d: 2 }] })
})

test('generation, status and scale of a custom resource', async () => {
  await define(objectSchema({ replicas: { type: 'integer' } }))
  await api.client.create({ ...widget('w', { replicas: 1 }), status: { replicas: 9 } })
  const reported = await api.client.merge(
    widget('', {}),
    'default',
    'w',
    { status: { replicas: 1 }, spec: { replicas: 5 } },
    'status',
  )
  expect(reported).toMatchObject({ spec: { replicas: 1 }, status: { replicas: 1 }, metadata: { generation: 1 } })
  const scale = await request(
    api,
    'PATCH',
    '/apis/example.com/v1/namespaces/default/widgets/w/scale',
    { spec: { replicas: 4 } },
    { 'content-type': 'application/merge-patch+json' },
  )
  expect(scale.body).toMatchObject({ kind: 'Scale', spec: { replicas: 4 }, status: { replicas: 1 } })
  expect((await api.client.get(widget('', {}), 'default', 'w'))?.metadata.generation).toBe(2)
})

test('a PUT needs the resourceVersion', async () => {
  await define(objectSchema({}))
  await api.client.create(widget('w', {}))
  const answer = await request(api, 'PUT', '/apis/example.com/v1/namespaces/default/widgets/w', widget('w', {}))
  expect([answer.status, fieldsOf(answer.body)]).toEqual([422, ['metadata.resourceVersion']])
})

describe('CEL rules', () => {
  const rule = (rules: JsonObject[], properties: JsonObject): JsonObject =>
    objectSchema(properties, { 'x-kubernetes-validations': rules as never })

  test('message, messageExpression, reason and fieldPath', async () => {
    await define(
      rule(
        [
          {
            rule: 'self.min <= self.max',
            message: 'min must not exceed max',
            reason: 'FieldValueForbidden',
            fieldPath: '.min',
          },
          { rule: 'self.max < 100', messageExpression: '"max is " + string(self.max)' },
          { rule: 'self.min > 0' },
        ],
        { min: { type: 'integer' }, max: { type: 'integer' } },
      ),
    )
    const status = await refusal(api.client.create(widget('w', { min: 200, max: 150 })))
    expect(status.details?.causes).toEqual([
      { reason: 'FieldValueForbidden', field: 'spec.min', message: 'Forbidden: min must not exceed max' },
      { reason: 'FieldValueInvalid', field: 'spec', message: 'Invalid value: max is 150' },
    ])
    expect((await refusal(api.client.create(widget('w', { min: 0, max: 5 })))).message).toContain(
      'failed rule: self.min > 0',
    )
    await api.client.create(widget('w', { min: 1, max: 5 }))
  })

  test('transition rules hold on updates only; optionalOldSelf on creation too', async () => {
    await define(
      objectSchema({
        fixed: {
          type: 'string',
          'x-kubernetes-validations': [{ rule: 'self == oldSelf', message: 'is immutable' }] as never,
        },
        up: {
          type: 'integer',
          'x-kubernetes-validations': [
            {
              rule: 'oldSelf.hasValue() ? self >= oldSelf.value() : self == 1',
              optionalOldSelf: true,
              message: 'starts at 1 and grows',
            },
          ] as never,
        },
      }),
    )
    expect(fieldsOf(await refusal(api.client.create(widget('w', { fixed: 'a', up: 2 }))))).toEqual(['spec.up'])
    await api.client.create(widget('w', { fixed: 'a', up: 1 }))
    const bad = await refusal(api.client.merge(widget('', {}), 'default', 'w', { spec: { fixed: 'b', up: 0 } }))
    expect(fieldsOf(bad)).toEqual(['spec.fixed', 'spec.up'])
    await api.client.merge(widget('', {}), 'default', 'w', { spec: { up: 4 } })
  })

  test('items of a map list are compared with their former selves by key', async () => {
    const item = objectSchema(
      {
        id: { type: 'string' },
        size: { type: 'integer', 'x-kubernetes-validations': [{ rule: 'self >= oldSelf' }] as never },
      },
      { required: ['id'] },
    )
    await define(
      objectSchema({
        items: { type: 'array', 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['id'], items: item },
      }),
    )
    await api.client.create(
      widget('w', {
        items: [
          { id: 'a', size: 5 },
          { id: 'b', size: 1 },
        ],
      }),
    )
    const status = await refusal(
      api.client.merge(widget('', {}), 'default', 'w', {
        spec: {
          items: [
            { id: 'b', size: 2 },
            { id: 'a', size: 4 },
          ],
        },
      }),
    )
    expect(fieldsOf(status)).toEqual(['spec.items[1].size'])
  })

  test.each<[string, JsonObject, boolean]>([
    ['[has(self.a), has(self.b)].exists_one(x, x)', { a: 1 }, true],
    ['[has(self.a), has(self.b)].exists_one(x, x)', { a: 1, b: 2 }, false],
    ['self.list.all(x, x.startsWith("a")) && self.list.map(x, size(x)).sum() == 3', { list: ['a', 'ab'] }, true],
    ['self.list.filter(x, x.matches("^b")).size() == 0', { list: ['bb'] }, false],
    ['self.map.all(k, self.map[k] > 0)', { map: { x: 1, y: 0 } }, false],
    ['self.__namespace__ == "n" && self.dash__dash__ed == 1', { namespace: 'n', 'dash-ed': 1 }, true],
    ['self.text.lowerAscii().replace("x", "").trim() == "a"', { text: ' AX ' }, true],
    ['duration(self.text) > duration("1m")', { text: '90s' }, true],
    ['self.when < timestamp("2026-01-01T00:00:00Z")', { when: '2025-01-01T00:00:00Z' }, true],
    ['self.ratio * 2.0 == 1.0', { ratio: 0.5 }, true],
    ['self.port in [80, 443] || type(self.port) == string', { port: '8080' }, true],
  ])('%s of %j is %s', async (expression, spec, valid) => {
    await define(
      rule([{ rule: expression }], {
        a: { type: 'integer' },
        b: { type: 'integer' },
        list: { type: 'array', items: { type: 'string' } },
        map: { type: 'object', additionalProperties: { type: 'integer' } },
        namespace: { type: 'string' },
        'dash-ed': { type: 'integer' },
        text: { type: 'string' },
        when: { type: 'string', format: 'date-time' },
        ratio: { type: 'number' },
        port: { 'x-kubernetes-int-or-string': true },
      }),
    )
    const made = api.client.create(widget('w', spec))
    if (valid) await made
    else expect(fieldsOf(await refusal(made))).toEqual(['spec'])
  })

  test('a rule that does not compile is refused with its definition', async () => {
    const status = await refusal(define(rule([{ rule: 'self.a ==' }], { a: { type: 'integer' } })))
    expect(fieldsOf(status)).toEqual([
      'spec.validation.openAPIV3Schema.properties[spec].x-kubernetes-validations[0].rule',
    ])
  })
})

describe('definitions', () => {
  const broken = (change: (spec: Record<string, never>) => void): KubeObject => {
    const definition = structuredClone(widgetDefinition(objectSchema({})))
    change(definition.spec as Record<string, never>)
    return definition
  }

  test.each<[string, KubeObject, string]>([
    [
      'another name',
      { ...widgetDefinition({ type: 'object' }), metadata: { name: 'gadgets.example.com' } },
      'metadata.name',
    ],
    [
      'a schema without types',
      widgetDefinition({ properties: { a: {} } } as never),
      'spec.validation.openAPIV3Schema.properties[spec].type',
    ],
    [
      'a broken pattern in a junctor',
      widgetDefinition({ type: 'object', anyOf: [{ properties: { a: { pattern: '(' } } }] } as never),
      'spec.validation.openAPIV3Schema.properties[spec].anyOf[0].properties[a].pattern',
    ],
    ['no storage version', broken(spec => Object.assign(spec['versions']![0]!, { storage: false })), 'spec.versions'],
    ['no group', broken(spec => void delete (spec as JsonObject)['group']), 'spec.group'],
  ])('refuses %s', async (_, definition, field) => {
    expect(fieldsOf(await refusal(api.client.create(definition)))).toContain(field)
  })

  test('keywords of a wrong type cannot be read, unknown ones are dropped with a warning', async () => {
    const definition = (spec: JsonObject) => JSON.stringify(widgetDefinition(spec))
    const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
    const wrong = await request(api, 'POST', path, definition({ type: 'object', required: 'a' }))
    expect([wrong.status, wrong.body.message]).toEqual([
      400,
      'CustomResourceDefinition in version "v1" cannot be handled as a CustomResourceDefinition: json: cannot unmarshal string into Go struct field JSONSchemaProps.spec.versions.schema.openAPIV3Schema.properties.required of type []string',
    ])
    const within = await request(api, 'POST', path, definition({ type: 'array', items: { minimum: 'x' } }))
    expect([within.status, within.body.message]).toEqual([
      400,
      'CustomResourceDefinition in version "v1" cannot be handled as a CustomResourceDefinition: json: cannot unmarshal string into Go struct field JSONSchemaProps.minimum of type float64',
    ])
    const unknown = await request(api, 'POST', path, definition({ type: 'object', length: 5 }))
    expect([unknown.status, unknown.headers['warning']]).toEqual([
      201,
      '299 - "unknown field \\"spec.versions[0].schema.openAPIV3Schema.properties.spec.length\\""',
    ])
  })

  test('a changed schema counts at once; deleting it deletes its objects, finalizers first', async () => {
    await define(objectSchema({ a: { type: 'string' } }))
    const held = {
      ...widget('held', { a: 'x' }),
      metadata: { namespace: 'default', name: 'held', finalizers: ['example.com/hold'] },
    }
    await api.client.create(held)
    await api.client.create(widget('free', {}))
    await api.client.apply(widgetDefinition(objectSchema({ a: { type: 'integer' } })), {
      fieldManager: 'me',
      force: true,
    })
    expect(fieldsOf(await refusal(api.client.create(widget('w', { a: 'x' }))))).toEqual(['spec.a'])
    await api.client.delete(widgetDefinition({}), undefined, 'widgets.example.com')
    await settled()
    expect((await api.client.list(held)).map(each => each.metadata.name)).toEqual(['held'])
    await request(
      api,
      'PATCH',
      '/apis/example.com/v1/namespaces/default/widgets/held',
      { metadata: { finalizers: null }, spec: { a: 1 } },
      { 'content-type': 'application/merge-patch+json' },
    )
    await settled()
    expect((await request(api, 'GET', '/apis/example.com/v1/widgets')).status).toBe(404)
    expect(await api.client.get(widgetDefinition({}), undefined, 'widgets.example.com')).toBeUndefined()
  })

  test('two served versions show the same object', async () => {
    const definition = structuredClone(widgetDefinition(objectSchema({ a: { type: 'integer' } })))
    const { versions } = definition.spec as { versions: JsonObject[] }
    versions.push({ ...structuredClone(versions[0]!), name: 'v1beta1', storage: false, deprecated: true })
    await api.client.create(definition)
    await api.client.create({ ...widget('w', { a: 1 }), apiVersion: 'example.com/v1beta1' })
    expect(await api.client.get(widget('', {}), 'default', 'w')).toMatchObject({
      apiVersion: 'example.com/v1',
      spec: { a: 1 },
    })
    const { body } = await request(api, 'GET', '/apis')
    expect(body.groups.find((group: { name: string }) => group.name === 'example.com').preferredVersion.version).toBe(
      'v1',
    )
  })
})
