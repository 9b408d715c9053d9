/** Faults put one by one into what is seen of a platform that is well; each is found, with the command that mends it. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { KubeObject } from '../../controller/kube/objects.ts'
import { KINDS } from '../../controller/platform/platform.ts'
import { diagnose } from '../../src/cli/diagnosis/diagnose.ts'
import { type Observation, observe } from '../../src/cli/diagnosis/observe.ts'
import { PlatformWorld } from '../support/platform-world.ts'
import { platformOf } from '../support/platforms.ts'
import { served, tep } from '../support/tep.ts'
import { FAULTS_ABOVE } from './faults/above.ts'
import { FAULTS_BELOW } from './faults/below.ts'
import { add, condition, one, waiting } from './faults/fault.ts'

const OPERATOR = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: {
    name: 'todo-event-platform',
    namespace: 'todo-system',
    labels: { 'app.kubernetes.io/name': 'todo-event-platform', 'app.kubernetes.io/component': 'controller' },
  },
  spec: { replicas: 1 },
  status: { availableReplicas: 1 },
}
const operator = (name: string, namespace: string): KubeObject => ({
  ...OPERATOR,
  metadata: { name, namespace },
})

let world: PlatformWorld
let well: Observation

beforeAll(async () => {
  world = await PlatformWorld.open('todo', 'todo-system')
  const { apiVersion, kind, metadata, spec } = platformOf({
    ingress: { host: 'todo.example.com', className: 'nginx', tlsSecretName: 'todo-tls' },
    notifications: { smtpSecretRef: { name: 'smtp' } },
  })
  const people = world.api.clientFor('people')
  await people.create({ apiVersion, kind, metadata: { name: metadata.name, namespace: 'todo' }, spec } as never)
  const secret = (name: string, data: Record<string, string>) =>
    people.create({ apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: 'todo' }, data } as never)
  await secret('todo-tls', { 'tls.crt': 'eA==', 'tls.key': 'eA==' })
  await secret('smtp', { url: 'eA==', from: 'eA==' })
  await world.settle()
  const seen = await observe(world.client, 'todo')
  const nginx: KubeObject = { apiVersion: 'networking.k8s.io/v1', kind: 'IngressClass', metadata: { name: 'nginx' } }
  well = {
    ...seen,
    // By JSON text: a fault must touch nothing but its own copy.
    objects: [...(JSON.parse(JSON.stringify(seen.objects)) as KubeObject[]), nginx],
    operators: [
      OPERATOR,
      operator('strimzi-cluster-operator', 'strimzi'),
      operator('dapr-sidecar-injector', 'dapr-system'),
    ],
  }
})
afterAll(() => world.api.close())

test('nothing is found where all is well', () => {
  expect(diagnose(well)).toEqual([])
})

test.each([...FAULTS_BELOW, ...FAULTS_ABOVE])('%s: %s', (_name, rule, fix, inject) => {
  const seen = JSON.parse(JSON.stringify(well)) as Observation
  inject(seen)
  const found = diagnose(seen).filter(each => each.rule === rule)
  expect(found.map(each => each.fix)).toContainEqual(expect.stringMatching(fix))
})

test('a claim nobody waits for is no fault: where all is ready, pods run without it', () => {
  const seen = JSON.parse(JSON.stringify(well)) as Observation
  add(seen, 'PersistentVolumeClaim', { spec: {}, status: { phase: 'Pending' } })
  expect(diagnose(seen)).toEqual([])
})

test('the cause comes before what follows from it', () => {
  const seen = JSON.parse(JSON.stringify(well)) as Observation
  waiting(seen, 'backend', 'CrashLoopBackOff')
  condition(one(seen, 'Kafka'), 'NotReady', 'True', 'X')
  seen.absent.push('Component.dapr.io')
  expect(diagnose(seen).map(({ rule }) => rule)).toEqual(['dapr-absent', 'kafka-not-ready', 'container-crash'])
})

describe('through the program', () => {
  let server: Awaited<ReturnType<typeof served>>
  let folder: string
  beforeAll(async () => {
    server = await served(world)
    folder = mkdtempSync(join(tmpdir(), 'tep-doctor-'))
    await world.client.apply(
      {
        ...OPERATOR,
        spec: {
          replicas: 0,
          selector: { matchLabels: { a: 'b' } },
          template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'a', image: 'a' }] } },
        },
      } as never,
      { fieldManager: 'people', reason: 'Test' },
    )
  })
  afterAll(async () => {
    await server.stop()
    rmSync(folder, { recursive: true })
  })

  test('it tells the fault and its command, and ends with 1; why says the same first', async () => {
    const on = ['-n', 'todo', '--kubeconfig', server.kubeconfig]
    const { code, out } = await tep(['doctor', ...on])
    expect(code).toBe(1)
    expect(out).toContain('$ kubectl scale -n todo-system deployment/todo-event-platform --replicas=1')
    const why = JSON.parse((await tep(['why', '-o', 'json', ...on])).out)
    expect(why.causes[0].rule).toBe('operator-scaled-to-zero')
  })

  test('its bundle holds what was seen, and no value of a Secret', async () => {
    const bundle = join(folder, 'bundle')
    await tep(['doctor', '--bundle', bundle, '-n', 'todo', '--kubeconfig', server.kubeconfig])
    const text = readdirSync(bundle)
      .map(name => readFileSync(join(bundle, name), 'utf8'))
      .join('\n')
    expect(readdirSync(bundle)).toEqual(
      expect.arrayContaining(['platforms.yaml', 'secret.yaml', 'findings.yaml', 'deployment.yaml']),
    )
    expect(text).toContain('todo-kafka-backend-service')
    const secrets = (await world.live(await world.platform())).values()
    const values = [...secrets]
      .filter(({ kind }) => kind === KINDS.secret.kind)
      .flatMap(({ data = {} }) => Object.entries(data as Record<string, string>))
      // A user's name is no secret: it is all over the objects.
      .filter(([key]) => /password|token|jwk|users|uri/.test(key))
      .map(([, value]) => value)
      .filter(value => value.length > 8)
    expect(values.length).toBeGreaterThan(10)
    const plain = values.map(value => Buffer.from(value, 'base64').toString('utf8'))
    expect([...values, ...plain].filter(value => text.includes(value))).toEqual([])
  })
})
