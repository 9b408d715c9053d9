/** The platform in a cluster, reached as a person reaches it: kubectl and the web Service. */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { engine } from '../engines/find.ts'
import { type Anything, answerOf, Cluster, requestOf, until } from '../support/laptop.ts'
import type { Place } from '../support/place.ts'
import { fetchWithin } from './fetch.ts'
import { answersHttp, type Forward, forward } from './forward.ts'

const PLATFORM_NAME = 'todo'
const CALL_MS = 15_000

export class ClusterPlace implements Place {
  readonly cluster: Cluster
  readonly ready: Place['ready']
  readonly #kubeconfig: string
  readonly #web: Forward
  readonly #tokens: Map<string, string>

  private constructor(kubeconfig: string, cluster: Cluster, web: Forward, tokens: Map<string, string>) {
    this.cluster = cluster
    this.#kubeconfig = kubeconfig
    this.#web = web
    this.#tokens = tokens
    const address = `http://127.0.0.1:${web.port}`
    this.ready = {
      web: address,
      api: `${address}/api/v1`,
      mcp: `${address}/mcp`,
      realtime: `${address}/api/v1/events/stream`,
    }
  }

  /** Signs in the two people of the built-in issuer, whose passwords the operator has put into a Secret. */
  static async open(kubeconfig: string, namespace: string): Promise<ClusterPlace> {
    const cluster = new Cluster(kubeconfig, namespace)
    const service = `${PLATFORM_NAME}-web`
    const web = await forward({ kubeconfig, namespace, service, port: 8080, answers: answersHttp })
    const secret = await cluster.get('v1', 'Secret', `${PLATFORM_NAME}-dev-issuer`)
    const people = JSON.parse(Buffer.from(secret.data['users.json'], 'base64').toString()) as Anything[]
    const tokens = await Promise.all(
      people.map(async ({ name, password }): Promise<[string, string]> => {
        const { access_token: token } = await until(`${name} to sign in`, async () => {
          const response = await fetch(`http://127.0.0.1:${web.port}/auth/token`, {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify({ username: name, password }),
          })
          return response.ok && ((await response.json()) as Anything)
        })
        return [name, token]
      }),
    )
    return new ClusterPlace(kubeconfig, cluster, web, new Map(tokens))
  }

  close(): void {
    this.#web.close()
  }

  token(user: string): string {
    const token = this.#tokens.get(user)
    if (!token) throw new Error(`no user ${user}`)
    return token
  }

  call(
    user: string,
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<{ status: number; headers: Headers; body: Anything }> {
    return fetchWithin(
      CALL_MS,
      `${this.ready.web}${path}`,
      requestOf(this.token(user), method, body, headers),
      answerOf,
    )
  }

  crash(service: string): Promise<void> {
    return this.kill(`app.kubernetes.io/component=${service}`, service)
  }

  /** SIGKILL to a container's processes where they run on this machine, else its pod is deleted without grace. */
  async kill(selector: string, container: string): Promise<void> {
    const id = await until(`${container} to run`, async () => {
      const statuses = (await this.#pods(selector)).flatMap(({ status }) => [
        ...(status?.containerStatuses ?? []),
        ...(status?.initContainerStatuses ?? []),
      ])
      const running = statuses.find(status => status.name === container && status.state.running)
      return running && (running.containerID.replace(/^.*:\/\//, '') as string)
    })
    const processes = processesOf(id)
    for (const each of processes) killProcess(each)
    if (processes.length === 0) await this.deletePod(selector)
  }

  /** Without grace, as when its node is gone. */
  async deletePod(selector: string): Promise<void> {
    const pod = await until(`a pod of ${selector}`, async () => (await this.#pods(selector))[0])
    const { command, prefix } = engine('kubectl')
    const { name, namespace } = pod.metadata
    const args = ['delete', 'pod', name, '--namespace', namespace, '--grace-period=0', '--force', '--wait=false']
    execFileSync(command, [...prefix, ...args], {
      env: { ...process.env, KUBECONFIG: this.#kubeconfig },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
  }

  async #pods(selector: string): Promise<Anything[]> {
    return (await this.cluster.list('v1', 'Pod', selector)).filter(({ metadata }) => !metadata.deletionTimestamp)
  }
}

/** One may be gone already, with another of its container: PostgreSQL's end with the first of them. */
function killProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** Those of this machine whose control group is the container's: every runtime names the group after the id. */
function processesOf(containerId: string): number[] {
  if (process.platform !== 'linux') return []
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .filter(pid => {
      try {
        return readFileSync(`/proc/${pid}/cgroup`, 'utf8').includes(containerId)
      } catch {
        // It ended meanwhile.
        return false
      }
    })
    .map(Number)
}
