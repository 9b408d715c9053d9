import {
  get,
  type JsonObject,
  mergePatch,
  post,
  put,
  type Row,
  row,
  silent,
  specOf,
  type Table,
  widget,
} from '../row.ts'

const VALIDATION = 'Extend the Kubernetes API with CustomResourceDefinitions, "Validation"'
const DEFAULTS = 'CustomResourceDefinitions, "Defaulting"'
const PRUNING = 'CustomResourceDefinitions, "Field pruning"'
const RULES = 'CustomResourceDefinitions, "Validation rules"'
const SCALE = 'CustomResourceDefinitions, "Scale subresource"'
const COLUMNS = 'CustomResourceDefinitions, "Additional printer columns"; API concepts, "Receiving resources as Tables"'
const FORMATS = 'apiextensions-apiserver/pkg/apiserver/schema/validation/formats.go'

const spec =
  (rule: string, prefix: string) =>
  (name: string, value: JsonObject): Row =>
    row(`${prefix}: ${name}`, rule, post('widgets', widget('a', value), { show: specOf }))
const value = spec(VALIDATION, 'value')
const format = spec(FORMATS, 'format')
const defaulted = spec(DEFAULTS, 'default')
const pruned = spec(PRUNING, 'pruning')
const rule = spec(RULES, 'rule')
const change = (name: string, before: JsonObject, after: JsonObject): Row =>
  row(
    `rule: ${name}`,
    RULES,
    silent(post('widgets', widget('a', before))),
    mergePatch('widgets/a', { spec: after }, { show: specOf }),
  )
