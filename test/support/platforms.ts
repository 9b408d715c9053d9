import type { Facts } from '../../controller/platform/facts.ts'
import type { Platform } from '../../controller/platform/platform.ts'
import type { PlatformSpec } from '../../src/contracts/generated/platform.ts'
import { SERVICES } from '../../src/contracts/topology.ts'

/** Platforms and facts for tests of the reconciler's pure parts. */
export const platformOf = (
  spec: Partial<PlatformSpec> = {},
  metadata: Partial<Platform['metadata']> = {},
): Platform => ({
  apiVersion: 'todo.events/v1alpha1',
  kind: 'TodoEventPlatform',
  metadata: {
    name: 'todo',
    namespace: 'todo',
    uid: '00000000-0000-4000-8000-000000000001',
    generation: 1,
    creationTimestamp: '2026-01-01T00:00:00Z',
    ...metadata,
  },
  spec: { profile: 'Development', kafka: { strimzi: {} }, database: { cloudnativepg: {} }, ...spec },
})

export const SETTINGS = {
  version: '0.1.0',
  servicesImage: 'registry.example.com/todo/services',
  url: 'http://todo-event-platform.todo-system.svc:8080',
}

const base64 = (text: string): string => Buffer.from(text).toString('base64')

/** The world when every operator below has done its work. */
export const settledFacts = (facts: Partial<Facts> = {}): Facts => ({
  kafka: {
    bootstrapServers: 'todo-kafka-bootstrap.todo.svc:9093',
    version: '4.3.1',
    caCert: 'PEM',
    credentials: Object.fromEntries(
      SERVICES.map(({ appId }) => [appId, { username: appId, password: `password-of-${appId}` }]),
    ),
    topics: {},
    nodePools: {},
    movesReplicas: false,
    reports: [],
  },
  databaseDigest: 'digest',
  absentKinds: [],
  scales: {},
  autoscalers: [],
  addresses: {},
  generated: {
    'todo-dapr-token': { token: base64('token') },
    'todo-audit-key': { 'jwk.json': base64('{}') },
    'todo-dev-issuer': { 'jwk.json': base64('{}'), 'users.json': base64('[]') },
  },
  ...facts,
})

/** The world before anything is there. */
export const emptyFacts = (): Facts => ({
  kafka: { credentials: {}, topics: {}, nodePools: {}, movesReplicas: false, reports: [] },
  absentKinds: [],
  scales: {},
  autoscalers: [],
  addresses: {},
  generated: settledFacts().generated,
})
