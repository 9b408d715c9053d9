import fc from 'fast-check'
import type { KubeApi, KubeObject } from '../index.ts'
import {
  configMap,
  deployment,
  memoryApi,
  patchType,
  refusal,
  request,
  widget,
  widgetDefinition,
} from '../test-support.ts'
import {
  difference,
  emptySet,
  equalSets,
  type FieldSet,
  fromFieldsV1,
  intersection,
  toFieldsV1,
  union,
} from './field-set.ts'

let api: KubeApi
beforeEach(async () => {
  api = await memoryApi()
})
afterEach(() => api.close())

interface Entry {
  manager: string
  operation: string
  subresource?: string
  fieldsV1: Record<string, unknown>
}
const managers = (object: KubeObject) => (object.metadata['managedFields'] ?? []) as Entry[]
const owned = (object: KubeObject, manager: string) =>
  managers(object).find(entry => entry.manager === manager)?.fieldsV1
const apply = (object: KubeObject, fieldManager: string, force = false) =>
  api.client.apply(object, { fieldManager, force })
const container = (fields: object) =>
  deployment('web', { template: { metadata: { labels: { app: 'web' } }, spec: { containers: [fields] } } as never })

test('apply creates, owns what it names, and nothing on repetition', async () => {
  const first = await apply(configMap('a', { k: 'v' }, { labels: { l: '1' } }), 'me')
  expect(managers(first)).toEqual([
    expect.objectContaining({
      manager: 'me',
      operation: 'Apply',
      fieldsV1: { 'f:metadata': { 'f:labels': { 'f:l': {} } }, 'f:data': { 'f:k': {} } },
    }),
  ])
  const again = await apply(configMap('a', { k: 'v' }, { labels: { l: '1' } }), 'me')
  expect(again.metadata.resourceVersion).toBe(first.metadata.resourceVersion)
})

test('a field no longer applied is removed, others stay', async () => {
  await apply(configMap('a', { mine: '1', dropped: '2' }), 'me')
  await apply(configMap('a', { theirs: '3' }), 'other')
  const after = await apply(configMap('a', { mine: '1' }), 'me')
  expect(after['data']).toEqual({ mine: '1', theirs: '3' })
})

test('a field that another manager also owns is given up, not removed', async () => {
  await apply(configMap('a', { shared: 'x' }), 'me')
  await apply(configMap('a', { shared: 'x' }), 'other')
  const { data: _, ...rest } = configMap('a')
  const after = await apply(rest, 'me')
  expect(after['data']).toEqual({ shared: 'x' })
  expect(owned(after, 'me')).toBeUndefined()
})

test('changing what others own is a conflict with one cause per field and the manager by name', async () => {
  await apply(configMap('a', { x: '1', y: '1' }), 'owner')
  const status = await refusal(apply(configMap('a', { x: '2', y: '2', z: '2' }), 'me'))
  expect(status).toMatchObject({ code: 409, reason: 'Conflict' })
  expect(status.details?.causes).toEqual([
    { reason: 'FieldManagerConflict', message: 'conflict with "owner"', field: '.data.x' },
    { reason: 'FieldManagerConflict', message: 'conflict with "owner"', field: '.data.y' },
  ])
  const forced = await apply(configMap('a', { x: '2', y: '2' }), 'me', true)
  expect(forced['data']).toEqual({ x: '2', y: '2' })
  expect(owned(forced, 'owner')).toBeUndefined()
})

test('apply after an update conflicts with the updater, unless it wants the same', async () => {
  await apply(deployment('web'), 'me')
  await api.clientFor('kubectl-edit').merge(deployment(''), 'default', 'web', { spec: { replicas: 9 } })
  expect((await refusal(apply(deployment('web'), 'me'))).details?.causes?.[0]).toMatchObject({
    field: '.spec.replicas',
    message: 'conflict with "kubectl-edit" using apps/v1',
  })
  const same = await apply(deployment('web', { replicas: 9 }), 'me')
  expect(managers(same).map(entry => entry.manager)).toEqual(['me', 'kubectl-edit'])
})

test('an update takes fields from an applier', async () => {
  await apply(configMap('a', { x: '1', y: '1' }), 'me')
  const updated = await api.clientFor('editor').merge(configMap(''), 'default', 'a', { data: { x: '2' } })
  expect(owned(updated, 'me')).toEqual({ 'f:data': { 'f:y': {} } })
  expect(owned(updated, 'editor')).toEqual({ 'f:data': { 'f:x': {} } })
})

test('an update that removes a field leaves nobody owning it', async () => {
  await apply(configMap('a', { x: '1' }), 'me')
  const updated = await api.clientFor('editor').merge(configMap(''), 'default', 'a', { data: null })
  expect(managers(updated).flatMap(entry => Object.keys(entry.fieldsV1))).not.toContain('f:data')
})

