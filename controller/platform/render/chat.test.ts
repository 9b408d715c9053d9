import { platformOf, SETTINGS, settledFacts } from '../../../test/support/platforms.ts'
import type { KubeObject } from '../../kube/objects.ts'
import { effectiveSpec } from '../effective.ts'
import { render } from './index.ts'

const objects = (spec: Parameters<typeof platformOf>[0]): KubeObject[] => {
  const platform = platformOf({ ...spec, networkPolicy: { enabled: true } })
  const effective = effectiveSpec(platform, '0.1.0')
  return render({ platform, effective, facts: settledFacts(), settings: SETTINGS }).map(({ object }) => object)
}
const one = (all: KubeObject[], kind: string, name?: string): KubeObject['spec'] =>
  all.find(object => object.kind === kind && (!name || object.metadata.name === name))!['spec']
const opened = (all: KubeObject[]): string[] =>
  one(all, 'Configuration').api.allowed.map((rule: { version: string; name: string }) => `${rule.version} ${rule.name}`)
const variables = (all: KubeObject[]): Record<string, string> =>
  Object.fromEntries(
    one(all, 'Deployment', 'todo-backend')
      .template.spec.containers[0].env.filter(({ name }: { name: string }) => name.startsWith('CHAT_'))
      .map(({ name, value }: { name: string; value: string }) => [name, value]),
  )

test('what services use of the sidecar is open, with conversations where the chat uses one, and nothing else', () => {
  const always = ['v1.0 publish', 'v1.0 jobs', 'v1.0 state', 'v1.0 metadata', 'v1 publish']
  expect(opened(objects({}))).toEqual(always)
  const endpoint = { baseUrl: 'https://models.example.com/v1', model: 'small' }
  expect(opened(objects({ chat: endpoint }))).toEqual(always)
  expect(opened(objects({ chat: { component: 'brain' } })).sort()).toEqual(
    [...always, 'v1.0-alpha2 conversation'].sort(),
  )
})

test('the backend is told of a component alone, and may reach what is behind it', () => {
  const plain = objects({})
  expect(variables(plain)).toEqual({})
  const withComponent = objects({ chat: { component: 'brain' } })
  expect(variables(withComponent)).toEqual({ CHAT_COMPONENT: 'brain' })
  const egress = (all: KubeObject[]) => JSON.stringify(one(all, 'NetworkPolicy', 'todo-backend').egress)
  expect(egress(withComponent)).toContain('0.0.0.0/0')
  expect(egress(plain)).not.toContain('0.0.0.0/0')
})
