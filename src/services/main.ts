/** `node dist/services.mjs <service>` runs one service; `migrate` brings the database up to date and ends, `topics` those of a Kafka outside. */
import { setTimeout as sleep } from 'node:timers/promises'
import { ConfigError, loadConfig, type ServiceConfig } from '../kit/config.ts'
import { createLogger } from '../kit/log.ts'
import { migrate } from '../kit/migrate.ts'
import type { RunningService } from '../kit/service.ts'
import { MIGRATIONS } from './migrations/index.ts'

type Start = (config: ServiceConfig) => Promise<Pick<RunningService, 'stop'>>

interface Service {
  /** Variables it cannot run without. */
  needs: string[]
  load(): Promise<Start>
}

const withDatabase = (load: Service['load']): Service => ({ needs: ['APP_ID', 'DATABASE_URL'], load })

// Loaded on demand: each process pays only for the service it runs.
const services: Record<string, Service> = {
  backend: withDatabase(async () => (await import('./backend/main.ts')).startBackend),
  recurring: withDatabase(async () => (await import('./recurring/main.ts')).startRecurring),
  notification: withDatabase(async () => (await import('./notification/main.ts')).startNotification),
  audit: withDatabase(async () => (await import('./audit/main.ts')).startAudit),
  analytics: withDatabase(async () => (await import('./analytics/main.ts')).startAnalytics),
  realtime: { needs: ['APP_ID'], load: async () => (await import('./realtime/main.ts')).startRealtime },
  web: { needs: ['APP_ID'], load: async () => (await import('./web/main.ts')).startWeb },
}

const MIGRATION_PATIENCE_MS = 60_000

async function main(name: string | undefined): Promise<void> {
  if (name === 'migrate') return bringUpToDate(loadConfig(process.env, ['DATABASE_URL']), name)
  if (name === 'topics') return process.exit(await (await import('./topics/main.ts')).bringTopicsOnce(process))
  const service = name ? services[name] : undefined
  if (!service)
    throw new ConfigError(`TEP4205: name a service: ${[...Object.keys(services), 'migrate', 'topics'].join(', ')}.`)
  const start = await service.load()
  stopOnSignal(await start(loadConfig(process.env, service.needs)))
}

/** Waits for a database that is still starting; whoever comes first migrates, the others find nothing to do. */
async function bringUpToDate({ databaseUrl, logLevel }: ServiceConfig, name: string): Promise<void> {
  const log = createLogger(name, logLevel)
  for (const began = Date.now(); ; ) {
    try {
      const applied = await migrate(databaseUrl!, MIGRATIONS)
      if (applied.length) log.info({ applied }, 'database migrated')
      return
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      const starting = ['ECONNREFUSED', 'ENOTFOUND', 'ETIMEDOUT', 'ECONNRESET', '57P03', '3D000'].includes(code ?? '')
      if (!starting || Date.now() - began > MIGRATION_PATIENCE_MS) throw error
      log.warn({ err: message }, 'the database is not there yet')
      await sleep(500)
    }
  }
}

/** A second signal ends the process at once. */
function stopOnSignal(service: Pick<RunningService, 'stop'>): void {
  const stop = (): void => {
    service.stop().then(
      () => process.exit(0),
      error => {
        console.error(error)
        process.exit(1)
      },
    )
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, stop)
}

try {
  await main(process.argv[2])
} catch (error) {
  console.error(error instanceof ConfigError ? error.message : error)
  process.exit(error instanceof ConfigError ? 2 : 1)
}