const table = { headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json' } }

// biome-ignore format: a table is read row by row
export const customResources: Table = {
  name: 'custom-resources',
  setup: [
    post('/apis/conformance.example.com/v1/namespaces/{table}/widgets', widget('a', { size: 3, tags: ['x', 'y'], flag: true, at: '2001-01-01T00:00:00Z' })),
    post('/apis/conformance.example.com/v1/namespaces/{table}/widgets', widget('b')),
  ],
  rows: [
    value('all is well', { size: 5, price: 1.5, name: 'abc', parts: [{ name: 'x' }] }), value('below the minimum', { size: 0 }), value('above the maximum', { size: 101 }), value('at an exclusive minimum', { price: 0 }), value('at an exclusive maximum', { price: 10 }), value('no multiple', { even: 3 }), value('beyond 32 bits', { small: 3_000_000_000 }), value('a text for a number', { size: '5' }), value('a fraction for an integer', { size: 1.5 }), value('an integer for a number', { price: 1 }), value('5.0 for an integer', JSON.parse('{"size": 5.0}') as JsonObject), value('too short', { name: 'a' }), value('too long', { name: 'abcdefghi' }), value('no match', { name: 'ABC' }), value('too short and no match', { name: 'A' }), value('none of the enum', { mode: 'both' }), value('a number for a text', { name: 5 }), value('a text for a boolean', { flag: 'true' }), value('null where it may not be', { size: null }), value('null where it may be', { maybe: null }), value('an integer or a text: integer', { port: 80 }), value('an integer or a text: text', { port: 'http' }), value('an integer or a text: boolean', { port: true }), value('an integer or a text: fraction', { port: 1.5 }), value('too many items', { tags: ['a', 'b', 'c', 'd'] }), value('too few items', { tags: [] }), value('an item twice', { tags: ['a', 'a'] }), value('an item of the wrong type', { tags: [1] }), value('an item that is wrong', { plain: ['ab', 'abcd'] }), value('a key twice', { parts: [{ name: 'x' }, { name: 'x' }] }), value('two keys twice', { pairs: [{ host: 'h' }, { host: 'h', port: 80 }] }), value('an item without what it must have', { parts: [{}] }), value('an item that is no object', { parts: ['x'] }), value('an object for a list', { parts: { name: 'x' } }), value('a list for an object', { nested: [] }), value('a text for an object', { nested: 'x' }), value('without what it must have', { nested: {} }), value('too many properties', { labels: { a: '1', b: '2', c: '3' } }), value('a wrong property', { labels: { 'a.b/c': 'too long' } }), value('a property of the wrong type', { labels: { a: 1 } }), value('one of two', { either: { left: 'x' } }), value('both of two', { either: { left: 'x', right: 'y' } }), value('neither of two', { either: {} }), value('not', { notBad: 'bad' }), value('any of two: first', { any: 'abcde' }), value('any of two: second', { any: 'x' }), value('any of two: neither', { any: 'y' }), value('many things wrong', { size: 0, name: 'A', mode: 'both', nested: {} }), value('an embedded object', { embedded: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' } } }), value('an embedded object without a kind', { embedded: { apiVersion: 'v1' } }), value('an embedded object with a wrong name', { embedded: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'X_' } } }),
    row('value: spec is a text', VALIDATION, post('widgets', { apiVersion: 'conformance.example.com/v1', kind: 'Widget', metadata: { name: 'a' }, spec: 'x' })),
    row('value: without a spec', VALIDATION, post('widgets', { apiVersion: 'conformance.example.com/v1', kind: 'Widget', metadata: { name: 'a' } })),
    row('value: a required field of the root', VALIDATION, post('gadgets', { apiVersion: 'conformance.example.com/v1', kind: 'Gadget', metadata: { name: '{ns}' } })),
    row('value: in an update', VALIDATION, silent(post('widgets', widget('a', { size: 1 }, {}), { save: { v: 'metadata.resourceVersion' } })), put('widgets/a', widget('a', { size: 0 }, { resourceVersion: '{v}' }))),
    row('value: of the status', VALIDATION, silent(post('widgets', widget('a'))), mergePatch('widgets/a/status', { status: { conditions: [{ type: 'Ready' }], replicas: 'x' } })),
    format('date-time', { at: '2001-01-01T00:00:00Z' }), format('no date-time', { at: '2001-01-01' }), format('date-time with an offset', { at: '2001-01-01T00:00:00+02:00' }), format('date', { day: '2001-01-01' }), format('no date', { day: '2001-13-01' }), format('uuid', { uid: '00000000-0000-0000-0000-000000000001' }), format('no uuid', { uid: 'x' }), format('email', { mail: 'a@b.c' }), format('no email', { mail: 'a' }), format('uri', { url: 'https://example.com/a?b=c' }), format('no uri', { url: 'not a uri' }), format('hostname', { host: 'a.example.com' }), format('no hostname', { host: '-a' }), format('ipv4', { four: '10.0.0.1' }), format('no ipv4', { four: '10.0.0.256' }), format('cidr', { cidr: '10.0.0.0/8' }), format('no cidr', { cidr: '10.0.0.0' }), format('byte', { bytes: 'YQ==' }), format('no byte', { bytes: '?' }), format('duration', { length: '1h30m' }), format('no duration', { length: 'long' }),
    defaulted('of a field', {}), defaulted('of a field that is given', { mode: 'off' }), defaulted('inside an object that is there', { nested: { must: 'x', deep: {} } }), defaulted('not inside an object that is not there', { nested: { must: 'x' } }), defaulted('inside a default', {}), defaulted('inside an object that is given', { defaulted: {} }), defaulted('in the items of a list', { parts: [{ name: 'x' }, { name: 'y', count: 3 }] }), defaulted('null of a field with a default', { mode: null }), defaulted('null of a nullable field with a default', { maybeDefault: null }), defaulted('of a key', { pairs: [{ host: 'h' }] }),
    row('default: not without a spec', DEFAULTS, post('widgets', { apiVersion: 'conformance.example.com/v1', kind: 'Widget', metadata: { name: 'a' } })),
    row('default: comes back', DEFAULTS, silent(post('widgets', widget('a', { mode: 'off' }))), mergePatch('widgets/a', { spec: { mode: null } }, { show: specOf })),
    pruned('unknown fields', { unknown: 1, nested: { must: 'x', unknown: 1 } }), pruned('in items', { parts: [{ name: 'x', unknown: 1 }] }), pruned('not where fields are free', { free: { anything: { goes: [1] } } }), pruned('in a map of values', { labels: { any: 'x' } }), pruned('in an embedded object', { embedded: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x', unknown: 1 }, anything: 1 } }), pruned('in alternatives', { either: { left: 'x', unknown: 1 } }),
    row('pruning: of the root', PRUNING, post('widgets', { ...widget('a'), unknown: 1, extra: 'x' })),
    row('pruning: of the status', PRUNING, silent(post('widgets', widget('a'))), mergePatch('widgets/a/status', { status: { phase: 'Good', unknown: 1 } }, { show: body => body['status']! })),
    rule('of the object', { low: 5, high: 1 }), rule('of the object, kept', { low: 1, high: 5 }), rule('a message that is an expression', { word: 'bad' }), rule('a reason', { word: 'wrong' }), rule('a list', { sum: [1, -1] }), rule('a path and a reason', { rated: {} }), rule('a path, kept', { rated: { a: 1 } }), rule('an optional old value, first', { grows: 0 }), rule('a quantity', { quantity: '5Mi' }), rule('a quantity that is too small', { quantity: '5Ki' }), rule('no quantity', { quantity: 'x' }), rule('a URL', { address: 'https://a' }), rule('a URL of another scheme', { address: 'http://a' }), rule('no URL', { address: 'x y' }), rule('a match', { matched: '123' }), rule('no match', { matched: '12' }), rule('not while the schema is broken', { low: 5, high: 1, size: 0 }), rule('two at once', { low: 5, high: 1, matched: 'x' }),
    change('a transition', { fixed: 'a' }, { fixed: 'b' }), change('a transition to the same', { fixed: 'a' }, { fixed: 'a', size: 1 }), change('a transition from nothing', {}, { fixed: 'b' }), change('a transition to nothing', { fixed: 'a' }, { fixed: null }), change('an optional old value, up', { grows: 2 }, { grows: 3 }), change('an optional old value, down', { grows: 2 }, { grows: 1 }),
    row('scale: read', SCALE, silent(post('widgets', widget('a', { replicas: 2 }))), silent(mergePatch('widgets/a/status', { status: { replicas: 1, selector: 'a=b' } })), get('widgets/a/scale')),
    row('scale: of nothing', SCALE, silent(post('widgets', widget('a'))), get('widgets/a/scale')),
    row('scale: of what is not there', SCALE, get('widgets/none/scale')),
    row('scale: of a kind without', SCALE, silent(post('gadgets', { apiVersion: 'conformance.example.com/v1', kind: 'Gadget', metadata: { name: '{ns}' }, spec: {} })), get('gadgets/{ns}/scale')),
    row('scale: patch', SCALE, silent(post('widgets', widget('a', { replicas: 2 }))), mergePatch('widgets/a/scale', { spec: { replicas: 4 } }), get('widgets/a')),
    row('scale: put', SCALE, silent(post('widgets', widget('a', { replicas: 2 }))), put('widgets/a/scale', { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'a', namespace: '{ns}' }, spec: { replicas: 7 } }), get('widgets/a', { show: specOf })),
    row('scale: below 0', SCALE, silent(post('widgets', widget('a', { replicas: 2 }))), mergePatch('widgets/a/scale', { spec: { replicas: -1 } })),
    row('scale: of a Deployment', SCALE, silent(post('deployments', { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'd' }, spec: { replicas: 2, selector: { matchLabels: { a: 'b' } }, template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } } } })), get('deployments/d/scale')),
    row('table: a list', COLUMNS, get('/apis/conformance.example.com/v1/namespaces/{table}/widgets', table)),
    row('table: one object', COLUMNS, get('/apis/conformance.example.com/v1/namespaces/{table}/widgets/a', table)),
    row('table: whole objects', COLUMNS, get('/apis/conformance.example.com/v1/namespaces/{table}/widgets?includeObject=Object&fieldSelector=metadata.name%3Db', table)),
    row('table: no objects', COLUMNS, get('/apis/conformance.example.com/v1/namespaces/{table}/widgets?includeObject=None', table)),
    row('table: includeObject that is none', COLUMNS, get('/apis/conformance.example.com/v1/namespaces/{table}/widgets?includeObject=Some', table)),
    row('table: without columns of its own', COLUMNS, silent(post('gadgets', { apiVersion: 'conformance.example.com/v1', kind: 'Gadget', metadata: { name: '{ns}' }, spec: {} })), get('gadgets?fieldSelector=metadata.name%3D{ns}', table)),
    row('table: pages', COLUMNS, get('/apis/conformance.example.com/v1/namespaces/{table}/widgets?limit=1', table)),
    row('table: a failure is a Status', COLUMNS, get('widgets/none', table)),
  ],
}
