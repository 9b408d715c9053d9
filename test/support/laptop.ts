import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type CoreV1Event,
  KubeConfig,
  type KubernetesObject,
  KubernetesObjectApi,
  PatchStrategy,
} from '@kubernetes/client-node'
import { freePort } from '../../src/local/ports.ts'

export const root = join(import.meta.dirname, '../..')

export interface Ready {
  web: string
  api: string
  mcp: string
  realtime: string
  kubeconfig: string
  users: { name: string; token: string }[]
  startedInMilliseconds: number
}

/** `any` on purpose: tests look into objects of many kinds and fail loudly when a field is not there. */
// biome-ignore lint/suspicious/noExplicitAny: see above
export type Anything = any

/** A request of the HTTP API by whose token it is. */
export const requestOf = (
  token: string,
  method: string,
  body: unknown,
  headers: Record<string, string>,
): RequestInit => ({
  method,
  headers: {
    authorization: `Bearer ${token}`,
    ...(body !== undefined && { 'content-type': 'application/json' }),
    ...headers,
  },
  ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
})

export async function answerOf(response: Response): Promise<{ status: number; headers: Headers; body: Anything }> {
  const text = await response.text()
  return { status: response.status, headers: response.headers, body: text ? JSON.parse(text) : undefined }
}

/** `tep up` in a folder of its own, as a person starts it; everything else goes through its addresses. */
export class Laptop {
  readonly folder: string
  readonly port: number
  ready!: Ready
  #process: ChildProcess | undefined
  #output = ''

  private constructor(folder: string, port: number) {
    this.folder = folder
    this.port = port
  }

  static async create(): Promise<Laptop> {
    return new Laptop(mkdtempSync(join(tmpdir(), 'tep-')), await freePort())
  }

  async up(...args: string[]): Promise<Ready> {
    const child = spawn(
      process.execPath,
      [
        join(root, 'dist/tep.mjs'),
        'up',
        '--folder',
        this.folder,
        '--port',
        String(this.port),
        '--output',
        'json',
        '--timeout',
        '120',
        ...args,
      ],
      {
        cwd: root,
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    )
    this.#process = child
    this.#output = ''
    await new Promise<void>((resolve, reject) => {
      const see = (chunk: Buffer): void => {
        this.#output += chunk
        if (this.#output.includes('"event":"ready"')) resolve()
      }
      child.stdout.on('data', see)
      child.stderr.on('data', see)
      child.once('exit', code =>
        reject(new Error(`tep up ended with ${code}:\n${this.#output.split('\n').slice(-15).join('\n')}`)),
      )
    })
    this.ready = JSON.parse(readFileSync(join(this.folder, 'ready.json'), 'utf8')) as Ready
    return this.ready
  }

  /** Stops it as Ctrl-C does; resolves with its exit code. */
  async stop(signal: NodeJS.Signals = 'SIGINT'): Promise<number | null> {
    const child = this.#process
    if (!child || child.exitCode !== null) return child?.exitCode ?? null
    const ended = new Promise<number | null>(resolve => child.once('exit', resolve))
    child.kill(signal)
    return ended
  }

  async dispose(): Promise<void> {
    await this.stop()
    rmSync(this.folder, { recursive: true, force: true })
  }

  /** Process id of `tep up`. */
  get pid(): number {
    return this.#process?.pid ?? 0
  }

  token(name: string): string {
    const user = this.ready.users.find(each => each.name === name)
    if (!user) throw new Error(`no user ${name}`)
    return user.token
  }

  /** A call of the HTTP API by a user; throws on anything but 2xx unless `expectStatus` is given. */
  async call(
    user: string,
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<{ status: number; headers: Headers; body: Anything }> {
    return answerOf(await fetch(`${this.ready.web}${path}`, requestOf(this.token(user), method, body, headers)))
  }

  get cluster(): Cluster {
    return new Cluster(this.ready.kubeconfig)
  }

  /** SIGKILL to the process of a service's container, which the pod's status tells. */
  async crash(service: string): Promise<void> {
    const pid = await until(`${service} to run`, async () => {
      const pods = await this.cluster.list('v1', 'Pod', `app.kubernetes.io/component=${service}`)
      const id = pods
        .flatMap(pod => pod.status?.containerStatuses ?? [])
        .find(status => status.name === service && status.state.running)?.containerID
      return id && Number(id.replace('process://', ''))
    })
    process.kill(pid, 'SIGKILL')
  }

  writeManifest(name: string, text: string): string {
    const file = join(this.folder, name)
    writeFileSync(file, text)
    return file
  }
}

/** The Kubernetes API through the official client. */
export class Cluster {
  readonly api: KubernetesObjectApi
  readonly namespace: string

  constructor(kubeconfig: string, namespace = 'todo') {
    this.namespace = namespace
    const config = new KubeConfig()
    config.loadFromFile(kubeconfig)
    this.api = KubernetesObjectApi.makeApiClient(config)
  }

  async get(apiVersion: string, kind: string, name: string, namespace = this.namespace): Promise<Anything | undefined> {
    try {
      return await this.api.read({ apiVersion, kind, metadata: { name, namespace } })
    } catch (error) {
      if ((error as { code?: number }).code === 404) return undefined
      throw error
    }
  }

  async list(
    apiVersion: string,
    kind: string,
    labelSelector?: string,
    namespace = this.namespace,
  ): Promise<Anything[]> {
    return (await this.api.list(apiVersion, kind, namespace, undefined, undefined, undefined, undefined, labelSelector))
      .items
  }

  apply(object: KubernetesObject & Record<string, unknown>, fieldManager = 'somebody'): Promise<Anything> {
    return this.api.patch(object, undefined, undefined, fieldManager, true, PatchStrategy.ServerSideApply)
  }

  /** A change as `kubectl patch --type=merge` makes it. */
  merge(object: KubernetesObject & Record<string, unknown>): Promise<Anything> {
    return this.api.patch(object, undefined, undefined, 'kubectl-patch', undefined, PatchStrategy.MergePatch)
  }

  delete(apiVersion: string, kind: string, name: string, namespace = this.namespace): Promise<unknown> {
    return this.api.delete({ apiVersion, kind, metadata: { name, namespace } })
  }

  async events(reason: string, namespace = this.namespace): Promise<CoreV1Event[]> {
    return (await this.list('v1', 'Event', undefined, namespace)).filter((event: Anything) => event.reason === reason)
  }
}

/** Looks until it finds; the time limit only ends a test that has failed (a shared cluster is given more of it). */
export async function until<T>(
  what: string,
  look: () => Promise<T | undefined | false | null>,
  seconds = Number(process.env['PATIENCE_SECONDS'] ?? 60),
): Promise<T> {
  let last: unknown
  for (const end = Date.now() + seconds * 1_000; Date.now() < end; ) {
    try {
      const found = await look()
      if (found) return found
    } catch (error) {
      last = error
    }
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  throw new Error(`${what}: did not come within ${seconds} s${last ? ` (last error: ${String(last)})` : ''}`)
}
