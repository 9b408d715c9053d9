import { get, type JsonObject, mergePatch, post, put, type Row, row, silent, specOf, type Table } from '../row.ts'

const LEASES = 'Leases; kubernetes/pkg/apis/coordination/validation'
const TIME = 'apimachinery/pkg/apis/meta/v1/micro_time.go'
const EVENTS = 'Event v1; kubernetes/pkg/apis/core/validation/events.go'
const lease = (spec: JsonObject, metadata: JsonObject = {}) => ({
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  metadata: { name: 'a', ...metadata },
  spec,
})
const times = (name: string, renewTime: unknown): Row =>
  row(`MicroTime: ${name}`, TIME, post('leases', lease({ renewTime: renewTime as string }), { show: specOf }))
const rule = (name: string, spec: JsonObject): Row =>
  row(`a Lease: ${name}`, LEASES, post('leases', lease(spec), { show: specOf }))
const event = (more: JsonObject = {}) => ({
  apiVersion: 'v1',
  kind: 'Event',
  metadata: { name: 'e' },
  involvedObject: { kind: 'Pod', name: 'p', namespace: '{ns}' },
  reason: 'Made',
  message: 'was made',
  type: 'Normal',
  ...more,
})
const fresh = (more: JsonObject = {}) => ({
  apiVersion: 'events.k8s.io/v1',
  kind: 'Event',
  metadata: { name: 'e' },
  regarding: { kind: 'Pod', name: 'p', namespace: '{ns}' },
  eventTime: '2001-01-01T00:00:00.000000Z',
  reason: 'Made',
  note: 'was made',
  type: 'Normal',
  action: 'Make',
  reportingController: 'example.com/c',
  reportingInstance: 'c-1',
  ...more,
})

// biome-ignore format: a table is read row by row
export const leases: Table = {
  name: 'leases-events',
  rows: [
    times('six digits', '2001-01-01T00:00:00.123456Z'), times('three digits', '2001-01-01T00:00:00.123Z'), times('nine digits', '2001-01-01T00:00:00.123456789Z'), times('none', '2001-01-01T00:00:00Z'), times('an offset', '2001-01-01T02:00:00.5+02:00'), times('no zone', '2001-01-01T00:00:00.123456'), times('a word', 'soon'), times('a number', 5), times('null', null),
    rule('whole', { holderIdentity: 'me', leaseDurationSeconds: 15, acquireTime: '2001-01-01T00:00:00.000000Z', renewTime: '2001-01-01T00:00:01.000000Z', leaseTransitions: 0 }), rule('no duration', { leaseDurationSeconds: 0 }), rule('a duration below 0', { leaseDurationSeconds: -1 }), rule('transitions below 0', { leaseTransitions: -1 }), rule('an empty holder', { holderIdentity: '' }), rule('a strategy without a holder', { strategy: 'OldestEmulationVersion' }), rule('nothing', {}),
    row('a Lease without a spec', LEASES, post('leases', { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'a' } })),
    row('a Lease taken by PUT with its version', LEASES, silent(post('leases', lease({ holderIdentity: 'me' }), { save: { v: 'metadata.resourceVersion' } })), put('leases/a', lease({ holderIdentity: 'you' }, { resourceVersion: '{v}' })), put('leases/a', lease({ holderIdentity: 'they' }, { resourceVersion: '{v}' }))),
    row('metav1.Time loses its fraction', 'apimachinery/pkg/apis/meta/v1/time.go', post('events', event({ firstTimestamp: '2001-01-01T00:00:00.999Z', lastTimestamp: '2001-01-01T02:00:00+02:00' }), { show: ({ firstTimestamp, lastTimestamp }) => [firstTimestamp!, lastTimestamp!] })),
    row('an Event', EVENTS, post('events', event())),
    row('an Event through the other group', EVENTS, silent(post('events', event())), get('events.events.k8s.io/e')),
    row('an Event of the newer group', EVENTS, post('events.events.k8s.io', fresh()), get('events/e')),
    row('an Event of the newer group without its fields', EVENTS, post('events.events.k8s.io', { apiVersion: 'events.k8s.io/v1', kind: 'Event', metadata: { name: 'e' }, regarding: { kind: 'Pod', name: 'p', namespace: '{ns}' }, reason: 'R', type: 'Normal' })),
    row('an Event of the newer group with a type that is none', EVENTS, post('events.events.k8s.io', fresh({ type: 'Sad' }))),
    row('an Event of the newer group with a long note', EVENTS, post('events.events.k8s.io', fresh({ note: 'x'.repeat(1025) }))),
    row('an Event about another namespace', EVENTS, post('events', event({ involvedObject: { kind: 'Pod', name: 'p', namespace: 'other' } }))),
    row('an Event about something of the cluster', EVENTS, post('/api/v1/namespaces/{ns}/events', event({ involvedObject: { kind: 'Node', name: 'n' } }))),
    row('an Event with a count', EVENTS, silent(post('events', event({ count: 1, source: { component: 'c', host: 'h' } }))), mergePatch('events/e', { count: 2, lastTimestamp: '2001-01-01T00:00:00Z' })),
    row('Events by field', EVENTS, silent(post('events', event())), get('events?fieldSelector=involvedObject.name%3Dp,reason%3DMade,type%3DNormal', { show: ({ items }) => (items as []).length }), get('events?fieldSelector=involvedObject.name%3Dq', { show: ({ items }) => (items as []).length }), get('events?fieldSelector=regarding.name%3Dp')),
    row('Events of the newer group by field', EVENTS, silent(post('events', event())), get('events.events.k8s.io?fieldSelector=regarding.name%3Dp', { show: ({ items }) => (items as []).length })),
  ],
}
