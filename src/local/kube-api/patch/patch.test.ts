import fc from 'fast-check'
import type { Json } from '../json.ts'
import { builtInSchema } from '../schema/schema.ts'
import { deployment, memoryApi, patchType, request, widget, widgetDefinition } from '../test-support.ts'
import { decodeOperations } from './decode.ts'
import { jsonPatch } from './json-patch.ts'
import { mergePatch } from './merge-patch.ts'
import { strategicMergePatch } from './strategic.ts'

// RFC 7396, appendix A.
test.each<[Json, Json, Json]>([
  [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
  [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
  [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
  [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
  [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
  [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
  [{ e: null }, { a: 1 }, { e: null, a: 1 }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
])('merge patch: %j with %j is %j', (target, patch, expected) => {
  expect(mergePatch(target, patch)).toEqual(expected)
})

// RFC 6902, appendix A.
test.each<[Json, Json, Json]>([
  [{ foo: 'bar' }, [{ op: 'add', path: '/baz', value: 'qux' }], { baz: 'qux', foo: 'bar' }],
  [{ foo: ['bar', 'baz'] }, [{ op: 'add', path: '/foo/1', value: 'qux' }], { foo: ['bar', 'qux', 'baz'] }],
  [{ foo: ['a', 'b', 'c'] }, [{ op: 'remove', path: '/foo/1' }], { foo: ['a', 'c'] }],
  [{ baz: 'qux' }, [{ op: 'replace', path: '/baz', value: 'boo' }], { baz: 'boo' }],
  [{ foo: { a: 1 }, bar: {} }, [{ op: 'move', from: '/foo/a', path: '/bar/b' }], { foo: {}, bar: { b: 1 } }],
  [{ foo: ['x', 'y', 'z'] }, [{ op: 'move', from: '/foo/0', path: '/foo/2' }], { foo: ['y', 'z', 'x'] }],
  [{ a: { b: 1 } }, [{ op: 'copy', from: '/a', path: '/c' }], { a: { b: 1 }, c: { b: 1 } }],
  [
    { 'a/b': 1, 'm~n': 2 },
    [
      { op: 'test', path: '/a~1b', value: 1 },
      { op: 'test', path: '/m~0n', value: 2 },
    ],
    { 'a/b': 1, 'm~n': 2 },
  ],
  [{ foo: ['a'] }, [{ op: 'add', path: '/foo/-', value: ['b'] }], { foo: ['a', ['b']] }],
  // Milder than the RFC, as kube-apiserver is.
  [{ a: 1 }, [{ op: 'replace', path: '/b', value: 2 }], { a: 1, b: 2 }],
  [{ a: 1 }, [{ op: 'replace', path: 'x/a', value: 2 }], { a: 2 }],
  [{ a: [1, 2] }, [{ op: 'remove', path: '/a/-1' }], { a: [1] }],
])('JSON patch: %j by %j is %j', (target, patch, expected) => {
  expect(jsonPatch(target, decodeOperations(patch))).toEqual(expected)
})

test.each<[unknown, number]>([
  [[{ op: 'test', path: '/a', value: 2 }], 422],
  [[{ op: 'remove', path: '/nothing' }], 422],
  [[{ op: 'add', path: '/list/9', value: 1 }], 422],
  [[{ op: 'add', path: 'a', value: 1 }], 422],
  [[{ op: 'replace', path: '', value: 1 }], 422],
  ['[1]', 400],
  ['[', 400],
  [[{ op: 'dance', path: '/a' }], 422],
  [{ op: 'add' }, 400],
])('JSON patch %j is refused', (patch, code) => {
  expect(() => jsonPatch({ a: 1, list: [] }, decodeOperations(patch))).toThrow(expect.objectContaining({ code }))
})

test('patches leave their target as it was', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (target, patch) => {
      const before = JSON.stringify(target)
      const merged = mergePatch(target as Json, patch as Json)
      expect(JSON.stringify(target)).toBe(before)
      expect(JSON.stringify(mergePatch(merged, patch as Json))).toBe(JSON.stringify(merged))
    }),
  )
})

describe('strategic merge patch', () => {
  const schema = builtInSchema('V1PodSpec')
  const pod = {
    nodeName: 'n',
    containers: [
      { name: 'a', image: '1', args: ['x'] },
      { name: 'b', image: '1' },
    ],
    tolerations: [{ key: 'k' }],
  }

  test.each<[string, Json, object]>([
    [
      'merges items by key',
      { containers: [{ name: 'b', image: '2' }] },
      { containers: [pod.containers[0], { name: 'b', image: '2' }] },
    ],
    [
      'adds an item before those it does not name',
      { containers: [{ name: 'c', image: '3' }] },
      { containers: [{ name: 'c', image: '3' }, ...pod.containers] },
    ],
    [
      'keeps what stood before an item that it names',
      { containers: [{ name: 'b', image: '2' }, { name: 'c' }] },
      { containers: [pod.containers[0], { name: 'b', image: '2' }, { name: 'c' }] },
    ],
    ['deletes an item', { containers: [{ name: 'a', $patch: 'delete' }] }, { containers: [pod.containers[1]] }],
    [
      'replaces a list',
      { containers: [{ $patch: 'replace' }, { name: 'z', image: '9' }] },
      { containers: [{ name: 'z', image: '9' }] },
    ],
    ['replaces lists without a key', { tolerations: [{ key: 'other' }] }, { tolerations: [{ key: 'other' }] }],
    ['deletes a field', { nodeName: null }, { containers: pod.containers }],
    [
      'orders items',
      { '$setElementOrder/containers': [{ name: 'b' }, { name: 'a' }] },
      { containers: [pod.containers[1], pod.containers[0]] },
    ],
  ])('%s', (_, patch, expected) => {
    expect(strategicMergePatch(pod, patch, schema)).toMatchObject(expected)
  })

  test('deleted fields are gone and primitives leave their list', () => {
    expect(strategicMergePatch(pod, { nodeName: null }, schema)).not.toHaveProperty('nodeName')
    expect(
      strategicMergePatch(
        { finalizers: ['a', 'b'] },
        { '$deleteFromPrimitiveList/finalizers': ['a'], finalizers: ['c'] },
        builtInSchema('V1ObjectMeta'),
      ),
    ).toEqual({ finalizers: ['c', 'b'] })
    expect(
      strategicMergePatch(
        { type: 'RollingUpdate', rollingUpdate: {} },
        { $retainKeys: ['type'], type: 'Recreate' },
        builtInSchema('V1DeploymentStrategy'),
      ),
    ).toEqual({ type: 'Recreate' })
  })

  test('is for built-in kinds; other media types are named', async () => {
    const api = await memoryApi()
    await api.client.create(deployment('web'))
    await api.client.create(widgetDefinition({ type: 'object', 'x-kubernetes-preserve-unknown-fields': true } as never))
    await api.client.create(widget('w', {}))
    const env = { spec: { template: { spec: { containers: [{ name: 'main', env: [{ name: 'A', value: '1' }] }] } } } }
    const patched = await request(
      api,
      'PATCH',
      '/apis/apps/v1/namespaces/default/deployments/web',
      env,
      patchType.strategic,
    )
    expect(patched.body.spec.template.spec.containers).toEqual([
      expect.objectContaining({ name: 'main', image: 'app:1', env: [{ name: 'A', value: '1' }] }),
    ])
    const url = '/apis/example.com/v1/namespaces/default/widgets/w'
    const refused = await request(api, 'PATCH', url, {}, patchType.strategic)
    expect([refused.status, refused.body.reason]).toEqual([415, 'UnsupportedMediaType'])
    expect((await request(api, 'PATCH', url, {}, { 'content-type': 'application/json' })).status).toBe(415)
    api.close()
  })
})
