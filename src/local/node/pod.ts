import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { KubeObject, LocalClient } from '../kube-api/api.ts'
import { freePort } from '../ports.ts'
import { ContainerRun, type Launch } from './container.ts'
import { ConfigError, dataOf, environmentOf } from './environment.ts'
import { SIDECAR, SIDECAR_IMAGE, type SidecarSettings, sidecarSettings } from './injector.ts'
import { ContainerLogs } from './logs.ts'
import { type ServiceProxies, withLocalAddresses } from './services.ts'
import { type Container, type ContainerStatus, POD, type Pod, type PodStatus, timestamp } from './types.ts'

/** Container port → port on 127.0.0.1, of a running pod. */
export const PORTS_ANNOTATION = 'embedded.todo.events/ports'

/** How the embedded node starts an image: a name (without registry and tag) stands for a bundle on this machine. */
export type Images = Record<string, { command: string; args: string[]; env?: Record<string, string> }>

export interface RunningSidecar {
  httpPort: number
  publicPort: number
  drain(): Promise<void>
  stop(): Promise<void>
}

export interface SidecarStart {
  pod: Pod
  settings: SidecarSettings
  appPort: number | undefined
  env: Record<string, string>
  apiToken?: string
  appToken?: string
  log(line: string): void
}

export interface PodHost {
  client: LocalClient
  images: Images
  folder: string
  proxies: ServiceProxies
  startSidecar(start: SidecarStart): Promise<RunningSidecar>
  onProcess(pid: number, alive: boolean): void
  onError(key: string, error: unknown): void
}

/** One pod: its ports, its volumes, its sidecar, its containers, and the status that tells of them. */
export class PodRun {
  readonly #host: PodHost
  readonly #pod: Pod
  readonly #logs: ContainerLogs
  readonly #folder: string
  readonly #ports = new Map<number, number>()
  #containers: ContainerRun[] = []
  #sidecar: RunningSidecar | undefined
  #sidecarError = ''
  #stopping: Promise<void> | undefined
  #startTime: string
  #reportAgain = false
  #reporting: Promise<void> | undefined

  constructor(host: PodHost, pod: Pod) {
    this.#host = host
    this.#pod = pod
    this.#folder = join(host.folder, pod.metadata.uid!)
    this.#logs = new ContainerLogs(join(this.#folder, 'logs'))
    this.#startTime = pod.status?.startTime ?? timestamp()
  }

  get logs(): ContainerLogs {
    return this.#logs
  }

  get containerNames(): string[] {
    return this.#pod.spec!.containers.map(container => container.name)
  }

