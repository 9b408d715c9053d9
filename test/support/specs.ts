import fc from 'fast-check'
import type { PlatformSpec } from '../../src/contracts/generated/platform.ts'
import { SERVICE_KEYS } from '../../src/contracts/platform/schema.ts'

const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined })
const amounts = fc.record(
  { cpu: fc.constantFrom('50m', '1', 2), memory: fc.constantFrom('64Mi', '1Gi') },
  { requiredKeys: [] },
)

const service = fc.record(
  {
    enabled: fc.boolean(),
    replicas: fc.nat(9),
    autoscaling: fc
      .record({ min: fc.integer({ min: 1, max: 4 }), more: fc.nat(20), lagThreshold: fc.integer({ min: 1, max: 500 }) })
      .map(({ min, more, lagThreshold }) => ({ min, max: min + more, lagThreshold })),
    resources: fc.record({ requests: amounts, limits: amounts }, { requiredKeys: [] }),
    logLevel: fc.constantFrom('debug', 'info'),
  },
  { requiredKeys: [] },
)

const key = fc.constantFrom(
  'team',
  'app.kubernetes.io/component',
  'todo.events/platform',
  'dapr.io/sidecar-image',
  'container.apparmor.security.beta.kubernetes.io/backend',
  'example.com/note',
)

/** Any spec, sensible or not, as far as the schema lets it through, and a little farther. */
export const anySpec: fc.Arbitrary<Partial<PlatformSpec>> = fc
  .record({
    profile: fc.constantFrom('Development', 'Production'),
    services: maybe(fc.record(Object.fromEntries(SERVICE_KEYS.map(name => [name, service])), { requiredKeys: [] })),
    kafka: fc.constantFrom(
      { strimzi: {} },
      { prefix: 'shop.', strimzi: { clusterRef: { name: 'shared', namespace: 'kafka' } } },
    ),
    topics: maybe(fc.integer({ min: 1, max: 30 }).map(partitions => [{ name: 'task-events', partitions }])),
    database: fc.constantFrom({ cloudnativepg: {} }, { secretRef: { name: 'db', key: 'uri' } }),
    podTemplate: maybe(
      fc.record(
        {
          labels: fc.dictionary(key, fc.constantFrom('a', 'unconfined')),
          annotations: fc.dictionary(key, fc.constantFrom('a', 'unconfined')),
          nodeSelector: fc.constant({ disk: 'ssd' }),
          priorityClassName: fc.constant('high'),
        },
        { requiredKeys: [] },
      ),
    ),
    ingress: maybe(fc.constantFrom({ host: 'todo.example.com' }, { gatewayRef: { name: 'public' } })),
    networkPolicy: maybe(fc.record({ enabled: fc.boolean() })),
    monitoring: maybe(fc.record({ enabled: fc.boolean() })),
  })
  .map(spec => JSON.parse(JSON.stringify(spec)) as Partial<PlatformSpec>)