test('list items merge by key; each manager owns its own', async () => {
  await apply(container({ name: 'main', image: 'a:1', env: [{ name: 'A', value: '1' }] }), 'me')
  const sidecar = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'default' },
    spec: { template: { spec: { containers: [{ name: 'sidecar', image: 's:1' }] } } },
  }
  const both = await apply(sidecar, 'injector')
  const names = (object: KubeObject) =>
    (object.spec as { template: { spec: { containers: { name: string }[] } } }).template.spec.containers.map(
      each => each.name,
    )
  expect(names(both)).toEqual(['main', 'sidecar'])
  expect(names(await apply({ ...sidecar, spec: {} }, 'injector'))).toEqual(['main'])
})

test('atomic parts are replaced whole', async () => {
  await apply(container({ name: 'main', image: 'a:1', args: ['a', 'b'] }), 'me')
  const after = await apply(container({ name: 'main', image: 'a:1', args: ['c'] }), 'me')
  expect(JSON.stringify(after.spec)).toContain('"args":["c"]')
  const status = await refusal(apply(container({ name: 'main', image: 'a:1', args: ['d'] }), 'other'))
  expect(status.details?.causes?.map(cause => cause.field)).toEqual([
    '.spec.template.spec.containers[name="main"].args',
  ])
})

test('finalizers are a set: managers add and remove their own', async () => {
  // Without `data`: an empty one is owned, and the second manager would conflict with the first.
  const held = (finalizers: string[]): KubeObject => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { namespace: 'default', name: 'a', finalizers },
  })
  await apply(held(['example.com/one']), 'one')
  const both = await apply(held(['example.com/two']), 'two')
  expect(both.metadata.finalizers).toEqual(['example.com/one', 'example.com/two'])
  expect((await apply(held([]), 'one')).metadata.finalizers).toEqual(['example.com/two'])
})

test('status is applied by its own manager and owns nothing else', async () => {
  await apply(deployment('web'), 'me')
  const status = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'default', labels: { no: 'no' } },
    status: { conditions: [{ type: 'Available', status: 'True' }] },
  }
  const after = await api.client.apply(status, { fieldManager: 'controller', subresource: 'status' })
  expect(after.metadata.labels).toBeUndefined()
  expect(managers(after).find(entry => entry.manager === 'controller')).toMatchObject({
    subresource: 'status',
    fieldsV1: { 'f:status': { 'f:conditions': { 'k:{"type":"Available"}': expect.anything() } } },
  })
  const main = await apply({ ...deployment('web'), status: { replicas: 5 } }, 'me')
  expect(main.status).toEqual({
    conditions: [{ type: 'Available', status: 'True', lastTransitionTime: null, lastUpdateTime: null }],
  })
  expect(
    (
      await refusal(
        api.client.apply(
          { ...status, metadata: { name: 'nobody', namespace: 'default' } },
          { fieldManager: 'c', subresource: 'status' },
        ),
      )
    ).code,
  ).toBe(404)
})

test('a manager of fields is required, force is for apply only, unknown fields are refused', async () => {
  const url = '/api/v1/namespaces/default/configmaps/a'
  expect((await request(api, 'PATCH', url, configMap('a'), patchType.apply)).status).toBe(422)
  await api.client.create(configMap('a'))
  expect((await request(api, 'PATCH', `${url}?force=true`, {}, patchType.merge)).status).toBe(422)
  expect((await refusal(apply({ ...configMap('a'), typo: 1 }, 'me'))).message).toContain(
    '.typo: field not declared in schema',
  )
  expect((await refusal(apply(configMap('a', {}, { managedFields: [{}] }), 'me'))).code).toBe(400)
})

test('dry run of an apply stores nothing', async () => {
  const answer = await request(
    api,
    'PATCH',
    '/api/v1/namespaces/default/configmaps/a?fieldManager=me&dryRun=All',
    JSON.stringify(configMap('a', { k: 'v' })),
    patchType.apply,
  )
  expect([answer.status, answer.body.data]).toEqual([201, { k: 'v' }])
  expect(await api.client.get(configMap(''), 'default', 'a')).toBeUndefined()
})

test('lists of custom resources follow x-kubernetes-list-type', async () => {
  const item = { type: 'object', required: ['id'], properties: { id: { type: 'string' }, value: { type: 'integer' } } }
  await api.client.create(
    widgetDefinition({
      type: 'object',
      properties: {
        keyed: { type: 'array', 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['id'], items: item },
        set: { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } },
        atomic: { type: 'array', items: { type: 'string' } },
      },
    }),
  )
  await apply(widget('w', { keyed: [{ id: 'a', value: 1 }], set: ['x'] }), 'one')
  const after = await apply(widget('w', { keyed: [{ id: 'b', value: 2 }], set: ['y'], atomic: ['p'] }), 'two')
  expect(after.spec).toEqual({
    keyed: [
      { id: 'a', value: 1 },
      { id: 'b', value: 2 },
    ],
    set: ['x', 'y'],
    atomic: ['p'],
  })
  const twice = await refusal(apply(widget('w', { keyed: [{ id: 'c' }, { id: 'c' }] }), 'three'))
  expect(twice.message).toContain('duplicate entries for key')
})

