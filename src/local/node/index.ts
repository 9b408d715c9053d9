import { arch, cpus, platform, release, totalmem } from 'node:os'
import { keyOf } from '../keyed-loop.ts'
import type { LocalClient } from '../kube-api/api.ts'
import { startDeployments } from './deployments.ts'
import { startJobs } from './jobs.ts'
import type { LogRequest } from './logs.ts'
import { type Images, PodRun, type RunningSidecar, type SidecarStart } from './pod.ts'
import { startReplicaSets } from './replica-sets.ts'
import { type ServiceProxies, startServiceProxies } from './services.ts'
import { isReady, isTerminating, POD, type Pod, timestamp } from './types.ts'

export type { Images, RunningSidecar, SidecarStart } from './pod.ts'

export interface NodeOptions {
  client: LocalClient
  name?: string
  images: Images
  /** For logs and volumes of pods. */
  folder: string
  /** Local ports of Services that must be a given one, by `namespace/name:port`. */
  fixedPorts?: Record<string, number>
  startSidecar(start: SidecarStart): Promise<RunningSidecar>
  /** Told of every process, so that whoever cleans up after a crash finds them all. */
  onProcess?(pid: number, alive: boolean): void
  onError(source: string, key: string, error: unknown): void
}

export interface EmbeddedNode {
  services: ServiceProxies
  /** The host and port of a running pod of a Dapr app: name resolution for service invocation. */
  addressOfApp(appId: string, namespace: string): { host: string; port: number } | undefined
  podLogs(
    ref: { namespace: string; pod: string; container?: string },
    options: LogRequest,
    signal: AbortSignal,
  ): AsyncIterable<Uint8Array> | undefined
  /** The port of this machine that leads to a port of a running pod. */
  podPort(namespace: string, pod: string, port: number | string): number | undefined
  stop(): Promise<void>
}

/** Kubelet, the workload controllers and kube-proxy of a one-node cluster, with processes for containers. */
export async function startNode(options: NodeOptions): Promise<EmbeddedNode> {
  const { client, name = 'embedded', onError } = options
  const runs = new Map<string, { pod: Pod; run: PodRun }>()
  const leaving = new Set<Promise<void>>()
  let stopped = false

  await registerNode(client, name)
  await forgetReadiness(client)
  const services = startServiceProxies({
    client,
    podPort: (pod, port) => runs.get(pod.metadata.uid!)?.run.portOf(port),
    fixed: options.fixedPorts ?? {},
  })
  const host = {
    client,
    images: options.images,
    folder: options.folder,
    proxies: services,
    startSidecar: options.startSidecar,
    onProcess: options.onProcess ?? (() => {}),
    onError: (key: string, error: unknown) => onError('pod', key, error),
  }

  const begin = (pod: Pod): void => {
    const run = new PodRun(host, pod)
    runs.set(pod.metadata.uid!, { pod, run })
    run.start().catch(error => onError('pod', keyOf(pod), error))
  }

  const end = (uid: string): void => {
    const entry = runs.get(uid)
    if (!entry) return
    runs.delete(uid)
    const done = entry.run.stop({ forget: true }).finally(() => leaving.delete(done))
    leaving.add(done)
  }

  const stopWatching = client.watch<Pod>(POD, {}, event => {
    if (event.type === 'SYNCED' || stopped) return
    const pod = event.object
    const uid = pod.metadata.uid!
    if (event.type === 'DELETED') return end(uid)
    if (isTerminating(pod)) {
      const entry = runs.get(uid)
      if (!entry) return
      // Graceful deletion: the object goes when its containers have ended, as kubelet confirms it with grace period 0.
      void entry.run
        .stop({ forget: true })
        .then(() =>
          client
            .delete(POD, pod.metadata.namespace, pod.metadata.name, { preconditions: { uid } })
            .catch(() => undefined),
        )
      return
    }
    const over = pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed'
    if (!runs.has(uid) && !over) begin(pod)
  })
  const loops = [
    startReplicaSets(client, (key, error) => onError('replicasets', key, error)),
    startDeployments(client, (key, error) => onError('deployments', key, error)),
    startJobs(client, (key, error) => onError('jobs', key, error)),
  ]

  const byName = (namespace: string, pod: string): PodRun | undefined =>
    [...runs.values()].find(entry => entry.pod.metadata.namespace === namespace && entry.pod.metadata.name === pod)?.run

  return {
    services,
    addressOfApp(appId, namespace) {
      for (const { pod, run } of runs.values()) {
        const annotations = pod.metadata.annotations ?? {}
        if (pod.metadata.namespace !== namespace || annotations['dapr.io/app-id'] !== appId) continue
        const port = run.portOf(Number(annotations['dapr.io/app-port']))
        if (port !== undefined) return { host: '127.0.0.1', port }
      }
      return undefined
    },
    podLogs(ref, request, signal) {
      const run = byName(ref.namespace, ref.pod)
      const container = ref.container ?? run?.containerNames[0]
      return run && container && run.containerNames.includes(container)
        ? run.logs.read(container, request, signal)
        : undefined
    },
    podPort: (namespace, pod, port) => byName(namespace, pod)?.portOf(port),
    async stop() {
      stopped = true
      stopWatching()
      await Promise.all(loops.map(loop => loop.stop()))
      await Promise.all([...runs.values()].map(({ run }) => run.stop({ forget: false })))
      await Promise.all(leaving)
      await services.stop()
    },
  }
}

async function registerNode(client: LocalClient, name: string): Promise<void> {
  const node = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: { 'kubernetes.io/hostname': name, 'kubernetes.io/os': platform(), 'kubernetes.io/arch': arch() },
    },
  }
  await client.apply(node, { fieldManager: 'embedded-node', force: true })
  const quantity = { cpu: String(cpus().length), memory: `${Math.floor(totalmem() / 1024)}Ki`, pods: '110' }
  const status = {
    capacity: quantity,
    allocatable: quantity,
    addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
    conditions: [
      {
        type: 'Ready',
        status: 'True',
        reason: 'EmbeddedReady',
        message: 'containers are processes',
        lastTransitionTime: timestamp(),
      },
    ],
    nodeInfo: {
      kubeletVersion: 'v1.36.0+embedded',
      osImage: platform(),
      kernelVersion: release(),
      containerRuntimeVersion: 'process://1',
      operatingSystem: platform(),
      architecture: arch(),
    },
  }
  await client.merge(node, undefined, name, { status }, 'status')
}

/** After a start no process of before runs: pods that say so would deceive everybody who waits for them. */
async function forgetReadiness(client: LocalClient): Promise<void> {
  for (const pod of await client.list<Pod>(POD)) {
    const conditions = (pod.status?.conditions ?? []).map(condition =>
      condition.type === 'Ready' || condition.type === 'ContainersReady'
        ? { ...condition, status: 'False', reason: 'NodeRestarted', lastTransitionTime: timestamp() }
        : condition,
    )
    const { namespace, name } = pod.metadata
    if (isReady(pod)) await client.merge(POD, namespace, name, { status: { conditions } }, 'status')
  }
}
