import { kinds } from '../../../../src/local/kube-api/kinds/table.ts'
import { del, get, type Json, type JsonObject, post, type Row, row, type Table } from '../row.ts'

const RULE = 'API concepts, "API groups and versioning"; client-go/discovery'

const entriesOf = (plural: string, body: JsonObject): Json =>
  ((body['resources'] as JsonObject[]) ?? [])
    .filter(each => [plural, `${plural}/status`, `${plural}/scale`, `${plural}/log`].includes(each['name'] as string))
    // A hash of the stored version, opaque to clients.
    .map(({ storageVersionHash: _, ...entry }) => entry)

const groupPath = (group: string, version: string) => (group ? `/apis/${group}/${version}` : `/api/${version}`)

const builtIns: Row[] = kinds.map(({ group, version, plural }) =>
  row(
    `resources of ${groupPath(group, version)}: ${plural}`,
    RULE,
    get(groupPath(group, version), { show: body => entriesOf(plural, body) }),
  ),
)

const groups = [...new Set(kinds.map(kind => kind.group))].filter(group => group !== '')

/** The entry of one group; its other versions are not served here. */
const groupOf =
  (name: string) =>
  (body: JsonObject): Json =>
    ((body['groups'] as JsonObject[]) ?? [])
      .filter(each => each['name'] === name)
      .map(({ versions, preferredVersion, ...each }) => ({
        ...each,
        preferredVersion: preferredVersion ?? null,
        versions: (versions as JsonObject[]).filter(({ version }) =>
          kinds.some(kind => kind.group === name && kind.version === version),
        ),
      }))

const aggregatedAccept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'

/** One resource of aggregated discovery. */
const aggregatedOf =
  (group: string, plural: string) =>
  (body: JsonObject): Json =>
    (body['items'] as JsonObject[])
      .filter(each => ((each['metadata'] as JsonObject)['name'] ?? '') === group)
      .flatMap(each => each['versions'] as JsonObject[])
      .filter(each => each['version'] === 'v1')
      .flatMap(each => each['resources'] as JsonObject[])
      .filter(each => each['resource'] === plural)
      .map(({ subresources, ...each }) => ({
        ...each,
        subresources: ((subresources as JsonObject[] | undefined) ?? []).filter(({ subresource }) =>
          ['status', 'scale'].includes(subresource as string),
        ),
      }))

const aggregated = (
  [
    ['', 'configmaps'],
    ['', 'services'],
    ['', 'namespaces'],
    ['apps', 'deployments'],
    ['apps', 'statefulsets'],
    ['batch', 'jobs'],
    ['coordination.k8s.io', 'leases'],
    ['apiextensions.k8s.io', 'customresourcedefinitions'],
    ['conformance.example.com', 'widgets'],
    ['conformance.example.com', 'gadgets'],
  ] as const
).map(([group, plural]) =>
  row(
    `aggregated discovery of ${plural}${group && `.${group}`}`,
    'API concepts, "Aggregated discovery"; k8s.io/api/apidiscovery/v2',
    get(group ? '/apis' : '/api', {
      headers: { accept: aggregatedAccept },
      show: aggregatedOf(group, plural),
      // Custom resources appear in it some moments after they are served.
      until: body => JSON.stringify(body).includes(`"resource":"${plural}"`),
    }),
  ),
)

// biome-ignore format: a table is read row by row
export const discovery: Table = {
  name: 'discovery',
  rows: [
    ...builtIns,
    ...groups.map(name => row(`group ${name} in /apis`, RULE, get('/apis', { show: groupOf(name) }))),
    ...['apps', 'batch', 'coordination.k8s.io', 'apiextensions.k8s.io', 'conformance.example.com'].map(name =>
      row(`group ${name} by itself`, RULE, get(`/apis/${name}`, { until: (_, status) => status === 200 })),
    ),
    row('versions of the core group', RULE, get('/api', { show: ({ kind, versions }) => ({ kind: kind!, versions: versions! }) })),
    row('resources of a custom group', RULE, get('/apis/conformance.example.com/v1', { show: body => [entriesOf('widgets', body), entriesOf('gadgets', body)] })),
    row('resources of an older custom version', RULE, get('/apis/conformance.example.com/v1beta1', { show: body => entriesOf('widgets', body) })),
    row('a version that is not served', RULE, get('/apis/conformance.example.com/v0')),
    row('a group that is not there', RULE, get('/apis/nothing.example.com')),
    row('a version that is not there', RULE, get('/apis/apps/v9')),
    row('a resource that is not there', RULE, get('/apis/apps/v1/namespaces/{table}/nothings')),
    row('a path that is none', RULE, get('/nothing/here')),
    row('a resource of a namespace that is not there', RULE, get('/apis/apps/v1/namespaces/nowhere/deployments', { show: ({ items }) => items! })),
    row('POST to discovery', RULE, post('/apis', {}, { show: ({ kind }) => kind! })),
    row('POST to a group', RULE, post('/apis/apps', {})),
    row('POST to a version', RULE, post('/apis/apps/v1', {})),
    row('POST to the version of the server', RULE, post('/version', {})),
    row('DELETE of the core version', RULE, del('/api/v1')),
    row('a collection of a group that is not there', RULE, get('/apis/nothing.example.com/v1/things')),
    row('an object of a group that is not there', RULE, get('/apis/nothing.example.com/v1/namespaces/{table}/things/a')),
    row('a group written wrong', RULE, get('/apis/no.such.group')),
    row('OpenAPI v3 of a group that is not there', 'OpenAPI v3, "Kubernetes API"', get('/openapi/v3/apis/nothing.example.com/v1')),
    row('a cluster resource under a namespace', RULE, get('/apis/conformance.example.com/v1/namespaces/{table}/gadgets')),
    row('an object of a namespace without its namespace', RULE, get('/api/v1/configmaps/a')),
    row('livez', 'API health endpoints', get('/livez')),
    row('readyz', 'API health endpoints', get('/readyz')),
    row('healthz', 'API health endpoints', get('/healthz')),
    row('version', 'k8s.io/apimachinery/pkg/version', get('/version', { show: ({ major, minor }) => ({ major: major!, minor: minor! }) })),
    row('OpenAPI v3 lists the groups', 'OpenAPI v3, "Kubernetes API"', get('/openapi/v3', { show: ({ paths }) => ['api/v1', 'apis/apps/v1', 'apis/batch/v1', 'apis/coordination.k8s.io/v1'].map(each => each in (paths as JsonObject)) })),
    ...aggregated,
  ],
}