  /** The containers that become processes; the sidecar lives in this one. */
  get #apps(): Container[] {
    return this.#pod.spec!.containers.filter(container => container.name !== SIDECAR)
  }

  get #settings(): SidecarSettings | undefined {
    return sidecarSettings(this.#pod)
  }

  /** The port on this machine of a container port, by number or name. */
  portOf(port: number | string): number | undefined {
    const ports = this.#pod.spec!.containers.flatMap(container => container.ports ?? [])
    const number = typeof port === 'number' ? port : ports.find(each => each.name === port)?.containerPort
    return number === undefined ? undefined : this.#ports.get(number)
  }

  async start(): Promise<void> {
    const { spec, status } = this.#pod
    for (const port of spec!.containers.flatMap(container => container.ports ?? []))
      this.#ports.set(port.containerPort, await freePort())
    for (const volume of spec!.volumes ?? [])
      if (volume.emptyDir) mkdirSync(this.#volumePath(volume.name), { recursive: true })
    await this.#startSidecar()
    if (this.#stopping) return
    this.#containers = this.#apps.map(container => this.#containerRun(container, status))
    await this.#publishPorts()
    await Promise.all(this.#containers.map(container => container.start()))
    this.report()
  }

  /** Tells people where the pod's ports are on this machine: in a cluster its address would. */
  async #publishPorts(): Promise<void> {
    const { namespace, name } = this.#pod.metadata
    const ports: Record<string, number> = Object.fromEntries(this.#ports)
    if (this.#sidecar) Object.assign(ports, { 3500: this.#sidecar.httpPort, 3501: this.#sidecar.publicPort })
    await this.#host.client.merge(POD, namespace, name, {
      metadata: { annotations: { [PORTS_ANNOTATION]: JSON.stringify(ports) } },
    })
  }

  #containerRun(container: Container, status: PodStatus | undefined): ContainerRun {
    const before = status?.containerStatuses?.find(each => each.name === container.name)
    return new ContainerRun({
      container,
      restartPolicy: this.#pod.spec!.restartPolicy ?? 'Always',
      // A container that ran before this process did was ended with it, and starts again.
      restartCount: before
        ? before.restartCount + (before.state['running'] || before.lastState['terminated'] ? 1 : 0)
        : 0,
      logs: this.#logs,
      target: { portOf: port => this.portOf(port) ?? 0 },
      launch: () => this.#launch(container),
      onChange: () => this.report(),
      onStarted: pid => this.#host.onProcess(pid, true),
      onExited: pid => this.#host.onProcess(pid, false),
    })
  }

  async #startSidecar(): Promise<void> {
    const settings = this.#settings
    if (!settings || this.#stopping) return
    const log = this.#logs.begin(SIDECAR)
    try {
      const secret = async (name: string, key: string): Promise<string> => {
        const value = dataOf(await this.#object('Secret', name))[key]
        if (value === undefined) throw new ConfigError(`secret "${name}" has no key ${key}`)
        return value
      }
      const env: Record<string, string> = {}
      for (const [name, ref] of Object.entries(settings.envFromSecret)) env[name] = await secret(ref.name, ref.key)
      this.#sidecar = await this.#host.startSidecar({
        pod: this.#pod,
        settings,
        appPort: settings.appPort === undefined ? undefined : this.#ports.get(settings.appPort),
        env,
        ...(settings.apiTokenSecret && { apiToken: await secret(settings.apiTokenSecret, 'token') }),
        ...(settings.appTokenSecret && { appToken: await secret(settings.appTokenSecret, 'token') }),
        log: line => log.write(`${line}\n`),
      })
      this.#sidecarError = ''
    } catch (error) {
      this.#sidecarError = (error as Error).message
      log.write(`${this.#sidecarError}\n`)
      this.report()
      // As kubelet does with a sidecar that cannot start: try again, the app waits.
      await new Promise(resolve => setTimeout(resolve, 1_000))
      return this.#startSidecar()
    }
  }

  async #launch(container: Container): Promise<Launch> {
    const imageName = container.image
      .replace(/[:@][^/]*$/, '')
      .split('/')
      .at(-1)!
    const image = this.#host.images[imageName]
    if (!image)
      throw new ConfigError(
        `image "${container.image}" is not on this machine; known: ${Object.keys(this.#host.images).join(', ')}`,
      )
    const declared = await environmentOf(container, this.#pod, {
      secret: name => this.#object('Secret', name),
      configMap: name => this.#object('ConfigMap', name),
    })
    const env: Record<string, string> = {
      PATH: process.env['PATH'] ?? '',
      HOSTNAME: this.#pod.metadata.name,
      ...image.env,
    }
    for (const [name, value] of Object.entries(declared)) env[name] = await this.#localise(container, name, value)
    if (this.#sidecar) env['DAPR_HTTP_PORT'] = String(this.#sidecar.httpPort)
    mkdirSync(this.#folder, { recursive: true })
    const command = container.command?.length ? container.command : [image.command, ...image.args]
    return { command: command[0]!, args: [...command.slice(1), ...(container.args ?? [])], env, cwd: this.#folder }
  }

  /**
   * What a container finds by namespaces of its own in a cluster, a process finds by its variables: its port (`PORT`), the
   * addresses of Services, and the folders that are mounted.
   */
  async #localise(container: Container, name: string, value: string): Promise<string> {
    if (name === 'PORT') return String(this.#ports.get(Number(value)) ?? value)
    const mount = container.volumeMounts?.find(
      each => value === each.mountPath || value.startsWith(`${each.mountPath}/`),
    )
    if (mount) return this.#volumePath(mount.name) + value.slice(mount.mountPath.length)
    return withLocalAddresses(value, this.#host.proxies)
  }

  #volumePath(name: string): string {
    return join(this.#folder, 'volumes', name)
  }

  #object(kind: 'Secret' | 'ConfigMap', name: string): Promise<KubeObject | undefined> {
    return this.#host.client.get({ apiVersion: 'v1', kind }, this.#pod.metadata.namespace, name)
  }

  /** Consumption stops first, so that what is in flight ends in an app that is still there. */
  stop({ forget }: { forget: boolean }): Promise<void> {
    this.#stopping ??= (async () => {
      await this.#sidecar?.drain()
      await Promise.all(
        this.#containers.map(container => container.stop(this.#pod.spec?.terminationGracePeriodSeconds ?? 30)),
      )
      await this.#sidecar?.stop()
      await this.#reporting
      if (forget) rmSync(this.#folder, { recursive: true, force: true })
    })()
    return this.#stopping
  }

  /** Writes the status; changes during a write make one more. */
  report(): void {
    if (this.#stopping) return
    if (this.#reporting) {
      this.#reportAgain = true
      return
    }
    this.#reporting = this.#write()
      .catch(error => this.#host.onError(`${this.#pod.metadata.namespace}/${this.#pod.metadata.name}`, error))
      .then(() => {
        this.#reporting = undefined
        if (this.#reportAgain) {
          this.#reportAgain = false
          this.report()
        }
      })
  }

  async #write(): Promise<void> {
    const { namespace, name, uid } = this.#pod.metadata
    const live = await this.#host.client.get<Pod>(POD, namespace, name)
    if (!live || live.metadata.uid !== uid) return
    await this.#host.client.merge(POD, namespace, name, { status: this.#status(live) }, 'status')
  }

  #status(live: Pod): PodStatus {
    const statuses: ContainerStatus[] = this.#apps.map(
      (container, index) => this.#containers[index]?.status() ?? created(container),
    )
    if (this.#settings) statuses.push(sidecarStatus(this.#sidecar !== undefined, this.#sidecarError, this.#startTime))
    const ended = this.#containers.length > 0 && this.#containers.every(container => container.finished)
    const failed = this.#containers.some(container => (container.finished?.exitCode ?? 0) !== 0)
    const ready = !ended && statuses.every(each => each.ready)
    const phase = ended
      ? failed
        ? 'Failed'
        : 'Succeeded'
      : statuses.some(each => each.state['running'])
        ? 'Running'
        : 'Pending'
    const condition = (type: string, isTrue: boolean, reason?: string) => {
      const status = isTrue ? 'True' : 'False'
      const before = live.status?.conditions?.find(each => each.type === type)
      return {
        type,
        status,
        ...(reason && !isTrue && { reason }),
        lastTransitionTime: before?.status === status ? before.lastTransitionTime! : timestamp(),
      }
    }
    return {
      phase,
      conditions: [
        condition('PodScheduled', true),
        condition('Initialized', true),
        condition('ContainersReady', ready, ended ? 'PodCompleted' : 'ContainersNotReady'),
        condition('Ready', ready, ended ? 'PodCompleted' : 'ContainersNotReady'),
      ],
      containerStatuses: statuses,
      podIP: '127.0.0.1',
      podIPs: [{ ip: '127.0.0.1' }],
      hostIP: '127.0.0.1',
      startTime: this.#startTime,
      qosClass: 'Burstable',
    }
  }
}

const created = ({ name, image }: Container): ContainerStatus => ({
  name,
  image,
  imageID: '',
  ready: false,
  started: false,
  restartCount: 0,
  state: { waiting: { reason: 'PodInitializing' } },
  lastState: {},
})

const sidecarStatus = (running: boolean, error: string, startedAt: string): ContainerStatus => ({
  name: SIDECAR,
  image: SIDECAR_IMAGE,
  imageID: SIDECAR_IMAGE,
  ready: running,
  started: running,
  restartCount: 0,
  state: running
    ? { running: { startedAt } }
    : { waiting: error ? { reason: 'CreateContainerConfigError', message: error } : { reason: 'ContainerCreating' } },
  lastState: {},
})