test('ownership can be rewritten by a client and reset with an empty list', async () => {
  const made = await apply(configMap('a', { k: 'v' }), 'me')
  const reset = await api.client.merge(made, 'default', 'a', { metadata: { managedFields: [{}] } })
  expect(managers(reset)).toEqual([])
})

describe('rules for all inputs', () => {
  const data = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), fc.constantFrom('1', '2'))

  test('forced applies: each manager has what it named last, nobody has what all gave up', async () => {
    let run = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ manager: fc.constantFrom('one', 'two', 'three'), data }), { maxLength: 8 }),
        async steps => {
          const name = `map-${run++}`
          const last = new Map<string, Record<string, string>>()
          for (const step of steps) {
            const after = await apply(configMap(name, step.data), step.manager, true)
            // A forced change takes the field from the others.
            for (const [manager, fields] of last)
              for (const [key, value] of Object.entries(step.data))
                if (manager !== step.manager && fields[key] !== value) delete fields[key]
            last.set(step.manager, { ...step.data })
            expect(after['data'] ?? {}).toEqual(Object.assign({}, ...last.values()))
            // An empty map is owned and not stored: whoever else owns it conflicts, as kube-apiserver was recorded to say.
            if (Object.keys(step.data).length === 0) continue
            expect((await apply(configMap(name, step.data), step.manager)).metadata.resourceVersion).toBe(
              after.metadata.resourceVersion,
            )
          }
        },
      ),
      { numRuns: 60 },
    )
  })

  test('sets of fields: union, difference and intersection partition, FieldsV1 round-trips', () => {
    const element = fc.constantFrom('f:a', 'f:b', 'k:{"n":1}', 'v:"x"')
    const paths = fc.array(fc.array(element, { minLength: 1, maxLength: 4 }), { maxLength: 6 })
    const below = (set: FieldSet, step: string): FieldSet => {
      const next = set.children.get(step) ?? emptySet()
      set.children.set(step, next)
      return next
    }
    const setOf = (all: string[][]) => {
      const set = emptySet()
      for (const path of all) path.reduce(below, set).member = true
      return set
    }
    fc.assert(
      fc.property(paths, paths, (left, right) => {
        const [a, b] = [setOf(left), setOf(right)]
        expect(equalSets(fromFieldsV1(toFieldsV1(a)), a)).toBe(true)
        expect(equalSets(union(difference(a, b), intersection(a, b)), a)).toBe(true)
        expect(equalSets(union(a, b), union(b, a))).toBe(true)
      }),
    )
  })
})

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration'

/** As `kubectl apply` leaves an object on the client's side. */
async function clientApplied(data: Record<string, string>, annotation?: string): Promise<void> {
  const applied = { ...configMap('a', data), metadata: { name: 'a', namespace: 'default' } }
  const annotations = { [LAST_APPLIED]: annotation ?? JSON.stringify(applied) }
  await api
    .clientFor('kubectl-client-side-apply')
    .create({ ...applied, metadata: { ...applied.metadata, annotations } })
}

test('kubectl takes over on the server’s side what it applied on the client’s, and keeps the annotation up to date', async () => {
  await clientApplied({ k: 'one' })
  const after = await apply(configMap('a', { k: 'two' }), 'kubectl')
  expect(after['data']).toEqual({ k: 'two' })
  expect(JSON.parse((after.metadata['annotations'] as Record<string, string>)[LAST_APPLIED]!)).toMatchObject({
    kind: 'ConfigMap',
    data: { k: 'two' },
  })
})

test('what somebody has changed since, and what another manager applies, stays a conflict', async () => {
  await clientApplied({ k: 'one', other: '1' })
  await api.clientFor('somebody').merge(configMap('a'), 'default', 'a', { data: { k: 'theirs' } })
  const refused = await refusal(apply(configMap('a', { k: 'two', other: '2' }), 'kubectl'))
  expect(refused.details?.causes).toEqual([
    { reason: 'FieldManagerConflict', message: 'conflict with "somebody" using v1', field: '.data.k' },
  ])
  expect((await refusal(apply(configMap('a', { other: '2' }), 'me'))).code).toBe(409)
})

test.each(['', 'no JSON', '[]', '{"apiVersion":"v9","kind":"ConfigMap"}'])(
  'an annotation that tells nothing (%j) frees nothing',
  async annotation => {
    await clientApplied({ k: 'one' }, annotation)
    expect((await refusal(apply(configMap('a', { k: 'two' }), 'kubectl'))).code).toBe(409)
  },
)
