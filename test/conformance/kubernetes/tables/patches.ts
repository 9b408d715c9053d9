import {
  configMap,
  dataOf,
  deployment,
  get,
  type JsonObject,
  jsonPatch,
  mergePatch,
  metadataOf,
  post,
  type Row,
  row,
  type Step,
  silent,
  specOf,
  strategicPatch,
  type Table,
  widget,
} from '../row.ts'

const MERGE = 'RFC 7386'
const JSON_PATCH = 'RFC 6902'
const STRATEGIC = 'Strategic merge patch; apimachinery/pkg/util/strategicpatch'
const config: Step = silent(post('configmaps', configMap('a', { k: 'v', l: 'w' }, { labels: { x: 'y' } })))
const custom: Step = silent(
  post(
    'widgets',
    widget('a', { size: 3, tags: ['a', 'b'], free: { n: { m: 1 }, list: [1, 2, { z: 1 }] }, labels: { p: 'q' } }),
  ),
)
const workload: Step = silent(
  post(
    'deployments',
    deployment(
      'a',
      {},
      {
        env: [
          { name: 'A', value: '1' },
          { name: 'B', value: '2' },
        ],
        ports: [{ containerPort: 80 }, { containerPort: 81 }],
        args: ['x', 'y'],
      },
    ),
  ),
)

const merge = (name: string, body: unknown): Row =>
  row(`merge: ${name}`, MERGE, custom, mergePatch('widgets/a', body, { show: specOf }))
const op = (name: string, ...ops: unknown[]): Row =>
  row(`json: ${name}`, JSON_PATCH, custom, jsonPatch('widgets/a', ops, { show: specOf }))
const podSpec = (body: JsonObject) => ((body['spec'] as JsonObject)['template'] as JsonObject)['spec']!
const strategic = (name: string, spec: unknown): Row =>
  row(
    `strategic: ${name}`,
    STRATEGIC,
    workload,
    strategicPatch('deployments/a', { spec: { template: { spec } } }, { show: podSpec }),
  )
const main = (container: JsonObject) => ({ containers: [{ name: 'main', ...container }] })

