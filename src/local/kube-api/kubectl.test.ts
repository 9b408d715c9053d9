/** The real kubectl against the served API: what a user of the embedded place types. */
import { execFile, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type KubeApi, kubeconfig, openKubeApi, type PodLogs, serveKubeApi } from './index.ts'
import { widgetDefinition } from './test-support.ts'

function hasKubectl(): boolean {
  try {
    execFileSync('kubectl', ['version', '--client'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

const available = hasKubectl()
if (!available) console.warn('kubectl is not on PATH: its tests against the embedded API are skipped')
const withKubectl = available ? describe : describe.skip

const podLogs: PodLogs = ({ pod, container }, { tailLines }) =>
  pod === 'web-1'
    ? (async function* () {
        for (const line of ['one', 'two', 'three'].slice(-(tailLines ?? 3))) yield Buffer.from(`${container} ${line}\n`)
      })()
    : undefined

withKubectl('kubectl', () => {
  let api: KubeApi
  let served: Awaited<ReturnType<typeof serveKubeApi>>
  let folder: string
  let environment: NodeJS.ProcessEnv

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'kubectl-'))
    api = await openKubeApi({ store: 'memory', podLogs })
    served = await serveKubeApi(api, { tokens: { 'a-token': 'admin' } })
    const file = join(folder, 'config')
    writeFileSync(
      file,
      kubeconfig({
        url: served.url,
        token: 'a-token',
        namespace: 'default',
        certificateAuthority: served.certificateAuthority,
      }),
    )
    environment = { ...process.env, KUBECONFIG: file, HOME: folder, KUBECACHEDIR: join(folder, 'cache') }
    await api.client.create(
      widgetDefinition({
        type: 'object',
        description: 'What the widget shall be.',
        properties: {
          size: { type: 'integer', minimum: 1, description: 'How large it is.' },
          replicas: { type: 'integer' },
        },
      }),
    )
    write('app.yaml', deployment('app:1'))
    write('widget.yaml', 'apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: w}\nspec: {size: 3}\n')
  })
  afterAll(async () => {
    await served.close()
    api.close()
    rmSync(folder, { recursive: true })
  })

  const write = (name: string, text: string) => writeFileSync(join(folder, name), text)
  const deployment = (image: string) => `apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: main, image: "${image}", ports: [{containerPort: 80}], env: [{name: A, value: b}]}]}
`
  const run = (...args: string[]) =>
    new Promise<{ code: number; out: string; err: string }>(resolve => {
      execFile('kubectl', args, { env: environment, cwd: folder }, (error, out, err) =>
        resolve({ code: error ? Number(error.code ?? 1) : 0, out, err }),
      )
    })
  const ok = async (...args: string[]) => {
    const { code, out, err } = await run(...args)
    if (code !== 0) throw new Error(`kubectl ${args.join(' ')} failed: ${err}${out}`)
    return out
  }

  test('client-side apply, again, and with a change', async () => {
    expect(await ok('apply', '-f', 'app.yaml')).toContain('created')
    expect(await ok('apply', '-f', 'app.yaml')).toContain('unchanged')
    write('app.yaml', deployment('app:2'))
    const diff = await run('diff', '-f', 'app.yaml')
    expect([diff.code, diff.out]).toEqual([1, expect.stringMatching(/^-\s+- ?.*image: app:1|^-\s+image: app:1/m)])
    expect(await ok('apply', '-f', 'app.yaml')).toContain('configured')
    expect((await run('diff', '-f', 'app.yaml')).code).toBe(0)
    expect(await ok('get', 'deploy', 'web', '-o', 'jsonpath={.spec.template.spec.containers[0].image}')).toBe('app:2')
  })

  test('server-side apply: takes over, conflicts by name, forces', async () => {
    await ok('apply', '-f', 'app.yaml')
    expect(await ok('apply', '--server-side', '-f', 'app.yaml')).toContain('serverside-applied')
    write('other.yaml', deployment('app:9'))
    const refused = await run('apply', '--server-side', '--field-manager=other', '-f', 'other.yaml')
    expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('conflict with "kubectl"')])
    await ok('apply', '--server-side', '--field-manager=other', '--force-conflicts', '-f', 'other.yaml')
    expect(
      await ok('apply', '--server-side', '--dry-run=server', '--field-manager=other', '-f', 'other.yaml'),
    ).toContain('server dry run')
    await ok('apply', '--server-side', '--force-conflicts', '-f', 'app.yaml')
  })

  test('create, get in its forms, describe, explain', async () => {
    await ok('create', '-f', 'widget.yaml')
    expect(await ok('get', 'wd')).toMatch(/^NAME\s+SIZE\nw\s+3\n$/)
    expect(await ok('get', 'wd', 'w', '-o', 'yaml')).toContain('size: 3')
    expect(await ok('get', 'deploy', '-o', 'wide')).toMatch(
      /NAME\s+READY\s+UP-TO-DATE\s+AVAILABLE\s+AGE\s+CONTAINERS\s+IMAGES\s+SELECTOR/,
    )
    expect(await ok('get', 'ns', '--no-headers')).toMatch(/default\s+Active/)
    expect(await ok('describe', 'wd', 'w')).toMatch(/Size:\s+3/)
    expect(await ok('explain', 'widget.spec')).toContain('How large it is.')
    expect(await ok('explain', 'deployment.spec.template.spec.containers')).toContain('Container image name')
    expect(await ok('api-resources', '--api-group=example.com')).toMatch(
      /widgets\s+wd\s+example.com\/v1\s+true\s+Widget/,
    )
    expect(await ok('auth', 'can-i', 'create', 'pods')).toContain('yes')
  })

  test('create by name, which kubectl sends as protobuf', async () => {
    await ok('create', 'namespace', 'team')
    await ok('-n', 'team', 'create', 'secret', 'generic', 's', '--from-literal=key=välue')
    await ok('-n', 'team', 'create', 'configmap', 'c', '--from-literal=key=1')
    expect(await ok('-n', 'team', 'get', 'secret', 's', '-o', 'jsonpath={.data.key}')).toBe(
      Buffer.from('välue').toString('base64'),
    )
    expect(await ok('-n', 'team', 'get', 'configmap', 'c', '-o', 'jsonpath={.data}')).toBe('{"key":"1"}')
    await ok('-n', 'team', 'create', 'deployment', 'd', '--image=x', '--replicas=2')
    expect(await ok('-n', 'team', 'get', 'deployment', 'd', '-o', 'jsonpath={.spec.replicas} {..image}')).toBe('2 x')
    await ok('delete', 'namespace', 'team')
  })

  test('refusals reach the user with the field', async () => {
    write('bad.yaml', 'apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: bad}\nspec: {size: 0}\n')
    expect((await run('apply', '-f', 'bad.yaml')).err).toContain(
      'spec.size: Invalid value: 0: spec.size in body should be greater than or equal to 1',
    )
    write('typo.yaml', 'apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: bad}\nspec: {sise: 1}\n')
    expect((await run('apply', '-f', 'typo.yaml')).err).toContain('unknown field "spec.sise"')
    expect((await run('get', 'pods', 'nobody')).err).toContain('Error from server (NotFound): pods "nobody" not found')
    expect(
      (await run('--token=wrong', '--kubeconfig', environment['KUBECONFIG']!, '--user=', 'get', 'pods')).code,
    ).toBe(1)
  })

  test('patch, label, annotate, scale, edit, set', async () => {
    await ok('apply', '-f', 'app.yaml')
    await ok('label', 'deploy', 'web', 'tier=front')
    await ok('annotate', 'deploy', 'web', 'note=x')
    await ok(
      'patch',
      'deploy',
      'web',
      '-p',
      '{"spec":{"template":{"spec":{"containers":[{"name":"main","env":[{"name":"B","value":"c"}]}]}}}}',
    )
    await ok(
      'patch',
      'deploy',
      'web',
      '--type=json',
      '-p',
      '[{"op":"replace","path":"/spec/revisionHistoryLimit","value":3}]',
    )
    await ok('scale', 'deploy', 'web', '--replicas=4')
    await ok('set', 'image', 'deploy/web', 'main=app:7')
    const { metadata, spec } = JSON.parse(await ok('get', 'deploy', 'web', '-o', 'json'))
    expect([metadata.labels, spec.replicas, spec.revisionHistoryLimit]).toEqual([{ tier: 'front' }, 4, 3])
    expect(spec.template.spec.containers[0]).toMatchObject({ image: 'app:7', env: [{ name: 'B' }, { name: 'A' }] })
    environment['KUBE_EDITOR'] = "sed -i 's/replicas: 4/replicas: 6/'"
    expect(await ok('edit', 'deploy', 'web')).toContain('edited')
    expect(await ok('get', 'deploy', 'web', '-o', 'jsonpath={.spec.replicas}')).toBe('6')
  })

  test('wait and rollout status follow the status', async () => {
    await ok('apply', '-f', 'app.yaml')
    const waiting = ok('wait', '--for=condition=Available', 'deploy/web', '--timeout=20s')
    const { generation } = (await api.client.get({ apiVersion: 'apps/v1', kind: 'Deployment' }, 'default', 'web'))!
      .metadata
    const status = {
      observedGeneration: generation,
      replicas: 6,
      updatedReplicas: 6,
      readyReplicas: 6,
      availableReplicas: 6,
      conditions: [{ type: 'Available', status: 'True' }],
    }
    await api.client.merge({ apiVersion: 'apps/v1', kind: 'Deployment' }, 'default', 'web', { status }, 'status')
    expect(await waiting).toContain('condition met')
    expect(await ok('rollout', 'status', 'deploy/web', '--timeout=20s')).toContain('successfully rolled out')
  })

  test('get -w shows changes as they come', async () => {
    const watching = spawn('kubectl', ['get', 'wd', '-w', '-o', 'name'], { env: environment })
    let seen = ''
    watching.stdout.on('data', (chunk: Buffer) => {
      seen += chunk.toString()
    })
    const until = async (text: string) => {
      for (let tries = 0; !seen.includes(text); tries++) {
        if (tries > 400) throw new Error(`${text} was not shown, only: ${seen}`)
        await sleep(25)
      }
    }
    write('late.yaml', readFileSync(join(folder, 'widget.yaml'), 'utf8').replace('name: w', 'name: late'))
    await ok('apply', '-f', 'widget.yaml')
    await until('widget.example.com/w')
    await ok('apply', '-f', 'late.yaml')
    await until('widget.example.com/late')
    watching.kill()
    await once(watching, 'close')
  })

  test('logs', async () => {
    write(
      'pod.yaml',
      'apiVersion: v1\nkind: Pod\nmetadata: {name: web-1}\nspec: {containers: [{name: main, image: a}]}\n',
    )
    await ok('apply', '-f', 'pod.yaml')
    expect(await ok('logs', 'web-1')).toBe('main one\nmain two\nmain three\n')
    expect(await ok('logs', 'web-1', '--tail=1')).toBe('main three\n')
    expect((await run('logs', 'web-1', '-c', 'other')).err).toContain('container other is not valid for pod web-1')
    expect(await ok('describe', 'pod', 'web-1')).toMatch(/Image:\s+a/)
  })

  test('delete waits for finalizers', async () => {
    await ok('apply', '-f', 'widget.yaml')
    await ok('patch', 'wd', 'w', '--type=merge', '-p', '{"metadata":{"finalizers":["example.com/hold"]}}')
    const deleting = ok('delete', 'wd', 'w', '--timeout=20s')
    for (let tries = 0; tries < 400; tries++) {
      const live = await api.client.get({ apiVersion: 'example.com/v1', kind: 'Widget' }, 'default', 'w')
      if (live?.metadata.deletionTimestamp) break
      await sleep(25)
    }
    await ok('patch', 'wd', 'w', '--type=merge', '-p', '{"metadata":{"finalizers":null}}')
    expect(await deleting).toContain('deleted')
    expect(await ok('delete', '-f', 'app.yaml')).toContain('deleted')
  })
})
