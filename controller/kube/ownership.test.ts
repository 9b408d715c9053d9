import fc from 'fast-check'
import type { KubeObject } from './objects.ts'
import { type Drift, driftOf, leaving, ownedFields, valueAt } from './ownership.ts'

type Edit = (object: KubeObject) => unknown

const container = { name: 'app', image: 'a:1', ports: [{ containerPort: 8080 }] }
const desired: KubeObject = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'x', labels: { 'a.b/c': 'd' }, finalizers: ['ours'] },
  spec: {
    template: {
      spec: { containers: [container], nodeSelector: { zone: 'a' } },
      metadata: { annotations: { ca: 'long '.repeat(50) } },
    },
  },
}
const fields = {
  'f:metadata': { 'f:labels': { 'f:a.b/c': {} }, 'f:finalizers': { 'v:"ours"': {} } },
  'f:spec': {
    'f:template': {
      'f:metadata': { 'f:annotations': { 'f:ca': {} } },
      'f:spec': {
        'f:nodeSelector': {},
        'f:containers': {
          'k:{"name":"app"}': {
            '.': {},
            'f:name': {},
            'f:image': {},
            'f:ports': { 'k:{"containerPort":8080,"protocol":"TCP"}': { '.': {}, 'f:containerPort': {} } },
          },
        },
      },
    },
  },
}
const live = (edit: Edit = () => {}): KubeObject => {
  const object: KubeObject = structuredClone({
    ...desired,
    metadata: {
      ...desired.metadata,
      uid: 'u',
      labels: { ...desired.metadata.labels, foreign: 'yes' },
      finalizers: ['others', 'ours'],
      managedFields: [{ manager: 'me', operation: 'Apply', fieldsV1: fields }],
    },
  })
  object['spec'] = {
    replicas: 1,
    template: {
      ...object['spec'].template,
      spec: {
        dnsPolicy: 'ClusterFirst',
        nodeSelector: { zone: 'a' },
        containers: [{ name: 'sidecar' }, { ...structuredClone(container), imagePullPolicy: 'Always' }],
      },
    },
  }
  edit(object)
  return object
}
/** Through text, as a cache keeps it. */
const drift = (object: KubeObject): Drift[] => {
  const owned = ownedFields(object, 'me')
  return driftOf(desired, owned && JSON.parse(JSON.stringify(owned)))
}
const paths = (object: KubeObject): string[] => drift(object).map(({ path }) => path)
const ours = (object: KubeObject): Record<string, Record<string, unknown>> =>
  object.metadata.managedFields![0]!.fieldsV1 as never

test('defaults and fields of other managers are not drift', () => {
  expect(paths(live())).toEqual([])
})

test('what a server leaves out of a value that is owned as a whole, because it is empty, is no drift', () => {
  const tolerations = (...entries: object[]): KubeObject =>
    ({ ...desired, spec: { template: { spec: { tolerations: entries } } } }) as KubeObject
  const stored: KubeObject = {
    ...tolerations({ key: 'gpu', operator: 'Exists' }),
    metadata: {
      name: 'x',
      managedFields: [
        {
          manager: 'me',
          operation: 'Apply',
          fieldsV1: { 'f:spec': { 'f:template': { 'f:spec': { 'f:tolerations': {} } } } },
        },
      ],
    },
  }
  const drifts = (wanted: KubeObject): string[] =>
    driftOf({ ...wanted, metadata: { name: 'x' } }, ownedFields(stored, 'me')).map(({ path }) => path)
  expect(drifts(tolerations({ key: 'gpu', operator: 'Exists', value: '', effect: '' }))).toEqual([])
  expect(drifts(tolerations({ key: 'gpu', operator: 'Exists', value: 'a100' }))).toEqual([
    'spec.template.spec.tolerations',
  ])
})

test.each<[string, Edit, string[]]>([
  [
    'a changed field',
    o => (o['spec'].template.spec.containers[1].image = 'evil'),
    ['spec.template.spec.containers[name=app].image'],
  ],
  [
    'a changed long text',
    o => (o['spec'].template.metadata.annotations.ca += '!'),
    ['spec.template.metadata.annotations.ca'],
  ],
  [
    'a changed value that is owned as a whole',
    o => (o['spec'].template.spec.nodeSelector.zone = 'b'),
    ['spec.template.spec.nodeSelector'],
  ],
  ['a removed label', o => delete o.metadata.labels!['a.b/c'], ['metadata.labels.a.b/c']],
  ['a removed item of a set', o => o.metadata.finalizers!.pop(), ['metadata.finalizers[=ours]']],
  ['a removed list item', o => o['spec'].template.spec.containers.pop(), ['spec.template.spec.containers[name=app]']],
  ['a field that another took over', o => delete ours(o)['f:metadata']!['f:labels'], ['metadata.labels.a.b/c']],
  [
    'a field we own and no longer want',
    o => {
      ours(o)['f:spec']!['f:paused'] = {}
      o['spec'].paused = true
    },
    ['spec.paused'],
  ],
  [
    'an object that was never applied by us',
    o => (o.metadata.managedFields = []),
    [
      'spec.template.spec.containers',
      'spec.template.spec.nodeSelector.zone',
      'spec.template.metadata.annotations.ca',
      'metadata.labels.a.b/c',
      'metadata.finalizers',
    ],
  ],
])('%s is drift', (_name, edit, expected) => {
  expect(paths(live(edit))).toEqual(expected)
})

test('any value in place of any owned leaf is drift at exactly that leaf', () => {
  const leaves: [string, (o: KubeObject, value: unknown) => void, unknown][] = [
    ['metadata.labels.a.b/c', (o, value) => (o.metadata.labels!['a.b/c'] = value as string), 'd'],
    [
      'spec.template.metadata.annotations.ca',
      (o, value) => (o['spec'].template.metadata.annotations.ca = value),
      'long '.repeat(50),
    ],
    [
      'spec.template.spec.containers[name=app].image',
      (o, value) => (o['spec'].template.spec.containers[1].image = value),
      'a:1',
    ],
  ]
  fc.assert(
    fc.property(fc.constantFrom(...leaves), fc.jsonValue(), ([path, set, original], value) => {
      fc.pre(value !== original)
      expect(paths(live(o => set(o, value)))).toEqual([path])
    }),
  )
})

test('a field that is left to others says what is live, whatever kind of step leads to it', () => {
  const changed = live(o => {
    o['spec'].template.spec.containers[1].image = 'theirs'
    o['spec'].template.spec.containers[1].ports = []
    o.metadata.labels = { foreign: 'yes' }
    o.metadata.finalizers = ['others']
  })
  const left = leaving(desired, changed, drift(changed))
  expect(left.metadata.labels).toEqual({})
  expect(left.metadata.finalizers).toEqual([])
  expect(left['spec'].template.spec.containers).toEqual([{ name: 'app', image: 'theirs', ports: [] }])
  expect(desired['spec'].template.spec.containers[0].image).toBe('a:1')
  for (const field of drift(changed)) expect(valueAt(left, field)).toEqual(valueAt(changed, field))
})
