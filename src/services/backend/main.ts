import { asyncapi } from '../../contracts/asyncapi.ts'
import { SERVICES } from '../../contracts/topology.ts'
import { xregistry } from '../../contracts/xregistry.ts'
import { startCanary } from '../../kit/canary.ts'
import type { ServiceConfig } from '../../kit/config.ts'
import { serveDescription } from '../../kit/openapi.ts'
import { startRelay } from '../../kit/relay.ts'
import { type RunningService, startService } from '../../kit/service.ts'
import { subscribe } from '../../kit/subscriber.ts'
import { registerCalendar } from './calendar/routes.ts'
import { modelOf, registerChat } from './chat/routes.ts'
import { registerConsole } from './console/routes.ts'
import { registerDeadLetters } from './dead-letters.ts'
import { startForgetting } from './idempotency.ts'
import { registerMcp } from './mcp.ts'
import { createOccurrence } from './occurrences.ts'
import { openapi } from './openapi.ts'
import { registerPerson } from './person.ts'
import { registerQuickAdd } from './quick-add/routes.ts'
import { registerReminders } from './reminder-routes.ts'
import { startReplayer } from './replays.ts'
import { registerRoutes } from './routes.ts'
import { registerSeries } from './series-routes.ts'

const [events, catalog] = [asyncapi(), xregistry()]
const contract = SERVICES.find(({ service }) => service === 'backend')!

/** Tasks: REST and MCP, the outbox relay, and the occurrences that the recurring service asks for. */
export const startBackend = (config: ServiceConfig): Promise<RunningService> =>
  startService('backend', config, ({ app, db, dapr, log, metrics, authenticate, onClose, onListen }) => {
    serveDescription(app, openapi)
    const relay = startRelay({
      databaseUrl: config.databaseUrl!,
      service: 'backend',
      dapr,
      log,
      metrics,
      onLeading: () => canary.wake(),
    })
    onClose(relay.stop)
    const { appId } = config
    const canary = startCanary({
      appId,
      topics: contract.publishes,
      everyMs: config.canarySeconds * 1_000,
      dapr,
      isLeader: relay.isLeader,
      log,
      metrics,
    })
    // A canary under way is not worth waiting for.
    onClose(() => void canary.stop())
    const routes = { db, authenticate, appId: config.appId, wake: relay.wake }
    registerRoutes(app, routes)
    registerSeries(app, routes)
    registerQuickAdd(app, routes)
    registerReminders(app, routes)
    registerCalendar(app, routes)
    registerPerson(app, { ...routes, dapr })
    registerChat(app, { ...routes, dapr, log, model: modelOf(config.chat, dapr) })
    registerDeadLetters(app, routes)
    registerConsole(app, { ...routes, door: { url: config.platformViewUrl, apiToken: config.appApiToken } })
    registerMcp(app, routes)
    onListen(() => onClose(startReplayer({ db, log, appId: config.appId, wake: relay.wake }).stop))
    onListen(() => onClose(startForgetting(db, log).stop))
    app.get('/asyncapi.json', async () => events)
    app.get('/xregistry.json', async () => catalog)
    subscribe(app, {
      consumer: config.appId,
      topics: contract.consumes.map(({ topic }) => topic),
      handlers: { 'recurrence.triggered': createOccurrence(config.appId, relay.wake) },
      publishing: () => {
        const [published, unpublished] = [canary.published(), relay.problem()]
        return { ...(published && { published }), ...(unpublished !== undefined && { unpublished }) }
      },
      db,
      dapr,
      log,
      metrics,
      ...(config.appApiToken ? { appApiToken: config.appApiToken } : {}),
    })
  })