// biome-ignore format: a table is read row by row
export const patches: Table = {
  name: 'patches',
  rows: [
    merge('a field', { spec: { size: 4 } }), merge('null removes', { spec: { size: null } }), merge('null of what is not there', { spec: { price: null } }), merge('lists are replaced', { spec: { tags: ['c'] } }), merge('maps are merged', { spec: { free: { n: { k: 2 } }, labels: { r: 's' } } }), merge('null in depth', { spec: { free: { n: { m: null } } } }), merge('a map for a scalar', { spec: { free: { list: { a: 1 } } } }), merge('null in a new map', { spec: { free: { fresh: { a: null, b: 1 } } } }), merge('the whole spec null', { spec: null }), merge('nothing', {}), merge('a wrong value', { spec: { size: 1000 } }), merge('an empty map', { spec: { nested: {} } }),
    row('merge: a list as body', MERGE, config, mergePatch('configmaps/a', [])),
    row('merge: a text as body', MERGE, config, mergePatch('configmaps/a', '"x"')),
    row('merge: no JSON', MERGE, config, mergePatch('configmaps/a', '{')),
    row('merge: a built-in map', MERGE, config, mergePatch('configmaps/a', { data: { k: null, m: '1' }, metadata: { labels: null } })),
    row('merge: nothing changes nothing', MERGE, post('configmaps', configMap('a', { k: 'v' })), mergePatch('configmaps/a', { data: { k: 'v' } })),
    row('merge: of what is not there', MERGE, mergePatch('configmaps/none', { data: {} })),
    row('merge: with an old version', 'API conventions, "Concurrency Control and Consistency"', config, mergePatch('configmaps/a', { metadata: { resourceVersion: '1' }, data: { k: 'x' } })),
    row('merge: with an old uid', 'API conventions, "Concurrency Control and Consistency"', config, mergePatch('configmaps/a', { metadata: { uid: '00000000-0000-0000-0000-000000000009' } })),
    row('merge: with another apiVersion', MERGE, custom, mergePatch('widgets/a', { apiVersion: 'v9' })),
    row('merge: with another kind', MERGE, config, mergePatch('configmaps/a', { kind: 'Secret' })),
    row('merge: of a status', MERGE, custom, mergePatch('widgets/a/status', { status: { phase: 'Good' }, spec: { size: 9 }, metadata: { labels: { z: '1' } } })),
    row('merge: of a wrong status', MERGE, custom, mergePatch('widgets/a/status', { status: { phase: 'Neither' } })),
    row('merge: the status of the object is left', MERGE, custom, mergePatch('widgets/a', { status: { phase: 'Good' } })),
    op('add a field', { op: 'add', path: '/spec/even', value: 2 }), op('add replaces', { op: 'add', path: '/spec/size', value: 5 }), op('add to the end of a list', { op: 'add', path: '/spec/tags/-', value: 'c' }), op('add into a list', { op: 'add', path: '/spec/tags/1', value: 'c' }), op('add behind the end', { op: 'add', path: '/spec/tags/9', value: 'c' }), op('add without a parent', { op: 'add', path: '/spec/nested/must', value: 'c' }), op('remove', { op: 'remove', path: '/spec/size' }), op('remove what is not there', { op: 'remove', path: '/spec/even' }), op('remove from a list', { op: 'remove', path: '/spec/tags/0' }), op('replace', { op: 'replace', path: '/spec/size', value: 7 }), op('replace what is not there', { op: 'replace', path: '/spec/even', value: 2 }), op('move', { op: 'move', from: '/spec/free/n', path: '/spec/free/o' }), op('copy', { op: 'copy', from: '/spec/free/n', path: '/spec/free/o' }), op('test that holds', { op: 'test', path: '/spec/size', value: 3 }, { op: 'replace', path: '/spec/size', value: 4 }), op('test that fails', { op: 'test', path: '/spec/size', value: 4 }, { op: 'replace', path: '/spec/size', value: 5 }), op('test of what is not there', { op: 'test', path: '/spec/even', value: 4 }), op('an operation that is none', { op: 'put', path: '/spec/size', value: 4 }), op('a path without a slash', { op: 'replace', path: 'spec/size', value: 4 }), op('escapes', { op: 'add', path: '/metadata/annotations', value: { 'a/b': '1', 'c~d': '2' } }, { op: 'replace', path: '/metadata/annotations/a~1b', value: '3' }, { op: 'remove', path: '/metadata/annotations/c~0d' }), op('a wrong value', { op: 'replace', path: '/spec/size', value: 1000 }), op('nothing'), op('null', { op: 'add', path: '/spec/maybe', value: null }),
    row('json: an object as body', JSON_PATCH, config, jsonPatch('configmaps/a', { op: 'add' })),
    row('json: no JSON', JSON_PATCH, config, jsonPatch('configmaps/a', '[')),
    strategic('a container by name', main({ image: 'app:2' })), strategic('a second container', { containers: [{ name: 'side', image: 's' }] }), strategic('a variable by name', main({ env: [{ name: 'B', value: '3' }, { name: 'C', value: '4' }] })), strategic('delete a variable', main({ env: [{ name: 'A', $patch: 'delete' }] })), strategic('replace the variables', main({ env: [{ name: 'D', value: '1' }, { $patch: 'replace' }] })), strategic('a port by its key', main({ ports: [{ containerPort: 80, name: 'web' }] })), strategic('a list without a key is replaced', main({ args: ['z'] })), strategic('null removes', main({ args: null })), strategic('delete a container', { containers: [{ name: 'side', image: 's' }, { name: 'main', $patch: 'delete' }] }), strategic('an order', { '$setElementOrder/containers': [{ name: 'side' }, { name: 'main' }], containers: [{ name: 'side', image: 's' }] }), strategic('a volume', { volumes: [{ name: 'v', emptyDir: {} }] }), strategic('a map that is retained', { '$retainKeys': ['name', 'containers'], restartPolicy: 'Always', containers: [{ name: 'main', image: 'app:3' }] }), strategic('a merge key that is missing', { containers: [{ image: 'x' }] }),
    row('strategic: retain the keys of a strategy', STRATEGIC, workload, strategicPatch('deployments/a', { spec: { strategy: { $retainKeys: ['type'], type: 'Recreate' } } }, { show: body => (body['spec'] as JsonObject)['strategy']! })),
    row('strategic: delete from a list of finalizers', STRATEGIC, silent(post('configmaps', configMap('a', {}, { finalizers: ['example.com/a', 'example.com/b'] }))), strategicPatch('configmaps/a', { metadata: { '$deleteFromPrimitiveList/finalizers': ['example.com/a'] } }, { show: metadataOf })),
    row('strategic: finalizers are merged', STRATEGIC, silent(post('configmaps', configMap('a', {}, { finalizers: ['example.com/a'] }))), strategicPatch('configmaps/a', { metadata: { finalizers: ['example.com/b'] } }, { show: metadataOf })),
    row('strategic: owners by uid', STRATEGIC, silent(post('configmaps', configMap('a', {}, { finalizers: ['example.com/stay'], ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'o', uid: '00000000-0000-0000-0000-000000000001' }] }))), strategicPatch('configmaps/a', { metadata: { ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'p', uid: '00000000-0000-0000-0000-000000000002' }] } }, { show: body => (metadataOf(body) as JsonObject)['ownerReferences'] ?? null })),
    row('strategic: replace a map', STRATEGIC, config, strategicPatch('configmaps/a', { data: { $patch: 'replace', z: '1' } }, { show: dataOf })),
    row('strategic: delete a map', STRATEGIC, config, strategicPatch('configmaps/a', { data: { $patch: 'delete' } }, { show: body => body['data'] ?? null })),
    row('strategic: conditions by type', STRATEGIC, workload, silent(strategicPatch('deployments/a/status', { status: { conditions: [{ type: 'Available', status: 'True' }] } })), strategicPatch('deployments/a/status', { status: { conditions: [{ type: 'Progressing', status: 'True' }, { type: 'Available', status: 'False' }] } }, { show: body => body['status']! })),
    row('strategic: of a custom resource', STRATEGIC, custom, strategicPatch('widgets/a', { spec: { size: 4 } })),
    row('a media type that is none', 'API concepts, "Patch"', config, { method: 'PATCH', path: '/api/v1/namespaces/{ns}/configmaps/a', body: {}, headers: { 'content-type': 'application/json' } }),
    row('force without apply', 'API concepts, "Patch"', config, mergePatch('configmaps/a?force=true', { data: {} })),
    row('a patch that makes no valid object', 'API concepts, "Patch"', config, mergePatch('configmaps/a', { data: { k: 5 } })),
    row('a patch of the scale', 'API concepts, "Scale"', silent(post('deployments', deployment('a'))), mergePatch('deployments/a/scale', { spec: { replicas: 3 } }), get('deployments/a', { show: body => (body['spec'] as JsonObject)['replicas']! })),
  ],
}
