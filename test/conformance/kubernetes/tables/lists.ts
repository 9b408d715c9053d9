import {
  compact,
  configMap,
  del,
  get,
  type JsonObject,
  mergePatch,
  namesOf,
  post,
  type Row,
  row,
  type Step,
  silent,
  type Table,
  widget,
} from '../row.ts'

const LABELS = 'Labels and Selectors, "API"'
const FIELDS = 'Field Selectors'
const CHUNKS = 'API concepts, "Retrieving large results sets in chunks"'
const VERSIONS = 'API concepts, "Resource versions"'
const shared = '/api/v1/namespaces/{table}/configmaps'
const widgets = '/apis/conformance.example.com/v1/namespaces/{table}/widgets'
const query = (name: string, value: string) => `?${name}=${encodeURIComponent(value)}`

const labelled = (selector: string): Row =>
  row(`labelSelector ${selector}`, LABELS, get(shared + query('labelSelector', selector), { show: namesOf }))
const fielded = (path: string, selector: string): Row =>
  row(
    `fieldSelector ${selector} of ${path.split('/').at(-1)}`,
    FIELDS,
    get(path + query('fieldSelector', selector), { show: namesOf }),
  )
const page = ({ items, metadata }: JsonObject) => ({ names: namesOf({ items: items! }), metadata: metadata! })
const made = (...names: string[]): Step[] => names.map(name => silent(post('configmaps', configMap(name))))
const version = (name: string): Step => silent(get('configmaps', { save: { [name]: 'metadata.resourceVersion' } }))

