/** The verbs that look at a cluster, through the program itself, against the embedded API server. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadAll } from 'js-yaml'
import type { KubeObject } from '../../controller/kube/objects.ts'
import { eventually } from '../support/data-plane.ts'
import { root } from '../support/laptop.ts'
import { PlatformWorld } from '../support/platform-world.ts'
import { served, tep } from '../support/tep.ts'

const manifest = join(root, 'examples/platform.yaml')
const bare = (name: string): string => name.replace(/^(Job\/.*)-[0-9a-f]+$/, '$1')
const image = ['--services-image', 'registry.example.com/todo/services']

describe('a platform that is ready', () => {
  let world: PlatformWorld
  let server: Awaited<ReturnType<typeof served>>
  let on: string[]

  beforeAll(async () => {
    world = await PlatformWorld.open('todo')
    server = await served(world)
    on = ['--kubeconfig', server.kubeconfig]
    const platform = loadAll(readFileSync(manifest, 'utf8')).find(
      each => (each as KubeObject).kind === 'TodoEventPlatform',
    )
    await world.api.clientFor('people').create(platform as never)
    await world.settle()
  })
  afterAll(async () => {
    await server.stop()
    world.api.close()
  })

  test('status shows its parts and ends with 0', async () => {
    const { code, out } = await tep(['status', ...on])
    expect(code).toBe(0)
    expect(out).toMatch(/TodoEventPlatform todo\/todo {2}Ready/)
    for (const condition of ['KafkaReady', 'TopicsReady', 'DatabaseReady', 'MessagingReady', 'ServicesReady'])
      expect(out).toContain(condition)
    expect(out).toMatch(/\d+ Deployment: ready/)
    expect((await tep(['status', '-o', 'wide', ...on])).out).toContain('Deployment todo-backend: ready')
  })

  test('status -o json holds the whole status', async () => {
    const { out } = await tep(['status', 'todo', '-o', 'json', ...on])
    const { platforms } = JSON.parse(out)
    expect(platforms[0].status.components.length).toBeGreaterThan(20)
  })

  test('status --watch shows it again when it changes, and ends with 0', async () => {
    const stop = new AbortController()
    let shown = 0
    const running = tep(['status', '--watch', '-o', 'json', ...on], { signal: stop.signal, onOut: () => void shown++ })
    await eventually(async () => shown === 1, 'the first picture')
    await world.client.mergePatch(
      { apiVersion: 'todo.events/v1alpha1', kind: 'TodoEventPlatform' },
      'todo',
      'todo',
      { metadata: { labels: { seen: 'again' } } },
      { fieldManager: 'people', reason: 'Test' },
    )
    await eventually(async () => shown === 2, 'the second picture')
    stop.abort()
    const { code, out } = await running
    expect(code).toBe(0)
    expect(out.split('"platforms"').length).toBe(3)
  })

  test('why has nothing to say', async () => {
    const { code, out } = await tep(['why', '-o', 'json', ...on])
    const answer = JSON.parse(out)
    // There is no operator in this cluster: that is all that is wrong.
    expect(answer.causes.map(({ rule }: { rule: string }) => rule)).toEqual(['operator-absent'])
    expect([code, answer.ready]).toEqual([0, true])
  })

  test('diff of what is there is empty (0); of another spec it is what the API server would make of it (1)', async () => {
    const same = await tep(['diff', '-f', manifest, ...image, ...on])
    expect([same.code, same.out]).toEqual([0, ''])
    const other = join(server.kubeconfig, '../other.yaml')
    writeFileSync(
      other,
      'apiVersion: todo.events/v1alpha1\nkind: TodoEventPlatform\nmetadata: {name: todo, namespace: todo}\nspec:\n  profile: Development\n  kafka: {strimzi: {}}\n  database: {cloudnativepg: {}}\n  services: {web: {replicas: 3}}\n',
    )
    const changed = await tep(['diff', '-f', other, ...image, ...on])
    expect(changed.code).toBe(1)
    expect(changed.out).toContain('--- live/Deployment/todo/todo-web')
    expect(changed.out).toMatch(/^-\s+replicas: 1$/m)
    expect(changed.out).toMatch(/^\+\s+replicas: 3$/m)
    expect((await tep(['diff', '-f', other, '--kubeconfig', '/nowhere'])).code).toBe(2)
    expect(
      (await world.client.get({ apiVersion: 'apps/v1', kind: 'Deployment' }, 'todo', 'todo-web'))?.spec.replicas,
    ).toBe(1)
  })

  test('where the services reach the operator is read off its Service, whatever the release is called', async () => {
    const planned = async (...more: string[]): Promise<string[]> => {
      const { out } = await tep(['plan', '-f', manifest, '-o', 'json', '--services-image', image[1]!, ...more, ...on])
      const { changes } = JSON.parse(out) as { changes: object[] }
      return JSON.stringify(changes).match(/http:\/\/[a-z-]+\.[a-z-]+\.svc:\d+\/(?=[^"]*todo\/todo)/g) ?? []
    }
    expect(await planned('--operator-url', 'http://given.somewhere.svc:80')).toContain('http://given.somewhere.svc:80/')
    await world.client.create(
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'platform-team' } },
      { reason: 'Test' },
    )
    await world.client.create(
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: {
          name: 'acme-todo-event-platform',
          namespace: 'platform-team',
          labels: {
            'app.kubernetes.io/name': 'todo-event-platform',
            'app.kubernetes.io/instance': 'acme',
            'app.kubernetes.io/component': 'controller',
          },
        },
        spec: { ports: [{ name: 'http', port: 9090 }] },
      },
      { reason: 'Test' },
    )
    expect(await planned()).toContain('http://acme-todo-event-platform.platform-team.svc:9090/')
    await world.client.delete({ apiVersion: 'v1', kind: 'Service' }, 'platform-team', 'acme-todo-event-platform', {
      reason: 'Test',
    })
  })

  test('render prints every child that is there, and the same bytes twice', async () => {
    const first = await tep(['render', '-f', manifest, ...image])
    const second = await tep(['render', '-f', manifest, ...image])
    expect(first.code).toBe(0)
    expect(second.out).toBe(first.out)
    const rendered = (loadAll(first.out) as { kind: string; metadata: { name: string } }[]).map(({ kind, metadata }) =>
      bare(`${kind}/${metadata.name}`),
    )
    const { status } = await world.platform()
    // The name of the migration's Job ends with a digest of the database's address, which only the cluster knows.
    const live = status!.inventory!.map(({ kind, name }) => bare(`${kind}/${name}`))
    expect(live.filter(name => !rendered.includes(name))).toEqual([])
    expect(rendered.filter(name => !live.includes(name))).toEqual([])
  })

  test('graph draws it in three ways', async () => {
    const ascii = await tep(['graph', ...on])
    expect(ascii.out).toMatch(/backend-service ──▶ task-events \(6 partitions\)/)
    expect(ascii.out).toContain('task-events.audit-service.dlq')
    const mermaid = await tep(['graph', '-o', 'mermaid', '-f', manifest])
    expect(mermaid.out).toContain('task_events --> audit_service')
    expect(mermaid.out).not.toContain('dlq')
    const dot = await tep(['graph', '-o', 'dot', '--dead-letters', '-f', manifest])
    expect(dot.out).toContain('"audit-service" -> "task-events.audit-service.dlq"')
    const { out: svg } = await tep(['graph', '-o', 'svg', '-f', manifest])
    expect(svg).toMatch(/^<svg .*<\/svg>$/s)
    expect(svg).toContain('<title>backend-service publishes on task-events</title>')
    expect(svg).not.toMatch(/dlq|NaN|undefined/)
  })

  test('a namespace without a platform is told, with what to do', async () => {
    const { code, err } = await tep(['status', '-n', 'default', ...on])
    expect([code, err.startsWith('tep: TEP5011: ')]).toEqual([1, true])
    expect((await tep(['status', '-A', ...on])).code).toBe(0)
  })
})
