/** Dapr's scheduler and sidecars, without TLS and without Kubernetes. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { freePorts } from './ports.ts'
import { answers, type RunningEngine, startEngine } from './process.ts'

export interface Scheduler extends RunningEngine {
  /** `host:port` for `startSidecar`. */
  readonly address: string
}

/** The scheduler with an etcd of its own in `folder`; ready in about a second. */
export async function startScheduler({ folder }: { folder: string }): Promise<Scheduler> {
  const [port, health, metrics, client, peer] = (await freePorts(5)) as [number, number, number, number, number]
  const running = await startEngine('scheduler', {
    folder,
    args: [
      ...['--port', String(port), '--listen-address', '127.0.0.1', '--tls-enabled=false'],
      ...['--healthz-port', String(health), '--healthz-listen-address', '127.0.0.1'],
      ...['--metrics-port', String(metrics), '--metrics-listen-address', '127.0.0.1'],
      ...['--id', 'dapr-scheduler-server-0', '--etcd-data-dir', join(folder, 'scheduler')],
      ...['--etcd-client-port', String(client)],
      ...['--etcd-initial-cluster', `dapr-scheduler-server-0=http://127.0.0.1:${peer}`],
      // Where sidecars find it: it would tell them the address of the machine otherwise.
      ...['--override-broadcast-host-port', `127.0.0.1:${port}`],
    ],
    ready: () => answers(`http://127.0.0.1:${health}/healthz`),
  })
  return { ...running, address: `127.0.0.1:${port}` }
}

export interface SidecarOptions {
  folder: string
  appId: string
  /** Where the app listens on 127.0.0.1; a sidecar without an app when absent. */
  appPort?: number
  /** Components and subscriptions as YAML files. */
  resources: string
  scheduler?: Scheduler
  /** A Configuration as a YAML file. */
  configuration?: string
  args?: readonly string[]
  /** Variables of the sidecar: its tokens, its namespace. */
  env?: Readonly<Record<string, string>>
}

export interface Sidecar extends RunningEngine {
  /** Of its HTTP API, `/v1.0` not included. */
  readonly url: string
  readonly httpPort: number
  readonly grpcPort: number
}

/**
 * One daprd. Ready means that its API answers; the app may come later (`/v1.0/healthz` tells of both).
 * Two sidecars find each other with a name resolution of the Configuration (sqlite), not by multicast.
 */
export async function startSidecar(options: SidecarOptions): Promise<Sidecar> {
  const [http, grpc, internal, metrics] = (await freePorts(4)) as [number, number, number, number]
  mkdirSync(options.folder, { recursive: true })
  const running = await startEngine('daprd', {
    folder: options.folder,
    name: `daprd-${options.appId}`,
    args: [
      ...['--app-id', options.appId, '--mode', 'standalone', '--resources-path', options.resources],
      ...(options.appPort === undefined ? [] : ['--app-port', String(options.appPort)]),
      ...['--dapr-http-port', String(http), '--dapr-grpc-port', String(grpc)],
      ...['--dapr-internal-grpc-port', String(internal), '--metrics-port', String(metrics)],
      ...['--dapr-listen-addresses', '127.0.0.1', '--dapr-internal-grpc-listen-address', '127.0.0.1'],
      ...['--metrics-listen-address', '127.0.0.1'],
      ...(options.scheduler ? ['--scheduler-host-address', options.scheduler.address] : []),
      ...(options.configuration ? ['--config', options.configuration] : []),
      ...(options.args ?? []),
    ],
    ...(options.env && { env: options.env }),
    ready: () => answers(`http://127.0.0.1:${http}/v1.0/healthz/outbound`),
  })
  return { ...running, url: `http://127.0.0.1:${http}`, httpPort: http, grpcPort: grpc }
}
