import {
  compact,
  configMap,
  del,
  get,
  type JsonObject,
  mergePatch,
  post,
  type Row,
  row,
  type Step,
  silent,
  type Table,
  watch,
  widget,
} from '../row.ts'

const EFFICIENT = 'API concepts, "Efficient detection of changes"'
const BOOKMARKS = 'API concepts, "Watch bookmarks"'
const STREAMING = 'API concepts, "Streaming lists"'
const TABLES = 'API concepts, "Receiving resources as Tables"'
const brief = (object: JsonObject) => {
  const metadata = (object['metadata'] ?? {}) as JsonObject
  return {
    name: metadata['name'] ?? null,
    version: metadata['resourceVersion'] ?? null,
    data: object['data'] ?? null,
    annotations: metadata['annotations'] ?? null,
  }
}
const made = (name: string, metadata: JsonObject = {}): Step =>
  silent(post('configmaps', configMap(name, {}, metadata)))
const change = (name: string, value: string): Step => silent(mergePatch(`configmaps/${name}`, { data: { k: value } }))
const gone = (name: string): Step => silent(del(`configmaps/${name}`))
const now = silent(get('configmaps', { save: { v: 'metadata.resourceVersion' } }))
const from = 'watch=true&resourceVersion={v}'
const show = { show: brief }
const seconds = 'timeoutSeconds=1'

const invalid = (name: string, query: string): Row =>
  row(`refused: ${name}`, STREAMING, watch(`configmaps?watch=true&${query}`, 1))

