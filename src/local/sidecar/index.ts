/** Dapr's sidecar, embedded: the HTTP API of daprd 1.18 for one pod, over the embedded log and Kubernetes API. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Clock, type EventLog, pause, systemClock } from '../log/index.ts'
import { type Handler, handlers } from './api.ts'
import type { HealthCheck } from './app-health.ts'
import type { DeliveryFaults } from './delivery-faults.ts'
import { apiRequest, errorReply, send } from './http.ts'
import type { InvokeContext } from './invoke.ts'
import { meshOf } from './mesh.ts'
import type { DaprResources } from './resources.ts'
import { Runtime } from './runtime.ts'
import type { JobScheduler } from './scheduler.ts'

export type { HealthCheck } from './app-health.ts'
export type { DeliveryFaults } from './delivery-faults.ts'
export { type DaprResources, kubeDaprResources, memoryDaprResources } from './resources.ts'
export { type JobScheduler, openJobScheduler } from './scheduler.ts'

export interface SidecarOptions {
  appId: string
  namespace: string
  podName: string
  appHost?: '127.0.0.1'
  /** Absent: the pod serves nothing, it only calls. */
  appPort?: number
  /** Variables of the sidecar's container, for `envRef`. */
  env: Readonly<Record<string, string>>
  /** 0 or absent: any free port. */
  httpPort?: number
  publicPort?: number
  /** What callers must send as `dapr-api-token`. */
  apiToken?: string
  /** What the app gets as `dapr-api-token`. */
  appToken?: string
  /** Name of the Configuration (annotation `dapr.io/config`). */
  configuration?: string
  healthCheck?: HealthCheck
  /** How long `stop` waits for what is in hand; 5 as daprd's. */
  gracefulShutdownSeconds?: number
  resources: DaprResources
  log: EventLog
  jobs: JobScheduler
  /** Where an app listens that has no sidecar over the same `log`; those find each other by themselves. */
  resolveApp: (appId: string, namespace: string) => { host: string; port: number } | undefined
  clock?: Clock
  logger?: (line: object) => void
  /** What deliveries to the app are put through. */
  faults?: DeliveryFaults
}

export interface Sidecar {
  readonly httpPort: number
  readonly publicPort: number
  /** Stops taking messages, jobs and ticks and waits for those in hand; the API goes on serving. */
  drain(): Promise<void>
  /** Drains, at most for the graceful period, and closes. */
  stop(): Promise<void>
}

const TOKEN_FREE = ['/v1.0/healthz', '/v1.0/healthz/outbound']

function listen(handler: Handler, port: number, token: string | undefined): Promise<Server> {
  const server = createServer((raw, response) => {
    const open = raw.method === 'GET' && TOKEN_FREE.includes((raw.url ?? '').split('?')[0]!.replace(/\/$/, ''))
    if (token !== undefined && raw.headers['dapr-api-token'] !== token && !open) {
      send(response, {
        status: 401,
        headers: { 'content-type': 'text/plain; charset=utf-8' },
        body: 'invalid api token\n',
      })
      return
    }
    const request = apiRequest(raw, response)
    handler(request).then(
      reply => reply && send(response, reply),
      error => send(response, errorReply(error)),
    )
  })
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject)
      resolve(server)
    })
  })
}

const close = (server: Server): Promise<void> =>
  new Promise(resolve => {
    server.close(() => resolve())
    server.closeAllConnections()
  })

const portOf = (server: Server): number => (server.address() as AddressInfo).port

/**
 * Starts the sidecar of one pod. Resolves as soon as its ports listen; `/v1.0/healthz` tells when it is ready, and why
 * not. @throws Error (EADDRINUSE) when a port is taken
 */
export async function startSidecar(options: SidecarOptions): Promise<Sidecar> {
  const { appId, namespace, podName, env, resources, jobs, clock = systemClock, logger = () => {} } = options
  const log = (level: string, message: string): void =>
    logger({ time: new Date(clock.now()).toISOString(), level, app_id: appId, instance: podName, msg: message })
  const runtime = new Runtime({
    identity: { appId, namespace, podName, env },
    appHost: options.appHost ?? '127.0.0.1',
    appPort: options.appPort,
    appToken: options.appToken,
    configuration: options.configuration,
    healthCheck: options.healthCheck,
    resources,
    eventLog: options.log,
    jobs,
    clock,
    log,
    faults: options.faults,
  })
  const invocation: InvokeContext = {
    identity: runtime.options.identity,
    trustDomain: () => runtime.trustDomain,
    clock,
    mesh: meshOf(options.log),
    resolveApp: options.resolveApp,
    resiliency: () => runtime.resiliency,
  }
  const { api, publicApi } = handlers(runtime, invocation, () => setImmediate(() => void stop()))
  const server = await listen(api, options.httpPort ?? 0, options.apiToken)
  const publicServer = await listen(publicApi, options.publicPort ?? 0, undefined).catch(async error => {
    await close(server)
    throw error
  })
  const [httpPort, publicPort] = [portOf(server), portOf(publicServer)]
  runtime.start()
  log('info', `dapr initialized. Status: Running. http port ${httpPort}, public port ${publicPort}`)

  let draining: Promise<void> | undefined
  const drain = (): Promise<void> => {
    draining ??= runtime.drain()
    return draining
  }
  let stopping: Promise<void> | undefined
  const stop = (): Promise<void> => {
    stopping ??= (async () => {
      const patience = new AbortController()
      const grace = (options.gracefulShutdownSeconds ?? 5) * 1000
      await Promise.race([drain(), pause(clock, grace, patience.signal)])
      patience.abort()
      await runtime.close()
      await Promise.all([close(server), close(publicServer)])
    })()
    return stopping
  }
  return { httpPort, publicPort, drain, stop }
}
