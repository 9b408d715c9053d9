import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { Registry } from 'prom-client'
import { DRAIN_SECONDS } from '../contracts/shutdown.ts'
import { type Authenticate, authenticator } from './auth.ts'
import { ConfigError, type ServiceConfig } from './config.ts'
import { type Dapr, daprClient } from './dapr.ts'
import { type Database, openDatabase } from './db.ts'
import { createHttp } from './http.ts'
import { createLogger, type Logger } from './log.ts'
import { limited } from './rate-limit.ts'

/** What a service is built from. */
export interface ServiceContext {
  config: ServiceConfig
  app: FastifyInstance
  log: Logger
  metrics: Registry
  db: Database
  dapr: Dapr
  authenticate: Authenticate
  /** Runs when the last request is answered, before the database closes; the latest added runs first. */
  onClose(work: () => Promise<void> | void): void
  /** Runs once the port is open. */
  onListen(work: () => Promise<void> | void): void
}

export interface RunningService {
  name: string
  host: string
  port: number
  /** Graceful: not ready, then finish what is under way, then close everything. Safe to call twice. */
  stop(): Promise<void>
}

/** What a pod with a fifth of a processor answers within some five seconds. */
const MOST_OPEN = 250

/**
 * Builds and starts one service with a database.
 * @param name also the suffix of its database role
 * @throws ConfigError TEP4205, or whatever `build` throws; nothing is left open then
 */
export async function startService(
  name: string,
  config: ServiceConfig,
  build: (context: ServiceContext) => Promise<void> | void,
): Promise<RunningService> {
  if (!config.databaseUrl) throw new ConfigError('TEP4205: set DATABASE_URL: the service cannot start without.')
  const log = createLogger(name, config.logLevel)
  const db = openDatabase({ url: config.databaseUrl, service: name, log })
  const { app, metrics, drain } = createHttp({ service: name, log, check: db.check, mostOpen: MOST_OPEN })
  const closers: (() => Promise<void> | void)[] = []
  const starters: (() => Promise<void> | void)[] = []
  const close = async (): Promise<void> => {
    drain()
    const impatience = setTimeout(() => app.server.closeAllConnections(), DRAIN_SECONDS * 1_000)
    await app.close()
    clearTimeout(impatience)
    for (const closer of closers.reverse()) await closer()
    await db.close()
  }
  try {
    await build({
      config,
      app,
      log,
      metrics,
      db,
      dapr: daprClient(config),
      authenticate: limited(authenticator(config.auth), config.rateLimit),
      onClose: work => closers.push(work),
      onListen: work => starters.push(work),
    })
    await app.listen({ host: config.host, port: config.port })
  } catch (error) {
    await close()
    throw error
  }
  for (const starter of starters) await starter()
  const { port } = app.server.address() as AddressInfo
  log.info({ host: config.host, port }, 'listening')
  let stopped: Promise<void> | undefined
  return {
    name,
    host: config.host,
    port,
    stop: () => {
      stopped ??= close()
      return stopped
    },
  }
}