// biome-ignore format: a table is read row by row
export const watches: Table = {
  name: 'watches',
  rows: [
    row('changes after a list come in order', EFFICIENT, now, watch(`configmaps?${from}`, 4, [made('a'), change('a', '1'), made('b'), gone('a')], show)),
    row('frames carry whole objects', EFFICIENT, now, watch(`configmaps?${from}`, 3, [made('a'), change('a', '1'), gone('a')])),
    row('frames of custom resources', EFFICIENT, silent(get('widgets', { save: { v: 'metadata.resourceVersion' } })), watch(`widgets?${from}`, 2, [silent(post('widgets', widget('a', { size: 1 }))), silent(mergePatch('widgets/a/status', { status: { phase: 'Good' } }))])),
    row('a deletion carries its own version', EFFICIENT, made('a'), now, watch(`configmaps?${from}`, 1, [gone('a')], show)),
    row('what happened before the watch comes first', EFFICIENT, now, made('a'), change('a', '1'), watch(`configmaps?${from}`, 3, [made('b')], show)),
    row('without a version the objects come as ADDED', EFFICIENT, made('a'), made('b'), watch('configmaps?watch=true', 3, [made('c')], show)),
    row('version 0: the objects come as ADDED', EFFICIENT, made('a'), silent(get('configmaps?resourceVersion=0', { until: body => (body['items'] as unknown[] | undefined)?.length === 1 })), watch('configmaps?watch=true&resourceVersion=0', 2, [made('b')], show)),
    row('a write that changes nothing is no event', EFFICIENT, made('a'), now, watch(`configmaps?${from}`, 2, [change('a', '1'), change('a', '1'), change('a', '2')], show)),
    row('a label selector: entering, changing, leaving', EFFICIENT, made('a'), now, watch(`configmaps?${from}&labelSelector=x`, 3, [silent(mergePatch('configmaps/a', { metadata: { labels: { x: '1' } } })), change('a', '1'), silent(mergePatch('configmaps/a', { metadata: { labels: { x: null } } }))], show)),
    row('a label selector: others are not seen', EFFICIENT, now, watch(`configmaps?${from}&labelSelector=x`, 1, [made('a'), made('b', { labels: { x: '1' } })], show)),
    row('a field selector: one name', EFFICIENT, now, watch(`configmaps?${from}&fieldSelector=metadata.name%3Db`, 2, [made('a'), made('b'), gone('a'), gone('b')], show)),
    row('a selectable field of a custom resource', EFFICIENT, silent(get('widgets', { save: { v: 'metadata.resourceVersion' } })), watch(`widgets?${from}&fieldSelector=spec.mode%3Doff`, 2, [silent(post('widgets', widget('a'))), silent(mergePatch('widgets/a', { spec: { mode: 'off' } })), silent(mergePatch('widgets/a', { spec: { mode: 'on' } }))], show)),
    row('other namespaces are not seen', EFFICIENT, now, watch(`configmaps?${from}`, 1, [silent(post('/api/v1/namespaces/{table}/configmaps', configMap('{ns}'))), made('b')], show)),
    row('all namespaces', EFFICIENT, now, watch(`/api/v1/configmaps?${from}&labelSelector=only%3D{ns}`, 2, [made('a', { labels: { only: '{ns}' } }), gone('a')], show)),
    row('a watch of one object', EFFICIENT, made('a'), watch('configmaps/a?watch=true', 2, [made('b'), change('a', '1')], show)),
    row('a finalizer: MODIFIED, then DELETED', EFFICIENT, made('a', { finalizers: ['example.com/a'] }), now, watch(`configmaps?${from}`, 2, [gone('a'), silent(mergePatch('configmaps/a', { metadata: { finalizers: null } }))])),
    row('the server ends the watch after timeoutSeconds', EFFICIENT, now, watch(`configmaps?${from}&${seconds}`, 1)),
    row('a bookmark when the watch ends', BOOKMARKS, now, watch(`configmaps?${from}&${seconds}&allowWatchBookmarks=true`, 1, [], show)),
    row('no bookmark unless asked for', BOOKMARKS, now, watch(`configmaps?${from}&${seconds}`, 2, [made('a')], show)),
    row('a compacted version', '410 Gone responses, API concepts', made('a'), now, change('a', '1'), silent(get('configmaps', { save: { w: 'metadata.resourceVersion' } })), watch(`configmaps?watch=true&resourceVersion=1&${seconds}`, 1, [], show)),
    row('a version that is no number', EFFICIENT, watch('configmaps?watch=true&resourceVersion=abc', 1)),
    row('initial events end with a bookmark', STREAMING, made('a'), made('b'), watch('configmaps?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true', 4, [made('c')], show)),
    row('initial events of nothing', STREAMING, watch('configmaps?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true', 1)),
    // The consistent read makes the server's cache know of `b`, which is a matter of luck otherwise.
    row('initial events after a version', STREAMING, made('a'), now, made('b'), get('configmaps', { silent: true }), watch('configmaps?watch=true&resourceVersion={v}&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true', 3, [], show)),
    row('initial events without bookmarks', STREAMING, made('a'), watch('configmaps?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan', 2, [made('b')], show)),
    row('initial events of custom resources', STREAMING, silent(post('widgets', widget('a'))), watch('widgets?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true', 2, [], show)),
    row('no initial events, asked for', STREAMING, made('a'), now, watch(`configmaps?${from}&sendInitialEvents=false&resourceVersionMatch=NotOlderThan`, 1, [made('b')], show)),
    invalid('initial events without a match', 'sendInitialEvents=true'),
    invalid('initial events with another match', 'sendInitialEvents=true&resourceVersionMatch=Exact'),
    invalid('a match without initial events', 'resourceVersion=1&resourceVersionMatch=NotOlderThan'),
    invalid('initial events with a continue', 'sendInitialEvents=true&resourceVersionMatch=NotOlderThan&continue=x'),
    invalid('a label selector that is none', 'labelSelector=a%20b'),
    invalid('a field that cannot be selected', 'fieldSelector=data.k%3D1'),
    row('a watch as Tables', TABLES, now, watch(`configmaps?${from}`, 2, [made('a'), change('a', '1')], { headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' } })),
    row('a watch as PartialObjectMetadata', TABLES, now, watch(`configmaps?${from}`, 1, [made('a')], { headers: { accept: 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io' } })),
    row('the old path of a watch', EFFICIENT, made('a'), watch('/api/v1/watch/namespaces/{ns}/configmaps', 1, [], show)),
    row('watch=1', EFFICIENT, made('a'), watch('configmaps?watch=1', 1, [], show)),
    row('watch=0 is a list', EFFICIENT, made('a'), get('configmaps?watch=0', { show: ({ kind }) => kind! })),
    row('watch=false is a list', EFFICIENT, made('a'), get('configmaps?watch=false', { show: ({ kind }) => kind! })),
    row('after a compaction a watch goes on', EFFICIENT, now, watch(`configmaps?${from}`, 2, [made('a'), compact, made('b')], show)),
  ],
}
