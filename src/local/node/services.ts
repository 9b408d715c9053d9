import { connect, createServer, type Server, type Socket } from 'node:net'
import { keyOf } from '../keyed-loop.ts'
import type { KubeObject, LocalClient } from '../kube-api/api.ts'
import { isReady, matches, POD, type Pod, SERVICE } from './types.ts'

interface ServiceSpec {
  selector?: Record<string, string>
  ports?: { name?: string; port: number; targetPort?: number | string }[]
}

type Service = KubeObject<ServiceSpec>

export interface ServiceProxies {
  /** The port on 127.0.0.1 that leads to a Service's port; made at the first question, and the same until stop. */
  localPort(namespace: string, name: string, port: number): Promise<number>
  stop(): Promise<void>
}

export interface ServiceProxyOptions {
  client: LocalClient
  /** The port on this machine of a pod's container port. */
  podPort(pod: Pod, port: number | string): number | undefined
  /** Ports that must be a given one, by `namespace/name:port`: the way in for people. */
  fixed: Record<string, number>
}

/**
 * What kube-proxy and cluster DNS do in a cluster: each Service port has one address, behind it whichever pods are ready.
 * A connection that finds none waits a little, as it would be retried by any client while a pod is replaced.
 */
export function startServiceProxies({ client, podPort, fixed }: ServiceProxyOptions): ServiceProxies {
  const services = new Map<string, Service>()
  const pods = new Map<string, Pod>()
  const servers = new Map<string, Promise<{ port: number; server: Server }>>()
  const sockets = new Set<Socket>()
  const stops = [
    client.watch<Service>(SERVICE, {}, event => {
      if (event.type === 'DELETED') services.delete(keyOf(event.object))
      else if (event.type !== 'SYNCED') services.set(keyOf(event.object), event.object)
    }),
    client.watch<Pod>(POD, {}, event => {
      if (event.type === 'DELETED') pods.delete(keyOf(event.object))
      else if (event.type !== 'SYNCED') pods.set(keyOf(event.object), event.object)
    }),
  ]
  let turn = 0

  const backend = (key: string, port: number): number | undefined => {
    const service = services.get(key)
    const found = service?.spec?.ports?.find(each => each.port === port)
    if (!service || !found) return undefined
    const ready = [...pods.values()].filter(
      pod =>
        pod.metadata.namespace === service.metadata.namespace &&
        isReady(pod) &&
        matches(pod.metadata.labels, service.spec?.selector),
    )
    return ready.length > 0 ? podPort(ready[turn++ % ready.length]!, found.targetPort ?? found.port) : undefined
  }

  const forward = async (socket: Socket, key: string, port: number): Promise<void> => {
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => sockets.delete(socket))
    let target = backend(key, port)
    for (let tries = 0; target === undefined && tries < 100 && !socket.destroyed; tries++) {
      await new Promise(resolve => setTimeout(resolve, 50))
      target = backend(key, port)
    }
    if (target === undefined) return void socket.destroy()
    const upstream = connect(target, '127.0.0.1')
    sockets.add(upstream)
    upstream.setNoDelay(true)
    socket.setNoDelay(true)
    upstream.on('error', () => socket.destroy())
    upstream.on('close', () => {
      sockets.delete(upstream)
      socket.destroy()
    })
    socket.on('close', () => upstream.destroy())
    socket.pipe(upstream).pipe(socket)
  }

  const open = (key: string, port: number): Promise<{ port: number; server: Server }> =>
    new Promise((resolve, reject) => {
      const server = createServer({ pauseOnConnect: false }, socket => void forward(socket, key, port))
      server.once('error', reject)
      server.listen(fixed[`${key}:${port}`] ?? 0, '127.0.0.1', () => {
        const address = server.address()
        resolve({ server, port: typeof address === 'object' && address ? address.port : 0 })
      })
    })

  return {
    async localPort(namespace, name, port) {
      const id = `${namespace}/${name}:${port}`
      let opened = servers.get(id)
      if (!opened) {
        opened = open(`${namespace}/${name}`, port)
        servers.set(id, opened)
      }
      return (await opened).port
    },
    async stop() {
      for (const stop of stops) stop()
      for (const socket of sockets) socket.destroy()
      for (const opened of await Promise.allSettled(servers.values()))
        if (opened.status === 'fulfilled') opened.value.server.close()
    },
  }
}

const SERVICE_ADDRESS = /\b([a-z0-9][-a-z0-9]*)\.([a-z0-9][-a-z0-9]*)\.svc(?:\.cluster\.local)?:(\d+)/g

/** A laptop has no cluster DNS: `name.namespace.svc:port` in a variable becomes the address that leads there. */
export async function withLocalAddresses(text: string, proxies: ServiceProxies): Promise<string> {
  const found = [...text.matchAll(SERVICE_ADDRESS)]
  const ports = await Promise.all(
    found.map(([, name, namespace, port]) => proxies.localPort(namespace!, name!, Number(port))),
  )
  let next = 0
  return text.replace(SERVICE_ADDRESS, () => `127.0.0.1:${ports[next++]}`)
}
