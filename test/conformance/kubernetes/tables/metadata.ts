import {
  configMap,
  get,
  type JsonObject,
  mergePatch,
  metadataOf,
  post,
  type Row,
  row,
  silent,
  type Table,
  widget,
} from '../row.ts'

const NAMES = 'Object Names and IDs'
const LABELS = 'Labels and Selectors, "Syntax and character set"; apimachinery/pkg/util/validation'
const OWNERS = 'apimachinery/pkg/api/validation/objectmeta.go'

const kinds: Readonly<Record<string, (name: string) => JsonObject>> = {
  configmaps: name => configMap(name),
  services: name => ({ apiVersion: 'v1', kind: 'Service', metadata: { name }, spec: { clusterIP: 'None' } }),
  widgets: name => widget(name),
  roles: name => ({ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata: { name }, rules: [] }),
  namespaces: name => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }),
}
const names: readonly (readonly [string, readonly string[]])[] = [
  ['Upper', ['configmaps', 'services', 'widgets', 'roles', 'namespaces']],
  ['under_score', ['configmaps', 'widgets']],
  ['-a', ['configmaps', 'services', 'namespaces']],
  ['a.', ['configmaps', 'widgets']],
  ['a..b', ['configmaps']],
  ['a.b', ['configmaps', 'services', 'namespaces']],
  ['1a', ['configmaps', 'services']],
  ['a b', ['configmaps', 'roles']],
  ['a/b', ['configmaps', 'roles']],
  ['a%b', ['roles']],
  ['..', ['roles', 'configmaps']],
  ['a'.repeat(64), ['services', 'namespaces', 'configmaps']],
  ['a'.repeat(254), ['configmaps', 'widgets']],
]
const brief = (text: string) => (text.length > 40 ? `${text.length} characters` : text)
const label = (key: string, value: string): Row =>
  row(
    `label ${brief(key)}=${brief(value)}`,
    LABELS,
    post('configmaps', configMap('a', {}, { labels: { [key]: value } }), { show: metadataOf }),
  )
const annotation = (key: string): Row =>
  row(
    `annotation ${brief(key)}`,
    LABELS,
    post('configmaps', configMap('a', {}, { annotations: { [key]: 'x y/z' } }), { show: metadataOf }),
  )
const finalizer = (name: string, plural = 'configmaps'): Row =>
  row(
    `finalizer ${name} of ${plural}`,
    'Finalizers',
    post(
      plural,
      plural === 'widgets' ? widget('a', {}, { finalizers: [name] }) : configMap('a', {}, { finalizers: [name] }),
      { show: metadataOf },
    ),
  )
const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'o', uid: '00000000-0000-0000-0000-000000000001' }
const owners = (name: string, ...ownerReferences: JsonObject[]): Row =>
  row(
    `owner references: ${name}`,
    OWNERS,
    post('configmaps', configMap('a', {}, { ownerReferences }), { show: metadataOf }),
  )

// biome-ignore format: a table is read row by row
export const metadata: Table = {
  name: 'metadata',
  rows: [
    ...names.flatMap(([name, plurals]) => plurals.map(plural => row(`${plural} called ${name.length > 20 ? `${name.length} characters` : name}`, NAMES, post(plural, kinds[plural]!(name), { show: metadataOf })))),
    label('a', 'b'), label('example.com/a', ''), label('a/b/c', 'x'), label('/a', 'x'), label('a/', 'x'), label('', 'x'), label('A_b.c', 'A_b.c'), label('-a', 'x'), label('a', '-x'), label('a', 'a b'), label('a', 'a'.repeat(64)), label('a'.repeat(64), 'x'), label('Example.com/a', 'x'), label(`${'a'.repeat(254)}/a`, 'x'),
    annotation('a'), annotation('Example.com/A'), annotation('a b'), annotation('a/b/c'),
    row('annotations that are too large', LABELS, post('configmaps', configMap('a', {}, { annotations: { a: 'x'.repeat(262_145) } }))),
    finalizer('example.com/a'), finalizer('plain'), finalizer('foregroundDeletion'), finalizer('orphan'), finalizer('kubernetes'), finalizer('Not Valid'), finalizer('plain', 'widgets'), finalizer('example.com/a', 'widgets'), finalizer('not valid', 'widgets'),
    row('a finalizer twice', 'Finalizers', post('configmaps', configMap('a', {}, { finalizers: ['example.com/a', 'example.com/a'] }), { show: metadataOf })),
    owners('one', owner), owners('controller', { ...owner, controller: true, blockOwnerDeletion: true }), owners('two controllers', { ...owner, controller: true }, { ...owner, name: 'p', uid: '00000000-0000-0000-0000-000000000002', controller: true }), owners('without a uid', { apiVersion: 'v1', kind: 'ConfigMap', name: 'o' }), owners('without anything', {}), owners('the same twice', owner, owner), owners('a bad version', { ...owner, apiVersion: 'a/b/c' }), owners('an Event', { ...owner, kind: 'Event' }),
    row('creationTimestamp cannot be changed', OWNERS, silent(post('configmaps', configMap('a'))), mergePatch('configmaps/a', { metadata: { creationTimestamp: '2001-01-01T00:00:00Z' } }), get('configmaps/a', { show: metadataOf })),
    row('uid cannot be changed', OWNERS, silent(post('configmaps', configMap('a'))), mergePatch('configmaps/a', { metadata: { uid: '00000000-0000-0000-0000-000000000001' } })),
    row('name cannot be changed by a patch', OWNERS, silent(post('configmaps', configMap('a'))), mergePatch('configmaps/a', { metadata: { name: 'b' } })),
    row('namespace cannot be changed by a patch', OWNERS, silent(post('configmaps', configMap('a'))), mergePatch('configmaps/a', { metadata: { namespace: 'b' } })),
    row('generation cannot be changed', OWNERS, silent(post('widgets', widget('a'))), mergePatch('widgets/a', { metadata: { generation: 9 } }, { show: metadataOf })),
    row('deletionTimestamp cannot be set', OWNERS, silent(post('widgets', widget('a'))), mergePatch('widgets/a', { metadata: { deletionTimestamp: '2001-01-01T00:00:00Z' } }, { show: metadataOf })),
    row('generateName cannot be changed', OWNERS, silent(post('configmaps', configMap('a'))), mergePatch('configmaps/a', { metadata: { generateName: 'b-' } }, { show: metadataOf })),
    row('managedFields set to nothing are forgotten', 'server-side apply, "Clearing managedFields"', silent(post('configmaps', configMap('a', { k: 'v' }))), mergePatch('configmaps/a', { metadata: { managedFields: [{}] } }, { show: metadataOf })),
    row('managedFields set to an empty list', 'server-side apply, "Clearing managedFields"', silent(post('configmaps', configMap('a', { k: 'v' }))), mergePatch('configmaps/a', { metadata: { managedFields: [] } }, { show: metadataOf })),
  ],
}
