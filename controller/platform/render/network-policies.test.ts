import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { load } from 'js-yaml'
import type { PlatformSpec } from '../../../src/contracts/generated/platform.ts'
import { SERVICES } from '../../../src/contracts/topology.ts'
import { expectGolden } from '../../../test/support/golden.ts'
import { platformOf, SETTINGS, settledFacts } from '../../../test/support/platforms.ts'
import { type Endpoint, reachability } from '../../../test/support/reachability.ts'
import { anySpec } from '../../../test/support/specs.ts'
import type { KubeObject } from '../../kube/objects.ts'
import { effectiveSpec } from '../effective.ts'
import { render } from './index.ts'

const everything = load(readFileSync(join(import.meta.dirname, '../../../examples/everything.yaml'), 'utf8')) as {
  spec: PlatformSpec
}

const rendered = (spec: Partial<PlatformSpec>, facts = settledFacts()): KubeObject[] => {
  const platform = platformOf(spec)
  const effective = effectiveSpec(platform, '0.1.0')
  return render({ platform, effective, facts, settings: SETTINGS }).map(({ object }) => object)
}
const policiesOf = (objects: KubeObject[]): KubeObject[] => objects.filter(({ kind }) => kind === 'NetworkPolicy')

/** The pods there would be, with the labels their templates give them, and everybody they may or may not meet. */
function world(objects: KubeObject[]): Endpoint[] {
  const pods = objects
    .filter(({ kind }) => kind === 'Deployment' || kind === 'Job')
    .map(({ kind, metadata, spec }) => ({
      name: kind === 'Job' ? 'migrations' : metadata.name.replace('todo-', ''),
      namespace: 'todo',
      labels: spec.template.metadata.labels,
    }))
  const kafka = (cluster: string) => ({ 'strimzi.io/cluster': cluster, 'strimzi.io/kind': 'Kafka' })
  return [
    ...pods,
    { name: 'kafka', namespace: 'todo', labels: kafka('todo') },
    { name: 'shared kafka', namespace: 'kafka', labels: kafka('shared') },
    { name: 'zookeeper of kafka', namespace: 'todo', labels: { 'strimzi.io/cluster': 'todo' } },
    { name: 'database', namespace: 'todo', labels: { 'cnpg.io/cluster': 'todo-db' } },
    { name: 'database of others', namespace: 'todo', labels: { 'cnpg.io/cluster': 'other' } },
    ...['sentry', 'operator', 'placement-server', 'scheduler-server', 'sidecar-injector'].map(part => ({
      name: `dapr-${part}`,
      namespace: 'dapr-system',
      labels: { app: `dapr-${part}` },
    })),
    { name: 'a pod that says it is dapr-sentry', namespace: 'todo', labels: { app: 'dapr-sentry' } },
    { name: 'kube-dns', namespace: 'kube-system', labels: { 'k8s-app': 'kube-dns' } },
    { name: 'node-local dns', ip: '169.254.20.10' },
    { name: 'cloud metadata', ip: '169.254.169.254' },
    { name: 'gateway', namespace: 'gateways', labels: { app: 'envoy' } },
    { name: 'prometheus', namespace: 'monitoring', labels: { 'app.kubernetes.io/name': 'prometheus' } },
    { name: 'otel', namespace: 'observability', labels: { app: 'otel' } },
    { name: 'operator', namespace: 'todo', labels: { 'app.kubernetes.io/instance': 'todo' } },
    {
      name: 'our operator',
      namespace: 'todo-system',
      labels: {
        'app.kubernetes.io/name': 'todo-event-platform',
        'app.kubernetes.io/instance': 'anything',
        'app.kubernetes.io/component': 'controller',
      },
    },
    { name: 'pg', namespace: 'databases', labels: { app: 'pg' } },
    { name: 'stranger', namespace: 'todo', labels: { app: 'stranger' } },
    { name: 'stranger elsewhere', namespace: 'default', labels: { app: 'stranger' } },
    { name: 'internet', ip: '203.0.113.7' },
  ]
}

