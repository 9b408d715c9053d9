import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { Gauge } from 'prom-client'
import { SERVICES } from '../../contracts/topology.ts'
import { authenticator } from '../../kit/auth.ts'
import type { ServiceConfig } from '../../kit/config.ts'
import { daprClient } from '../../kit/dapr.ts'
import { createHttp } from '../../kit/http.ts'
import { createLogger } from '../../kit/log.ts'
import { serveDescription } from '../../kit/openapi.ts'
import type { RunningService } from '../../kit/service.ts'
import { announcer } from './announce.ts'
import { serveDeliveries } from './deliveries.ts'
import { Hub } from './hub.ts'
import { openapi, UPGRADES } from './openapi.ts'
import { Presence, RENEW_MS } from './presence.ts'
import { serveSockets } from './socket.ts'
import { serveStream } from './sse.ts'
import { SETTLE, warmUp } from './warm-up.ts'

const contract = SERVICES.find(({ service }) => service === 'realtime')!
const PING_INTERVAL = 25_000
/** How long clients have to take what was written when the service stops. */
const CLOSE_PATIENCE = 2_000
const FAREWELL_PATIENCE = 1_000

/** Tells every open tab and device of a user what changes, as it changes: by server-sent events or WebSocket. */
export async function startRealtime(config: ServiceConfig, settle: number = SETTLE): Promise<RunningService> {
  const log = createLogger('realtime', config.logLevel)
  const { app, metrics, drain } = createHttp({ service: 'realtime', log })
  serveDescription(app, openapi, UPGRADES)
  const authenticate = authenticator(config.auth)
  const hub = new Hub()
  const dapr = daprClient(config)
  const { announce, flush } = announcer(config.appId, dapr, log)
  const presence = new Presence({ announce, changed: (userId, change) => hub.tell(userId, change) })
  new Gauge({
    name: 'realtime_connections',
    help: 'Open event streams.',
    registers: [metrics],
    collect() {
      this.set(hub.connections)
    },
  })
  serveDeliveries(app, {
    appId: config.appId,
    dapr,
    topics: contract.consumes.map(({ topic }) => topic),
    hub,
    presence,
    log,
    metrics,
    appApiToken: config.appApiToken,
  })
  serveStream(app, '/api/v1/events/stream', hub, presence, authenticate)
  app.get('/api/v1/events/presence', async request => ({ clients: presence.of((await authenticate(request)).id) }))
  const closeSockets = serveSockets(app.server, '/api/v1/events/ws', hub, presence, authenticate)
  await app.listen({ host: config.host, port: config.port })
  const { port } = app.server.address() as AddressInfo
  log.info({ host: config.host, port }, 'listening')

  const stopping = new AbortController()
  const warm = new Gauge({
    name: 'realtime_warm',
    help: '1 once every event is sure to reach this process.',
    registers: [metrics],
  })
  warm.set(0)
  void warmUp(config.daprUrl, settle, stopping.signal).then(reached => {
    if (!reached) return
    hub.warm()
    warm.set(1)
  })
  const pings = setInterval(() => hub.beat(), PING_INTERVAL)
  const renewal = setInterval(() => presence.renew(), RENEW_MS)
  let stopped: Promise<void> | undefined
  const close = async (): Promise<void> => {
    drain()
    stopping.abort()
    clearInterval(pings)
    clearInterval(renewal)
    closeSockets()
    hub.close()
    // A client that does not read would hold the server open.
    const force = setTimeout(() => app.server.closeAllConnections(), CLOSE_PATIENCE)
    await app.close()
    clearTimeout(force)
    // The other replicas need not wait for this one's clients to expire.
    await Promise.race([flush(), sleep(FAREWELL_PATIENCE, undefined, { ref: false })])
  }
  return {
    name: 'realtime',
    host: config.host,
    port,
    stop: () => {
      stopped ??= close()
      return stopped
    },
  }
}
