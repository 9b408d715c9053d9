import { randomUUID } from 'node:crypto'
import { rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { styleText } from 'node:util'
import { type Command, Option } from 'commander'
import type { KubeObject, LocalClient } from '../local/kube-api/api.ts'
import { operatorManifests } from '../local/operator-manifests.ts'
import { type Place, startPlace } from '../local/place.ts'
import type { DeliveryFaults } from '../local/sidecar/index.ts'
import { EXIT, Exit } from './exit.ts'
import { faultsIn, USUAL_FAULTS } from './fault-option.ts'
import { type Manifest, PLATFORM, platformIn, readManifests } from './manifest.ts'
import { type Output, progress } from './progress.ts'
import { root } from './root.ts'
import { checkPort, DEFAULT_FOLDER, takeFolder } from './running.ts'

interface UpOptions {
  folder: string
  file: string
  port: string
  timeout: string
  output: Output
  faults?: DeliveryFaults
}

const RECONCILE_ANNOTATION = 'todo.events/reconcile-requested-at'
const FIELD_MANAGER = 'tep'

/** `tep up`: the whole platform on this machine, until it is stopped. */
export function up(program: Command, version: string): void {
  program
    .command('up')
    .description('Bring up a TodoEventPlatform on this machine, without a cluster.')
    .option('--folder <path>', 'where everything is kept', DEFAULT_FOLDER)
    .option('-f, --file <path>', 'manifest to apply', join(root, 'examples/platform.yaml'))
    .option('--port <port>', 'port of the web address', process.env['TEP_PORT'] ?? '7080')
    .option('--timeout <seconds>', 'how long to wait until it is ready', '300')
    .addOption(
      new Option(
        '--faults [probabilities]',
        `let events be delivered twice, out of order, and answers be lost, as brokers do (${USUAL_FAULTS})`,
      )
        .preset(USUAL_FAULTS)
        .argParser(faultsIn),
    )
    .addOption(new Option('--output <format>', 'how to tell of progress').choices(['text', 'json']).default('text'))
    .action(options => run(options, version))
}

async function run(options: UpOptions, version: string): Promise<void> {
  const beganAt = Date.now()
  const folder = resolve(options.folder)
  const port = Number(options.port)
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new Exit('TEP5004', EXIT.usage, `--port ${options.port} is no port: use 1 to 65535`)
  const manifests = readManifests(options.file)
  const platform = platformIn(manifests, options.file)
  const namespace = platform.metadata.namespace ?? 'todo'
  const { name } = platform.metadata
  const releaseFolder = takeFolder(folder)
  const readyFile = join(folder, 'ready.json')
  rmSync(readyFile, { force: true })
  const shown = progress(options.output)
  let place: Place | undefined
  const stopped = Promise.withResolvers<NodeJS.Signals>()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => stopped.resolve(signal))
  const interrupted = stopped.promise.then(() => 'interrupted' as const)
  try {
    await checkPort(port, '--port')
    const starting = startPlace({
      folder,
      images: {
        controller: { command: process.execPath, args: ['--max-semi-space-size=2', join(root, 'dist/controller.mjs')] },
        services: { command: process.execPath, args: ['--max-semi-space-size=2', join(root, 'dist/services.mjs')] },
      },
      fixedPorts: { [`${namespace}/${name}-web:8080`]: port },
      ...(options.faults && { faults: options.faults }),
      onProgress: text => shown.step(text),
      onError: (source, key, error) =>
        console.error(JSON.stringify({ source, key, error: error instanceof Error ? error.message : String(error) })),
    })
    place = await starting
    const { client, kubeconfigPath, node } = place
    shown.step('operator')
    for (const object of [
      ...readManifests(join(root, 'crds/todo.events_todoeventplatforms.yaml')),
      ...operatorManifests(version),
    ])
      await apply(client, object)
    shown.step(`applying ${options.file}`)
    // A status of the run before may still say Ready: only an answer to this very request counts.
    const request = randomUUID()
    const annotations = { ...platform.metadata.annotations, [RECONCILE_ANNOTATION]: request }
    for (const object of manifests) {
      await apply(
        client,
        object === platform ? { ...object, metadata: { namespace, ...object.metadata, annotations } } : object,
      )
    }
    await node.services.localPort(namespace, `${name}-web`, 8080)
    const outcome = await Promise.race([
      untilReady(client, { namespace, name, request }, Number(options.timeout), shown.rows),
      interrupted,
    ])
    shown.end()
    if (outcome !== 'interrupted') {
      const base = `http://127.0.0.1:${port}`
      const users = await signInAll(client, namespace, name, base)
      const ready = {
        web: base,
        api: `${base}/api/v1`,
        mcp: `${base}/mcp`,
        realtime: `${base}/api/v1/events/stream`,
        kubeconfig: kubeconfigPath,
        users: users.map(({ name: user, token }) => ({ name: user, token })),
        startedInMilliseconds: Date.now() - beganAt,
      }
      writeFileSync(readyFile, `${JSON.stringify(ready, null, 2)}\n`, { mode: 0o600 })
      if (options.output === 'json')
        console.log(
          JSON.stringify({ event: 'ready', file: readyFile, startedInMilliseconds: ready.startedInMilliseconds }),
        )
      else console.log(summary(ready, users, options))
    }
    const signal = await stopped.promise
    if (options.output === 'text') console.log(`\n${signal}: stopping …`)
  } finally {
    rmSync(readyFile, { force: true })
    await place?.stop()
    releaseFolder()
  }
  if (options.output === 'text') console.log('stopped; the next start finds all data again')
  process.exit(0)
}