const PORTS = [
  [22, 'TCP'],
  [53, 'TCP'],
  [53, 'UDP'],
  [443, 'TCP'],
  [465, 'TCP'],
  [3500, 'TCP'],
  [3501, 'TCP'],
  [4317, 'TCP'],
  [5432, 'TCP'],
  [6432, 'TCP'],
  [6500, 'TCP'],
  [8080, 'TCP'],
  [9090, 'TCP'],
  [9093, 'TCP'],
  [50_001, 'TCP'],
  [50_002, 'TCP'],
  [50_005, 'TCP'],
  [50_006, 'TCP'],
] as const

const matrixOf = (spec: Partial<PlatformSpec>, facts = settledFacts()) => {
  const objects = rendered(spec, facts)
  return reachability(policiesOf(objects), world(objects), PORTS)
}

test.each([
  ['development', { networkPolicy: { enabled: true } }, settledFacts()],
  ['everything', everything.spec, settledFacts({ addresses: { smtp: 'smtp.example.com:465' } })],
  [
    'others',
    {
      profile: 'Production',
      kafka: { strimzi: { clusterRef: { name: 'shared', namespace: 'kafka' } } },
      database: { secretRef: { name: 'db', key: 'uri' } },
      auth: { issuer: 'https://id.example.com' },
      ingress: { host: 'todo.example.com' },
    },
    settledFacts({ addresses: { database: 'pg.databases.svc:6432' } }),
  ],
] as [string, Partial<PlatformSpec>, ReturnType<typeof settledFacts>][])(
  'who reaches whom on the platform %s is what the golden file says',
  (name, spec, facts) => {
    expectGolden(join(import.meta.dirname, `golden/reachability-${name}.golden.yaml`), [matrixOf(spec, facts)])
  },
)

test('for any spec: strangers reach nothing but the way in, and no pod reaches strangers by its own right', () => {
  fc.assert(
    fc.property(anySpec, spec => {
      const matrix = matrixOf({ ...spec, networkPolicy: { enabled: true } })
      const open = spec.ingress && spec.services?.['web']?.enabled !== false ? { web: '8080' } : undefined
      for (const stranger of ['stranger', 'stranger elsewhere', 'operator', 'database', 'internet'])
        expect([stranger, matrix[stranger]]).toEqual([stranger, open])
      for (const { service } of SERVICES)
        for (const ports of Object.values(matrix[service] ?? {})) expect(ports.split(' ')).not.toContain('22')
    }),
    { numRuns: 20 },
  )
})

test('for any spec: what each part needs to do its work is open', () => {
  fc.assert(
    fc.property(anySpec, spec => {
      const objects = rendered({ ...spec, networkPolicy: { enabled: true } })
      const matrix = reachability(policiesOf(objects), world(objects), PORTS)
      const database = spec.database?.cloudnativepg ? 'database' : 'internet'
      const kafka = spec.kafka?.strimzi?.clusterRef ? 'shared kafka' : 'kafka'
      for (const { kind, metadata, spec: own } of objects) {
        if (kind !== 'Deployment') continue
        const service = metadata.name.replace('todo-', '')
        const row = matrix[service] ?? {}
        expect(row['kube-dns']).toMatch(/^53 53\/UDP/)
        if (own.template.metadata.annotations['dapr.io/enabled']) {
          expect(row[kafka]?.split(' ')).toContain('9093')
          expect(row['dapr-sentry']?.split(' ')).toContain('50001')
        }
        if (JSON.stringify(own).includes('DATABASE_URL')) expect(row[database]?.split(' ')).toContain('5432')
        if (service !== 'web') expect(matrix['our operator']?.[service]).toBe('8080')
        if (service !== 'web' && matrix['web']) expect(matrix['web'][service]?.split(' ')).toContain('8080')
      }
      expect(matrix['migrations']?.[database]?.split(' ')).toContain('5432')
    }),
    { numRuns: 20 },
  )
})

test('switched off, nothing is closed', () => {
  expect(policiesOf(rendered({ profile: 'Production', networkPolicy: { enabled: false } }))).toEqual([])
  expect(policiesOf(rendered({}))).toEqual([])
  expect(policiesOf(rendered({ profile: 'Production' })).length).toBeGreaterThan(5)
})
