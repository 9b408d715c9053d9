import type { KubeObject } from './objects.ts'
import { driftOf } from './ownership.ts'

type Edit = (object: KubeObject) => unknown

const managed = (fieldsV1: Record<string, unknown>) => [{ manager: 'me', operation: 'Apply' as const, fieldsV1 }]
const container = { name: 'app', image: 'a:1', ports: [{ containerPort: 8080 }] }
const desired = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'x', labels: { a: 'b' } },
  spec: { template: { spec: { containers: [container] } } },
}
const fields = {
  'f:metadata': { 'f:labels': { 'f:a': {} } },
  'f:spec': {
    'f:template': {
      'f:spec': {
        'f:containers': {
          'k:{"name":"app"}': {
            '.': {},
            'f:name': {},
            'f:image': {},
            'f:ports': { 'k:{"containerPort":8080,"protocol":"TCP"}': { 'f:containerPort': {} } },
          },
        },
      },
    },
  },
}
const live = (edit: Edit = () => {}) => {
  const object = structuredClone({
    ...desired,
    metadata: { ...desired.metadata, uid: 'u', labels: { a: 'b', foreign: 'yes' }, managedFields: managed(fields) },
    spec: {
      replicas: 1,
      template: {
        spec: {
          dnsPolicy: 'ClusterFirst',
          containers: [{ name: 'sidecar' }, { ...container, imagePullPolicy: 'Always' }],
        },
      },
    },
  })
  edit(object)
  return object
}

test('defaults and fields of other managers are not drift', () => {
  expect(driftOf(desired, live(), 'me')).toEqual([])
})

test.each([
  [
    'a changed field',
    (o: KubeObject) => (o.spec.template.spec.containers[1].image = 'evil'),
    ['spec.template.spec.containers[name=app].image'],
  ],
  ['a removed label', (o: KubeObject) => delete o.metadata.labels!['a'], ['metadata.labels.a']],
  [
    'a removed list item',
    (o: KubeObject) => o.spec.template.spec.containers.pop(),
    ['spec.template.spec.containers[name=app]'],
  ],
  [
    'a field we own and no longer want',
    (o: KubeObject) =>
      ((o.metadata.managedFields![0]!.fieldsV1!['f:spec'] as Record<string, unknown>)['f:paused'] = {}),
    ['/f:spec/f:paused'],
  ],
  [
    'an object that was never applied by us',
    (o: KubeObject) => (o.metadata.managedFields = []),
    ['metadata.managedFields'],
  ],
])('%s is drift', (_name, edit, expected) => {
  expect(driftOf(desired, live(edit), 'me')).toEqual(expected)
})
