import { randomBytes } from 'node:crypto'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { keptPorts } from './kept-ports.ts'
import type { KubeObject, LocalClient } from './kube-api/api.ts'
import { kubeconfig, openKubeApi, serveKubeApi } from './kube-api/index.ts'
import { openLog } from './log/index.ts'
import { type EmbeddedNode, type Images, startNode } from './node/index.ts'
import { installCrds, startCloudNativePg, startStrimzi } from './operators/index.ts'
import { startPostgres } from './postgres/index.ts'
import { processRegister } from './processes.ts'
import { type DeliveryFaults, kubeDaprResources, openJobScheduler, startSidecar } from './sidecar/index.ts'

const LEASE = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' }

export interface PlaceOptions {
  /** Everything is kept here; a later start finds it again. */
  folder: string
  images: Images
  /** Ports of Services that must be a given one, by `namespace/name:port`. */
  fixedPorts?: Record<string, number>
  /** What every delivery of an event is put through. */
  faults?: DeliveryFaults
  onProgress(step: string): void
  onError(source: string, key: string, error: unknown): void
}

export interface Place {
  client: LocalClient
  kubeconfigPath: string
  node: EmbeddedNode
  stop(): Promise<void>
}

/**
 * The embedded place: a Kubernetes API with a node, Kafka's and PostgreSQL's operators, and Dapr's sidecars, in this
 * process; pods and PostgreSQL are processes of their own. Errors carry TEP51xx codes.
 */
export async function startPlace(options: PlaceOptions): Promise<Place> {
  const { folder, onError, onProgress } = options
  const data = join(folder, 'data')
  mkdirSync(data, { recursive: true })
  const stops: (() => unknown)[] = []
  const stop = async (): Promise<void> => {
    for (const each of stops.splice(0).reverse()) await each()
  }
  try {
    onProgress('Kubernetes API and PostgreSQL')
    const processes = processRegister(join(folder, 'processes'))
    await processes.endLeftOvers()
    const ports = keptPorts(join(folder, 'ports.json'))
    const starting = ports.get('postgres').then(port => startPostgres({ dataDir: join(data, 'postgres'), port }))
    // The API comes up meanwhile; a failure of the database is met where it is awaited.
    starting.catch(() => undefined)
    let node: EmbeddedNode | undefined
    const api = await openKubeApi({
      store: { file: join(data, 'kubernetes.db') },
      podLogs: (ref, request, signal) => node?.podLogs(ref, request, signal),
      podPort: (namespace, pod, port) => node?.podPort(namespace, pod, port),
    })
    stops.push(() => api.close())
    const token = keptToken(join(folder, 'token'))
    const server = await serveKubeApi(api, {
      port: await ports.get('kubernetes'),
      tokens: { [token]: 'admin' },
    })
    stops.push(() => server.close())
    const kubeconfigPath = join(folder, 'kubeconfig')
    writeFileSync(
      kubeconfigPath,
      kubeconfig({ url: server.url, token, namespace: 'todo', certificateAuthority: server.certificateAuthority }),
      { mode: 0o600 },
    )
    const { client } = api
    await releaseLeases(client)
    const postgres = await starting
    stops.push(() => postgres.stop())

    onProgress('event log, Kafka and database operators')
    const log = openLog({ file: join(data, 'events.db') })
    stops.push(() => log.close())
    const jobs = openJobScheduler({ file: join(data, 'jobs.db') })
    stops.push(() => jobs.close())
    await installCrds(client)
    const strimzi = startStrimzi({ client, log })
    stops.push(() => strimzi.stop())
    const databases = startCloudNativePg({
      client,
      database: {
        createDatabase: async database => {
          await postgres.createDatabase(database)
          return { host: postgres.host, port: postgres.port }
        },
        dropDatabase: name => postgres.dropDatabase(name),
      },
    })
    stops.push(() => databases.stop())

    onProgress('node')
    const resources = new Map<string, ReturnType<typeof kubeDaprResources>>()
    const resourcesOf = (namespace: string): ReturnType<typeof kubeDaprResources> => {
      const known = resources.get(namespace) ?? kubeDaprResources(client, namespace)
      resources.set(namespace, known)
      return known
    }
    stops.push(() => {
      for (const each of resources.values()) each.close()
    })
    node = await startNode({
      client,
      images: withKubeconfig(options.images, kubeconfigPath),
      folder: join(folder, 'pods'),
      ...(options.fixedPorts && { fixedPorts: options.fixedPorts }),
      onProcess: (pid, alive) => (alive ? processes.add(pid) : processes.remove(pid)),
      onError,
      startSidecar: async ({ pod, settings, appPort, env, apiToken, appToken, log: line }) => {
        const namespace = pod.metadata.namespace!
        return startSidecar({
          appId: settings.appId,
          namespace,
          podName: pod.metadata.name,
          env,
          resources: resourcesOf(namespace),
          log,
          jobs,
          resolveApp: (appId, inNamespace) => node?.addressOfApp(appId, inNamespace),
          logger: entry => line(JSON.stringify(entry)),
          ...(appPort !== undefined && { appPort }),
          ...(apiToken && { apiToken }),
          ...(appToken && { appToken }),
          ...(options.faults && { faults: options.faults }),
          ...(settings.configuration && { configuration: settings.configuration }),
          ...(settings.healthCheck && { healthCheck: settings.healthCheck }),
          ...(settings.gracefulShutdownSeconds !== undefined && {
            gracefulShutdownSeconds: settings.gracefulShutdownSeconds,
          }),
        })
      },
    })
    stops.push(() => node?.stop())
    return { client, kubeconfigPath, node, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Left-over processes were ended: whoever held a Lease before this start is no more, and nobody has to wait for it to run out. */
async function releaseLeases(client: LocalClient): Promise<void> {
  for (const lease of await client.list<KubeObject<{ holderIdentity?: string }>>(LEASE)) {
    if (lease.spec?.holderIdentity)
      await client.merge(LEASE, lease.metadata.namespace, lease.metadata.name, { spec: { holderIdentity: '' } })
  }
}

/** In a cluster the controller finds the API through its ServiceAccount; here through a file. */
const withKubeconfig = (images: Images, kubeconfigPath: string): Images =>
  Object.fromEntries(
    Object.entries(images).map(([name, image]) => [
      name,
      name === 'controller' ? { ...image, env: { ...image.env, KUBECONFIG: kubeconfigPath } } : image,
    ]),
  )

function keptToken(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    const token = randomBytes(24).toString('base64url')
    writeFileSync(file, token, { mode: 0o600 })
    chmodSync(file, 0o600)
    return token
  }
}