const apply = (client: LocalClient, object: Manifest): Promise<KubeObject> =>
  client.apply(object as KubeObject, { fieldManager: FIELD_MANAGER, force: true })

interface PlatformState extends KubeObject {
  status?: {
    observedGeneration?: number
    lastHandledReconcileAt?: string
    conditions?: { type: string; status: string; message: string }[]
    components?: { kind: string; name: string; ready: boolean; reason?: string; message?: string }[]
  }
}

/** Resolves when the platform is ready for its newest generation; a wait without an end names what it waits for. */
function untilReady(
  client: LocalClient,
  { namespace, name, request }: { namespace: string; name: string; request: string },
  timeoutSeconds: number,
  show: (rows: { name: string; ready: boolean; text: string }[]) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let message = 'the operator has not reported yet'
    const finish = (settle: () => void): void => {
      clearTimeout(timer)
      unwatch()
      settle()
    }
    const timer = setTimeout(
      () =>
        finish(() =>
          reject(
            new Exit(
              'TEP5006',
              EXIT.notReady,
              `not ready after ${timeoutSeconds} s: ${message}; look at .tep/pods/*/logs, or wait longer with --timeout`,
            ),
          ),
        ),
      timeoutSeconds * 1_000,
    )
    const unwatch = client.watch<PlatformState>(PLATFORM, { namespace }, event => {
      if (event.type === 'SYNCED' || event.object.metadata.name !== name) return
      const { metadata, status } = event.object
      if (status?.lastHandledReconcileAt !== request) return
      show(
        (status?.components ?? []).map(row => ({
          name: `${row.kind} ${row.name}`,
          ready: row.ready,
          text: [row.reason, row.message].filter(Boolean).join(': '),
        })),
      )
      const ready = status?.conditions?.find(condition => condition.type === 'Ready')
      message = ready?.message ?? message
      if (ready?.status === 'True' && status?.observedGeneration === metadata.generation)
        setImmediate(() => finish(resolve))
    })
  })
}

interface SignedIn {
  name: string
  password: string
  token: string
}

/** Signs the people of the Development issuer in through the web address, as they would themselves. */
async function signInAll(client: LocalClient, namespace: string, platform: string, base: string): Promise<SignedIn[]> {
  const secret = await client.get<KubeObject & { data?: Record<string, string> }>(
    { apiVersion: 'v1', kind: 'Secret' },
    namespace,
    `${platform}-dev-issuer`,
  )
  const text = secret?.data?.['users.json']
  if (!text) return []
  const people = JSON.parse(Buffer.from(text, 'base64').toString('utf8')) as { name: string; password: string }[]
  return Promise.all(
    people.map(async ({ name, password }) => {
      const response = await fetch(`${base}/auth/token`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ username: name, password }),
      })
      const answer = (await response.json()) as { access_token?: string; detail?: string }
      if (!answer.access_token)
        throw new Exit(
          'TEP5006',
          EXIT.notReady,
          `${name} cannot sign in at ${base}: ${answer.detail ?? response.status}`,
        )
      return { name, password, token: answer.access_token }
    }),
  )
}

function summary(
  ready: { web: string; api: string; mcp: string; kubeconfig: string; startedInMilliseconds: number },
  users: SignedIn[],
  { folder, faults }: UpOptions,
): string {
  const line = (label: string, text: string): string => `  ${styleText('bold', label.padEnd(9))} ${text}`
  return [
    '',
    styleText('green', `Ready in ${(ready.startedInMilliseconds / 1_000).toFixed(1)} s`),
    line('Web', ready.web),
    line('API', ready.api),
    line('MCP', ready.mcp),
    ...users.map(user => line('Login', `${user.name} / ${user.password}`)),
    line('Cluster', `KUBECONFIG=${ready.kubeconfig} kubectl get tep`),
    ...(faults ? [line('Faults', 'events come twice and out of order, answers are lost: pods/*/logs/daprd.log')] : []),
    '',
    '  Try next: sign in and add a task that repeats, then complete it;',
    `            kubectl edit tep, or delete a Deployment and watch it come back;`,
    `            tokens for scripts are in ${folder}/ready.json. Ctrl-C stops everything.`,
    '',
  ].join('\n')
}
