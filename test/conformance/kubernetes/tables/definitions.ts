import { install, widgetDefinition } from '../fixtures.ts'
import {
  apply,
  del,
  get,
  type JsonObject,
  mergePatch,
  post,
  type Row,
  row,
  silent,
  specOf,
  type Table,
} from '../row.ts'

const DEFINITION = 'CustomResourceDefinitions; apiextensions-apiserver/pkg/apis/apiextensions/validation'
const STRUCTURAL = 'CustomResourceDefinitions, "Specifying a structural schema"'
const RULES = 'CustomResourceDefinitions, "Validation rules"'

/** A definition of its own for each row: `things` of the group `{ns}.example.com`. */
const definition = (spec: JsonObject, version: JsonObject = {}, more: JsonObject = {}): JsonObject => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'things.{ns}.example.com' },
  spec: {
    group: '{ns}.example.com',
    scope: 'Namespaced',
    names: { plural: 'things', kind: 'Thing' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: 'object', properties: { spec } } },
        ...version,
      },
    ],
    ...more,
  },
})
const text: JsonObject = { type: 'object', properties: { text: { type: 'string' } } }
const crds = 'customresourcedefinitions'
const whole = (name: string, more: JsonObject, rule = DEFINITION): Row =>
  row(`definition: ${name}`, rule, post(crds, definition(text, {}, more), { show: specOf }))
const versioned = (name: string, version: JsonObject): Row =>
  row(`definition: ${name}`, DEFINITION, post(crds, definition(text, version), { show: specOf }))
const schema = (name: string, field: JsonObject): Row =>
  row(
    `schema: ${name}`,
    STRUCTURAL,
    post(crds, definition({ type: 'object', properties: { x: field } }), { show: () => null }),
  )
const rule = (name: string, text: string, field: JsonObject = { type: 'string' }, more: JsonObject = {}): Row =>
  row(
    `rule: ${name}`,
    RULES,
    post(
      crds,
      definition({
        type: 'object',
        properties: { x: { ...field, 'x-kubernetes-validations': [{ rule: text, ...more }] } },
      }),
      { show: () => null },
    ),
  )
const conditions = (body: JsonObject) => ({
  conditions: (((body['status'] as JsonObject)['conditions'] as JsonObject[]) ?? []).map(({ type, status, reason }) => [
    type!,
    status!,
    reason!,
  ]),
  accepted: (body['status'] as JsonObject)['acceptedNames']!,
  stored: (body['status'] as JsonObject)['storedVersions']!,
})
const settled = (body: JsonObject) =>
  JSON.stringify(body['status'] ?? {}).includes('"Established","status":"True"') ||
  JSON.stringify(body['status'] ?? {}).includes('"status":"True","type":"Established"')
const thing = (spec: JsonObject): JsonObject => ({
  apiVersion: '{ns}.example.com/v1',
  kind: 'Thing',
  metadata: { name: 'a' },
  spec,
})
const things = '/apis/{ns}.example.com/v1/namespaces/{ns}/things'
const served = get(things, { until: (_, status) => status === 200, silent: true })

/** As the Gateway API asks of its routes: a field of the first item, and one below it. */
const ITEM_RULE = 'self.size() == 0 || has(self[0].a) || (has(self[0].b) && has(self[0].b.c))'
const ITEMS: JsonObject = {
  type: 'array',
  maxItems: 4,
  items: {
    type: 'object',
    properties: { a: { type: 'string' }, b: { type: 'object', properties: { c: { type: 'string' } } } },
  },
}

