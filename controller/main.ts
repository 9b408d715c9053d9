import './memory.ts'
import packageJson from '../package.json' with { type: 'json' }
import { COMMANDS, runCommand } from './commands/index.ts'
import { serveHealth } from './health.ts'
import { systemClock } from './kube/clock.ts'
import { systemRandom } from './kube/random.ts'
import { kubeConfigTransport } from './kube/transport.ts'
import { loadKubeConfig } from './kubeconfig.ts'
import { createMetrics, observeManager } from './metrics.ts'
import { parseSettings } from './settings.ts'
import { type Log, startController } from './start.ts'

const log: Log = (level, message, fields = {}) =>
  console.log(JSON.stringify({ time: new Date().toISOString(), level, message, ...fields }))

const kubeConfig = (() => {
  try {
    return loadKubeConfig()
  } catch (error) {
    log('error', (error as Error).message)
    process.exit(1)
  }
})()
if (COMMANDS.includes(process.argv[2] ?? ''))
  process.exit(
    await runCommand(process.argv, {
      transport: kubeConfigTransport(kubeConfig),
      clock: systemClock,
      version: packageJson.version,
      say: line => console.log(line),
    }),
  )
const settings = parseSettings(process.argv, packageJson.version)
const metrics = createMetrics()
const collector = process.env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'] ?? process.env['OTEL_EXPORTER_OTLP_ENDPOINT']
// Only whoever asks for traces pays for them in memory and start-up time.
const endTraces = collector ? (await import('./traces.ts')).exportTraces(packageJson.version) : undefined

log('info', 'starting', {
  version: settings.version,
  servicesImage: settings.servicesImage,
  namespaces: settings.namespaces,
})
const controller = startController({
  transport: kubeConfigTransport(kubeConfig),
  clock: systemClock,
  random: systemRandom,
  settings,
  metrics,
  log,
  checkCrd: true,
})

const server = await serveHealth(
  {
    ready: controller.ready,
    staleness: () => controller.manager.staleness(),
    metrics: () => {
      observeManager(metrics, controller.manager)
      return metrics.registry.metrics()
    },
    metricsType: metrics.registry.contentType,
    view: controller.view,
  },
  settings.healthHost,
  settings.healthPort,
).catch((error: NodeJS.ErrnoException) => {
  log(
    'error',
    `cannot listen on ${settings.healthHost}:${settings.healthPort} (${error.code}): choose another with --port`,
  )
  process.exit(1)
})

for (const signal of ['SIGTERM', 'SIGINT'] as const)
  process.once(signal, () => {
    log('info', 'stopping', { signal })
    void controller.stop()
  })

const { error } = await controller.ended
if (error) log('error', 'ended; exiting', { code: error.code, error: error.message })
server.close()
await endTraces?.().catch((reason: unknown) =>
  log('warn', 'the last spans could not be sent', { error: String(reason) }),
)
process.exit(error ? 1 : 0)
