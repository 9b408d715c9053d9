/** Whatever is sent, the answer is an object or a Status that blames the request, never a crash. */
import { jest } from '@jest/globals'
import fc from 'fast-check'
import type { KubeApi } from '../index.ts'
import { deployment, memoryApi, patchType, request, widget, widgetDefinition } from '../test-support.ts'

let api: KubeApi
beforeAll(async () => {
  // A defect is also written to stderr; the assertion below is what reports it.
  jest.spyOn(process.stderr, 'write').mockReturnValue(true)
  api = await memoryApi()
  const list = {
    type: 'array',
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['id'],
    items: { type: 'object', required: ['id'], properties: { id: { type: 'string' } } },
  }
  const rules = [{ rule: '!has(self.list) || self.list.all(x, size(x.id) > 0)' }]
  await api.client.create(
    widgetDefinition({
      type: 'object',
      properties: {
        list,
        size: { type: 'integer' },
        free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
      },
      'x-kubernetes-validations': rules,
    } as never),
  )
  await api.client.create(deployment('web'))
  await api.client.create(widget('w', { list: [{ id: 'a' }] }))
})
afterAll(() => {
  api.close()
  jest.restoreAllMocks()
})

/** Puts a random value somewhere into a valid object. */
const mutated = (base: object) =>
  fc.tuple(fc.nat(), fc.jsonValue()).map(([position, value]) => {
    const copy = structuredClone(base) as Record<string, unknown>
    const places: [Record<string, unknown>, string][] = []
    const visit = (node: unknown) => {
      if (typeof node !== 'object' || node === null) return
      for (const key of Object.keys(node)) {
        places.push([node as Record<string, unknown>, key])
        visit((node as Record<string, unknown>)[key])
      }
    }
    visit(copy)
    const [parent, key] = places[position % places.length]!
    parent[key] = value
    return copy
  })

const full = deployment('web', {
  template: {
    metadata: { labels: { app: 'web' }, annotations: { a: 'b' } },
    spec: {
      volumes: [{ name: 'v', emptyDir: {} }],
      containers: [
        {
          name: 'main',
          image: 'x',
          ports: [{ containerPort: 1 }],
          env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'x' } } }],
          volumeMounts: [{ name: 'v', mountPath: '/' }],
          resources: { limits: { cpu: '1' } },
        },
      ],
    },
  },
})
full.metadata = {
  ...full.metadata,
  labels: { a: 'b' },
  finalizers: ['a.b/c'],
  ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'u' }],
  managedFields: [{ manager: 'm', operation: 'Apply', fieldsV1: { 'f:spec': {} } }],
} as never
const definition = widgetDefinition({
  type: 'object',
  properties: { a: { type: 'array', items: { type: 'string' } } },
  'x-kubernetes-validations': [{ rule: 'true' }],
} as never)
const service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 's', namespace: 'default' },
  spec: { selector: { a: 'b' }, ports: [{ port: 1, targetPort: 'x' }] },
}

const deployments = '/apis/apps/v1/namespaces/default/deployments'
const widgets = '/apis/example.com/v1/namespaces/default/widgets'
const bodies = fc.oneof(
  fc.jsonValue(),
  mutated(full),
  mutated(definition),
  mutated(widget('w', { list: [{ id: 'a' }], size: 1, free: { x: [1] } })),
  mutated(service),
)
const calls: [string, string, Record<string, string>][] = [
  ['POST', `${deployments}?dryRun=All`, {}],
  ['PUT', `${deployments}/web?dryRun=All`, {}],
  ['PATCH', `${deployments}/web?dryRun=All`, patchType.merge],
  ['PATCH', `${deployments}/web?dryRun=All`, patchType.strategic],
  ['PATCH', `${deployments}/web?dryRun=All`, patchType.json],
  ['PATCH', `${deployments}/web?dryRun=All&fieldManager=f&force=true`, patchType.apply],
  ['PATCH', `${deployments}/web/status?dryRun=All`, patchType.merge],
  ['PATCH', `${deployments}/web/scale?dryRun=All`, patchType.merge],
  ['POST', `${widgets}?dryRun=All`, {}],
  ['PATCH', `${widgets}/w?dryRun=All&fieldManager=f&force=true`, patchType.apply],
  ['PATCH', `${widgets}/w?dryRun=All`, patchType.merge],
  ['POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions?dryRun=All', {}],
  ['PATCH', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.example.com?dryRun=All', patchType.merge],
  ['POST', '/api/v1/namespaces/default/services?dryRun=All', {}],
  ['DELETE', `${deployments}/web?dryRun=All`, {}],
]

test.each(calls)('%s %s %j', async (method, url, headers) => {
  await fc.assert(
    fc.asyncProperty(bodies, async body => {
      const { status, body: answer } = await request(api, method, url, body, headers)
      expect(answer.reason === 'InternalError' ? answer.message : '').toBe('')
      if (status >= 400) expect(answer).toMatchObject({ kind: 'Status', status: 'Failure', code: status })
    }),
    { numRuns: 250 },
  )
})

test('any path and query', async () => {
  const part = fc.oneof(
    fc.constantFrom(
      'api',
      'apis',
      'v1',
      'apps',
      'namespaces',
      'default',
      'pods',
      'deployments',
      'web',
      'status',
      'scale',
      'log',
    ),
    fc.string(),
  )
  const query = fc.dictionary(
    fc.constantFrom(
      'watch',
      'limit',
      'continue',
      'labelSelector',
      'fieldSelector',
      'resourceVersion',
      'resourceVersionMatch',
      'dryRun',
      'force',
      'timeoutSeconds',
    ),
    fc.string(),
  )
  await fc.assert(
    fc.asyncProperty(
      fc.array(part, { maxLength: 7 }),
      query,
      fc.constantFrom('GET', 'POST', 'DELETE', 'PUT', 'OPTIONS'),
      async (parts, parameters, method) => {
        const url = `/${parts.map(encodeURIComponent).join('/')}?${new URLSearchParams({ ...parameters, dryRun: 'All' })}`
        const response = await api.handle({ method, url })
        if (response.kind === 'object' && response.status >= 400)
          expect((response.body as { reason: string; message: string }).reason).not.toBe('InternalError')
      },
    ),
    { numRuns: 500 },
  )
})