// biome-ignore format: a table is read row by row
export const definitions: Table = {
  name: 'definitions',
  rows: [
    row('definition: as created', DEFINITION, post(crds, definition(text))),
    row('definition: becomes established', DEFINITION, silent(post(crds, definition(text))), get(`${crds}/things.{ns}.example.com`, { until: settled, show: conditions })),
    row('definition: its resources are served', DEFINITION, silent(post(crds, definition(text))), served, post(things, thing({ text: 'a' })), get(things)),
    row('definition: goes with its objects', DEFINITION, silent(post(crds, definition(text))), served, silent(post(things, thing({ text: 'a' }))), del(`${crds}/things.{ns}.example.com`, undefined, { show: () => null }), get(`${crds}/things.{ns}.example.com`, { until: (_, status) => status === 404 }), get(things, { until: (_, status) => status === 404 })),
    row('definition: by apply', DEFINITION, apply(`${crds}/things.{ns}.example.com`, definition(text), 'one', { show: body => (body['metadata'] as JsonObject)['generation']! }), apply(`${crds}/things.{ns}.example.com`, definition(text), 'one', { show: body => (body['metadata'] as JsonObject)['generation']! })),
    whole('without a group', { group: '' }), whole('another group', { group: 'other.example.com' }), whole('a group that is none', { group: 'Not Valid' }), whole('a scope that is none', { scope: 'World' }), whole('without a scope', { scope: '' }), whole('without a plural', { names: { kind: 'Thing' } }), whole('without a kind', { names: { plural: 'things' } }), whole('a plural that is none', { names: { plural: 'Things', kind: 'Thing' } }), whole('a kind that is none', { names: { plural: 'things', kind: '9Thing' } }), whole('a short name that is none', { names: { plural: 'things', kind: 'Thing', shortNames: ['T_'] } }), whole('a singular and a list kind', { names: { plural: 'things', singular: 'one', kind: 'Thing', listKind: 'Many' } }), whole('the list kind is the kind', { names: { plural: 'things', kind: 'Thing', listKind: 'Thing' } }), whole('no versions', { versions: [] }), whole('a category that is none', { names: { plural: 'things', kind: 'Thing', categories: ['A B'] } }), whole('preserveUnknownFields', { preserveUnknownFields: true }), whole('a conversion that is none', { conversion: { strategy: 'Magic' } }), whole('a webhook without its configuration', { conversion: { strategy: 'Webhook' } }),
    versioned('not stored', { storage: false }), versioned('a version that is none', { name: '1' }), versioned('without a schema', { schema: null }), versioned('an empty schema', { schema: {} }), versioned('a deprecation warning without a deprecation', { deprecationWarning: 'x' }), versioned('a scale', { subresources: { scale: { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' } } }), versioned('a scale without a path', { subresources: { scale: { specReplicasPath: '.spec.replicas' } } }), versioned('a scale path elsewhere', { subresources: { scale: { specReplicasPath: '.metadata.x', statusReplicasPath: '.spec.y' } } }), versioned('a column without a path', { additionalPrinterColumns: [{ name: 'A', type: 'string' }] }), versioned('a column of a type that is none', { additionalPrinterColumns: [{ name: 'A', type: 'money', jsonPath: '.spec.x' }] }), versioned('a column with a path that is none', { additionalPrinterColumns: [{ name: 'A', type: 'string', jsonPath: 'spec x' }] }), versioned('a selectable field', { selectableFields: [{ jsonPath: '.spec.text' }] }), versioned('a selectable field that is not there', { selectableFields: [{ jsonPath: '.spec.nothing' }] }), versioned('a selectable field of metadata', { selectableFields: [{ jsonPath: '.metadata.name' }] }), versioned('the status with fields', { subresources: { status: { x: 1 } } }),
    whole('two versions are stored', { versions: ['v1', 'v2'].map(name => ({ name, served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } })) }), whole('a version twice', { versions: [true, false].map(storage => ({ name: 'v1', served: true, storage, schema: { openAPIV3Schema: { type: 'object' } } })) }),
    row('definition: a name that is taken', DEFINITION, silent(post(crds, definition(text))), served, post(crds, { ...definition(text), metadata: { name: 'others.{ns}.example.com' }, spec: { ...(definition(text)['spec'] as JsonObject), names: { plural: 'others', kind: 'Thing' } } }, { show: () => null }), get(`${crds}/others.{ns}.example.com`, { until: body => JSON.stringify(body).includes('NamesAccepted') && JSON.stringify(body).includes('Established'), show: body => ((body['status'] as JsonObject)['conditions'] as JsonObject[]).map(({ type, status, reason, message }) => [type!, status!, reason!, message!]) })),
    row('definition: the group cannot change', DEFINITION, silent(post(crds, definition(text))), mergePatch(`${crds}/things.{ns}.example.com`, { spec: { group: 'x.example.com' } })),
    row('definition: the scope cannot change', DEFINITION, silent(post(crds, definition(text))), served, mergePatch(`${crds}/things.{ns}.example.com`, { spec: { scope: 'Cluster' } })),
    row('definition: a stored version cannot be dropped', DEFINITION, silent(post(crds, definition(text))), served, mergePatch(`${crds}/things.{ns}.example.com`, { spec: { versions: [{ name: 'v2', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }] } })),
    row('definition: a schema grows', DEFINITION, silent(post(crds, definition(text))), served, silent(mergePatch(`${crds}/things.{ns}.example.com`, { spec: { versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties: { text: { type: 'string' }, more: { type: 'integer' } } } } } } }] } })), post(`${things}?dryRun=All`, thing({ more: 1 }), { until: body => JSON.stringify(body).includes('more'), show: specOf })),
    row('definition: a stricter schema keeps old objects readable', 'CustomResourceDefinitions, "Ratcheting"', silent(post(crds, definition(text))), served, silent(post(things, thing({ text: 'long' }))), silent(mergePatch(`${crds}/things.{ns}.example.com`, { spec: { versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties: { text: { type: 'string', maxLength: 2 }, more: { type: 'integer' } } } } } } }] } })), get(`${things}/a`, { show: specOf }), post(`${things}?dryRun=All`, { ...thing({ text: 'long' }), metadata: { name: 'b' } }, { until: (_, status) => status === 422 }), mergePatch(`${things}/a`, { spec: { more: 1 } }, { show: specOf }), mergePatch(`${things}/a`, { spec: { text: 'other' } })),
    schema('no type', {}), schema('a type that is none', { type: 'money' }), schema('an object', { type: 'object', properties: { y: { type: 'string' } } }), schema('a list without items', { type: 'array' }), schema('a list of schemas as items', { type: 'array', items: [{ type: 'string' }] }), schema('properties and additionalProperties', { type: 'object', properties: { y: { type: 'string' } }, additionalProperties: { type: 'string' } }), schema('additionalProperties false', { type: 'object', additionalProperties: false }), schema('a pattern that is none', { type: 'string', pattern: '(' }), schema('uniqueItems', { type: 'array', items: { type: 'string' }, uniqueItems: true }), schema('a reference', { $ref: '#/x' }), schema('a default', { type: 'string', default: 'x' }), schema('a default of another type', { type: 'string', default: 5 }), schema('a default that is not valid', { type: 'string', minLength: 3, default: 'x' }), schema('a default that would be pruned', { type: 'object', properties: { a: { type: 'string' } }, default: { b: 'x' } }), schema('a type in an alternative', { type: 'string', anyOf: [{ type: 'string' }] }), schema('a default in an alternative', { type: 'string', anyOf: [{ default: 'x' }] }), schema('an alternative without the field', { type: 'object', properties: {}, anyOf: [{ required: ['a'] }] }), schema('an alternative with other properties', { type: 'object', anyOf: [{ properties: { a: { minLength: 1 } } }] }), schema('integer or text with a type', { type: 'string', 'x-kubernetes-int-or-string': true }), schema('a map list without keys', { type: 'array', items: { type: 'object', properties: { a: { type: 'string' } } }, 'x-kubernetes-list-type': 'map' }), schema('a map list with a key that is not there', { type: 'array', items: { type: 'object', properties: { a: { type: 'string' } } }, 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['b'] }), schema('a map list with an optional key', { type: 'array', items: { type: 'object', properties: { a: { type: 'string' } } }, 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['a'] }), schema('a map list of texts', { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['a'] }), schema('a set of objects', { type: 'array', items: { type: 'object', properties: { a: { type: 'string' } } }, 'x-kubernetes-list-type': 'set' }), schema('a list type that is none', { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'bag' }), schema('a list type of a text', { type: 'string', 'x-kubernetes-list-type': 'set' }), schema('a map type of a text', { type: 'string', 'x-kubernetes-map-type': 'atomic' }), schema('free fields of a text', { type: 'string', 'x-kubernetes-preserve-unknown-fields': true }), schema('free fields switched off', { type: 'object', 'x-kubernetes-preserve-unknown-fields': false }), schema('an embedded object without fields', { type: 'object', 'x-kubernetes-embedded-resource': true }), schema('an enum of another type', { type: 'string', enum: [1] }), schema('a minimum that is a text', { type: 'integer', minimum: 'x' }), schema('required of what is not there', { type: 'object', required: ['a'] }), schema('a keyword that is none', { type: 'string', length: 5 }),
    row('schema: metadata may restrict the name alone', STRUCTURAL, post(crds, definition(text, { schema: { openAPIV3Schema: { type: 'object', properties: { metadata: { type: 'object', properties: { labels: { type: 'object' } } } } } } }), { show: () => null })),
    row('schema: the root is an object', STRUCTURAL, post(crds, definition(text, { schema: { openAPIV3Schema: { type: 'string' } } }), { show: () => null })),
    rule('that compiles', "self == 'a'"), rule('that does not parse', 'self =='), rule('of another type', 'self + 1'), rule('that is not a question', "'a'"), rule('of a field that is not there', 'self.nothing == 1', { type: 'object', properties: { a: { type: 'string' } } }), rule('empty', ''), rule('a message on two lines', 'true', { type: 'string' }, { message: 'a\nb' }), rule('a message that is empty', 'true', { type: 'string' }, { message: ' ' }), rule('a reason that is none', 'true', { type: 'string' }, { reason: 'Because' }), rule('a path that is not there', 'true', { type: 'object', properties: { a: { type: 'string' } } }, { fieldPath: '.b' }), rule('a message expression that is no text', 'true', { type: 'string' }, { messageExpression: '1' }), rule('a message expression that does not compile', 'true', { type: 'string' }, { messageExpression: 'self.' }), rule('too costly', 'self.all(x, self.all(y, self.all(z, x == y)))', { type: 'array', items: { type: 'string' } }), rule('of an unknown variable', 'other == 1'), rule('of an unknown function', 'self.shout()'), rule('of a field of an item by its place', ITEM_RULE, ITEMS),
    row('rule: a field of an item by its place, asked for', RULES, silent(post(crds, definition({ type: 'object', properties: { x: { ...ITEMS, 'x-kubernetes-validations': [{ rule: ITEM_RULE }] } } }))), served, ...[[], [{ a: 'x' }], [{}], [{ b: { c: 'x' } }], [{ b: {} }]].map(x => post(`${things}?dryRun=All`, thing({ x }), { show: specOf }))),
    row('definition: of the tables, again', DEFINITION, post(crds, widgetDefinition)),
    row('definition: another with the same shape', DEFINITION, ...install(definition(text)), get(`${crds}/things.{ns}.example.com`, { until: settled, show: conditions })),
  ],
}
