import type { KubeObject } from '../../../controller/kube/objects.ts'
import type { Observation } from '../../../src/cli/diagnosis/observe.ts'

/** Name, rule that finds it, the command that mends it, and how it is put into what is seen. */
export type Fault = [name: string, rule: string, fix: RegExp, inject: (seen: Observation) => unknown]

export const one = (seen: Observation, kind: string, name?: string): KubeObject =>
  seen.objects.find(each => each.kind === kind && (!name || each.metadata.name === name))!
export const gone = (seen: Observation, kind: string, name?: string): void => {
  const index = seen.objects.findIndex(each => each.kind === kind && (!name || each.metadata.name === name))
  seen.objects.splice(index, 1)
}
export const platform = (seen: Observation): KubeObject => seen.platforms[0]!
export const condition = (object: KubeObject, type: string, status: string, reason: string, message = ''): void => {
  object['status'] ??= {}
  object['status'].conditions = [
    ...(object['status'].conditions ?? []).filter((each: { type: string }) => each.type !== type),
    { type, status, reason, message, lastTransitionTime: '2026-01-01T00:00:00Z' },
  ]
}
export const add = (seen: Observation, kind: string, more: object, apiVersion = 'v1'): void =>
  void seen.objects.push({ apiVersion, kind, metadata: { name: 'added', namespace: 'todo' }, ...more })
export const pod = (
  seen: Observation,
  status: object,
  metadata: object = {},
  containers = ['backend', 'daprd'],
): void =>
  add(seen, 'Pod', {
    metadata: {
      name: 'todo-backend-1',
      namespace: 'todo',
      labels: { 'app.kubernetes.io/component': 'backend' },
      annotations: { 'dapr.io/enabled': 'true' },
      ...metadata,
    },
    spec: { containers: containers.map(name => ({ name })) },
    status,
  })
export const waiting = (seen: Observation, name: string, reason: string, message = ''): void =>
  pod(seen, { containerStatuses: [{ name, state: { waiting: { reason, message } } }] })
export const external = (seen: Observation, more: object): void => {
  platform(seen)['spec'].kafka = { external: { bootstrapServers: ['a:9092'], ...more } }
}