// biome-ignore format: a table is read row by row
export const lists: Table = {
  name: 'lists',
  setup: [
    post(shared, configMap('red', { k: '1' }, { labels: { colour: 'red', tier: 'front', n: '1' } })),
    post(shared, configMap('green', { k: '2' }, { labels: { colour: 'green', tier: 'back', n: '2' } })),
    post(shared, configMap('blue', { k: '3' }, { labels: { colour: 'blue', n: '10' } })),
    post(shared, configMap('bare')),
    post(shared, configMap('empty', {}, { labels: { colour: '' } })),
    post('/api/v1/namespaces/{table}/secrets', { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's1' }, type: 'example.com/a' }),
    post('/api/v1/namespaces/{table}/secrets', { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's2' } }),
    post('/api/v1/namespaces/{table}/pods', { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: { containers: [{ name: 'c', image: 'i' }], restartPolicy: 'Never' } }),
    post(widgets, widget('on', { mode: 'on', size: 5 })),
    post(widgets, widget('off', { mode: 'off' })),
  ],
  rows: [
    ...['colour=red', 'colour==red', 'colour!=red', 'colour', '!colour', 'colour in (red,green)', 'colour in (red, blue),n', 'colour notin (red)', 'colour notin (red,)', 'colour=', 'colour in ()', 'n>1', 'n>=1', 'n<5', 'n gt 1', 'n>x', 'colour=red,tier=front', 'colour=red,tier=back', 'tier,colour!=green', 'a b', '=red', 'colour=a b', 'colour in red', 'colour in (red', ',', 'colour=red,', '-x=1', 'colour===red', 'Colour=red', 'x/y/z=1', `colour=${'a'.repeat(64)}`, ' colour = red ', '! colour', 'colour in (red),!tier'].map(labelled),
    ...['metadata.name=red', 'metadata.name!=red', 'metadata.name==red', 'metadata.namespace=nowhere', 'metadata.namespace!=nowhere', 'metadata.name=red,metadata.name=green', 'metadata.uid=x', 'data.k=1', 'metadata.name', 'metadata.name=', 'spec.mode=on', 'metadata.labels.colour=red', '=', 'metadata.name in (red)'].map(selector => fielded(shared, selector)),
    ...['type=example.com/a', 'type!=example.com/a', 'data.k=x'].map(selector => fielded('/api/v1/namespaces/{table}/secrets', selector)),
    ...['status.phase=Pending', 'status.phase!=Pending', 'spec.nodeName=', 'spec.restartPolicy=Never', 'spec.schedulerName=default-scheduler', 'spec.serviceAccountName=', 'status.podIP=', 'spec.hostNetwork=false', 'status.reason=x'].map(selector => fielded('/api/v1/namespaces/{table}/pods', selector)),
    ...['spec.mode=on', 'spec.mode=off', 'spec.size=5', 'spec.size!=5', 'spec.name=x', 'metadata.name=on', 'status.phase=Good'].map(selector => fielded(widgets, selector)),
    row('both selectors', FIELDS, get(`${shared}?labelSelector=n&fieldSelector=${encodeURIComponent('metadata.name!=red')}`, { show: namesOf })),
    row('a list, whole', VERSIONS, get(shared, { show: ({ items, ...rest }) => ({ ...rest, first: (items as JsonObject[])[0]! }) })),
    row('a list of custom resources, whole', VERSIONS, get(widgets)),
    row('an empty list', VERSIONS, post('configmaps', configMap('a')), del('configmaps/a'), get('configmaps')),
    row('a list of all namespaces', VERSIONS, get(`/api/v1/configmaps${query('labelSelector', 'colour=red')}`, { show: namesOf })),
    row('limit', CHUNKS, get(`${shared}?limit=2`, { show: page })),
    row('limit with a selector tells no remaining count', CHUNKS, get(`${shared}?limit=1&labelSelector=n`, { show: page })),
    row('limit of all', CHUNKS, get(`${shared}?limit=5`, { show: page })),
    row('limit above all', CHUNKS, get(`${shared}?limit=50`, { show: page })),
    row('limit 0', CHUNKS, get(`${shared}?limit=0`, { show: page })),
    row('limit below 0', CHUNKS, get(`${shared}?limit=-1`, { show: page })),
    row('limit that is no number', CHUNKS, get(`${shared}?limit=x`)),
    row('limit of custom resources', CHUNKS, get(`${widgets}?limit=1`, { show: page })),
    row('the next pages', CHUNKS, get(`${shared}?limit=2`, { show: page, save: { c: 'metadata.continue' } }), get(`${shared}?limit=2&continue={c}`, { show: page, save: { c: 'metadata.continue' } }), get(`${shared}?limit=2&continue={c}`, { show: page })),
    row('the rest without a limit', CHUNKS, get(`${shared}?limit=2`, { show: page, save: { c: 'metadata.continue' } }), get(`${shared}?continue={c}`, { show: page })),
    row('the next page with a selector', CHUNKS, get(`${shared}?limit=1&labelSelector=n`, { show: page, save: { c: 'metadata.continue' } }), get(`${shared}?limit=5&labelSelector=n&continue={c}`, { show: page })),
    row('a page is of the version of the first', CHUNKS, made('a', 'b', 'c'), get('configmaps?limit=1', { show: page, save: { c: 'metadata.continue' } }), silent(post('configmaps', configMap('d'))), silent(del('configmaps/c')), get('configmaps?continue={c}', { show: page })),
    row('continue with a resourceVersion', CHUNKS, silent(get(`${shared}?limit=2`, { save: { c: 'metadata.continue' } })), get(`${shared}?continue={c}&resourceVersion=5`)),
    row('continue with resourceVersion 0', CHUNKS, silent(get(`${shared}?limit=2`, { save: { c: 'metadata.continue' } })), get(`${shared}?continue={c}&resourceVersion=0`, { show: namesOf })),
    row('continue with resourceVersionMatch', CHUNKS, silent(get(`${shared}?limit=2`, { save: { c: 'metadata.continue' } })), get(`${shared}?continue={c}&resourceVersionMatch=Exact`)),
    row('continue that is none', CHUNKS, get(`${shared}?limit=2&continue=abc`)),
    row('continue after a compaction', CHUNKS, made('a', 'b'), silent(get('configmaps?limit=1', { save: { c: 'metadata.continue' } })), made('c'), compact, made('d'), get('configmaps?limit=1&continue={c}', { show: page })),
    row('list at a version: Exact', VERSIONS, made('a'), version('v'), made('b'), get('configmaps?resourceVersion={v}&resourceVersionMatch=Exact', { show: namesOf })),
    row('list at a version: NotOlderThan', VERSIONS, made('a'), version('v'), made('b'), get('configmaps?resourceVersion={v}&resourceVersionMatch=NotOlderThan', { until: body => (body['items'] as unknown[] | undefined)?.length === 2, show: namesOf })),
    row('list at a version with a limit', VERSIONS, made('a', 'b'), version('v'), made('c'), get('configmaps?resourceVersion={v}&resourceVersionMatch=Exact&limit=1', { show: page })),
    row('list at version 0', VERSIONS, made('a'), get('configmaps?resourceVersion=0', { until: body => (body['items'] as unknown[] | undefined)?.length === 1, show: namesOf })),
    row('list Exact at version 0', VERSIONS, get(`${shared}?resourceVersion=0&resourceVersionMatch=Exact`)),
    row('list with a match and no version', VERSIONS, get(`${shared}?resourceVersionMatch=Exact`)),
    row('list with a match that is none', VERSIONS, get(`${shared}?resourceVersion=1&resourceVersionMatch=Nearly`)),
    row('list at a version that is no number', VERSIONS, get(`${shared}?resourceVersion=abc`)),
    row('list at a compacted version', VERSIONS, made('a'), version('v'), made('b'), compact, made('c'), get('configmaps?resourceVersion={v}&resourceVersionMatch=Exact')),
    row('list Exact shows deleted objects of that time', VERSIONS, made('a', 'b'), version('v'), silent(del('configmaps/a')), silent(mergePatch('configmaps/b', { data: { k: 'v' } })), get('configmaps?resourceVersion={v}&resourceVersionMatch=Exact', { show: ({ items }) => (items as JsonObject[]).map(item => [(item['metadata'] as JsonObject)['name']!, item['data'] ?? null]) })),
    row('get at version 0', VERSIONS, made('a'), get('configmaps/a?resourceVersion=0', { until: (_, status) => status === 200, show: () => null })),
    row('get at a version that is no number', VERSIONS, made('a'), get('configmaps/a?resourceVersion=abc', { show: () => null })),
    row('sendInitialEvents without a watch', VERSIONS, get(`${shared}?sendInitialEvents=true&resourceVersionMatch=NotOlderThan`)),
  ],
}
