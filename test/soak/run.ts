import { SERVICES } from '../../src/contracts/topology.ts'
import { freePort } from '../../src/local/ports.ts'
import { Random } from '../fault/random.ts'
import { startDataPlane } from '../support/data-plane.ts'
import { type HttpClient, httpClient } from '../support/http-client.ts'
import { bundleServices, environmentOf, launchService, type ServiceProcess } from '../support/service-process.ts'
import { startBroker } from './broker.ts'
import { judge, type Verdict } from './checker.ts'
import { effects, isOpen } from './effects.ts'
import { parentOf, processorMs } from './processor.ts'
import { type Acked, type Call, runClient } from './workload.ts'

export interface SoakOptions {
  commands: number
  /** Services killed with SIGKILL, spread over the commands. */
  kills: number
  clients: number
  duplicates: number
  reorder: number
  lostReplies: number
  seed: number
  /** How long after the last command everything may take. */
  drainMs: number
  progress?: (text: string) => void
  /** Ends it early: what was acknowledged until then is judged. */
  signal?: AbortSignal
}

export interface SoakResult extends Verdict {
  kills: number
  seed: number
  injected: { duplicates: number; reordered: number; lostReplies: number }
  /** Whether everything came to rest in time. */
  settled: boolean
  /** From the first command until everything was at rest. */
  seconds: number
  /** Milliseconds of processor time per command: of each service, its lives together, of the database, and of this process. */
  processor: Record<string, number>
}

const KILLED = ['backend', 'recurring', 'notification', 'audit', 'analytics'] as const
type Service = (typeof KILLED)[number]
/** Services that may be down at once. */
const KILLERS = 2
/** Commands by which the clients may be ahead of the kills. */
const LEAD = 100

/** Drives real services as processes of their own against a real PostgreSQL and a broker that misbehaves, and judges. */
export async function soak(options: SoakOptions): Promise<SoakResult> {
  const { commands, seed, duplicates, reorder, lostReplies } = options
  const random = new Random(seed)
  const plane = await startDataPlane()
  // A bundle is up three times sooner than the sources, which is most of what a kill costs.
  const program = await bundleServices()
  const ports = Object.fromEntries(
    await Promise.all(KILLED.map(async service => [service, await freePort()] as const)),
  ) as Record<Service, number>
  const broker = await startBroker(
    { duplicates, reorder, lostReplies },
    random.fork(),
    service => ports[service as Service],
  )
  const client = httpClient()
  const processes = new Map<Service, ServiceProcess>()
  const start = async (service: Service): Promise<void> => {
    const { appId } = SERVICES.find(each => each.service === service)!
    const env = {
      ...environmentOf(plane, appId, ports[service]),
      DAPR_HTTP_PORT: String(broker.port),
      LOG_LEVEL: 'error',
      NODE_COMPILE_CACHE: program.cache,
    }
    processes.set(service, launchService([service], env, program.file))
    await ready(ports[service], () => processes.get(service)!.output())
  }
  const acked: Acked[] = []
  const used = await accounts(plane, service => processes.get(service)!.child.pid!)
  let kills = 0
  try {
    for (const { service, consumes } of SERVICES)
      if (service in ports) for (const { topic, types } of consumes) broker.subscribe(topic, service, types)
    // The code cache is written at a graceful end, which no later life of a service has.
    await Promise.all(KILLED.map(start))
    await Promise.all(
      [...processes.values()].map(({ child, exited }) => {
        child.kill('SIGTERM')
        return exited
      }),
    )
    await Promise.all(KILLED.map(start))
    used.begin()

    let issued = 0
    const began = performance.now()
    /** Every kill comes under load: the clients wait for kills that are behind. */
    const more = async (): Promise<boolean> => {
      if (options.signal?.aborted) return false
      while (issued < commands && issued >= ((kills + 1) * commands) / (options.kills + 1) + LEAD) await pause(20)
      return issued++ < commands
    }
    const clients = Array.from({ length: options.clients }, async (_, i) => {
      const user = `user-${i}`
      const token = renewed(() => plane.token(user))
      const unheard = random.fork()
      const call = caller(client, ports.backend, token, () => unheard.chance(lostReplies))
      await runClient(user, call, random.fork(), more, acked)
    })
    const chooser = random.fork()
    const restarting = new Set<Service>()
    /** Kills one service after another, each when as much of the load has passed as of the kills. */
    const killer = async (): Promise<void> => {
      while (kills < options.kills && issued < commands && !options.signal?.aborted) {
        if (issued < ((kills + 1) * commands) / (options.kills + 1)) {
          await pause(20)
          continue
        }
        kills++
        const service = chooser.pick(KILLED.filter(each => !restarting.has(each)))
        restarting.add(service)
        const { child, exited } = processes.get(service)!
        used.ends(service)
        child.kill('SIGKILL')
        await exited
        await start(service)
        restarting.delete(service)
        const rate = Math.round((issued * 1_000) / (performance.now() - began))
        options.progress?.(
          `${Math.min(issued, commands)} of ${commands} commands (${rate} a second), ${kills} kills, ${broker.pending()} deliveries open`,
        )
      }
    }
    await Promise.all([...clients, ...Array.from({ length: KILLERS }, killer)])
    const settled = await drained(plane, broker.pending, options.drainMs)
    const processor = used.perCommand(acked.length)
    const verdict = judge(acked, await effects(sql => plane.db.query(sql)), broker.published)
    const seconds = Math.round((performance.now() - began) / 1_000)
    return { ...verdict, kills, seed, injected: broker.injected, settled, seconds, processor }
  } finally {
    for (const { child, exited } of processes.values()) {
      child.kill('SIGKILL')
      await exited
    }
    client.close()
    await broker.stop()
    await plane.stop()
    program.remove()
  }
}

/** What a command costs, process by process. */
async function accounts(plane: Plane, pidOf: (service: Service) => number) {
  const [backend] = await plane.db.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
  const database = parentOf(backend!.pid)
  /** Of lives that are over; of what began before the load, less than nothing. */
  const spent = new Map<string, number>()
  const add = (who: string, ms: number): void => void spent.set(who, (spent.get(who) ?? 0) + ms)
  const now = (): [string, number][] => [
    ...KILLED.map((service): [string, number] => [service, processorMs(pidOf(service))]),
    ['database', database === undefined ? 0 : processorMs(database)],
    ['load, broker', ownMs()],
  ]
  return {
    begin: () => {
      for (const [who, ms] of now()) add(who, -ms)
    },
    ends: (service: Service) => add(service, processorMs(pidOf(service))),
    perCommand: (commands: number): Record<string, number> => {
      for (const [who, ms] of now()) add(who, ms)
      return Object.fromEntries([...spent].map(([who, ms]) => [who, Math.round((ms / commands) * 100) / 100]))
    },
  }
}

const ownMs = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000
}

type Plane = Awaited<ReturnType<typeof startDataPlane>>

const pause = (ms: number): Promise<void> => new Promise(done => setTimeout(done, ms))

async function ready(port: number, output: () => string): Promise<void> {
  for (const began = Date.now(); Date.now() - began < 60_000; await pause(25)) {
    const up = await fetch(`http://127.0.0.1:${port}/healthz/ready`).then(
      ({ ok }) => ok,
      () => false,
    )
    if (up) return
  }
  throw new Error(`a service does not come up: ${output().slice(-2_000)}`)
}

/** A token lives for an hour, which a soak may outlive. */
const RENEW_MS = 20 * 60_000

function renewed(make: () => Promise<string>): () => Promise<string> {
  let token: Promise<string> | undefined
  let madeAt = 0
  return () => {
    if (token === undefined || performance.now() - madeAt > RENEW_MS) {
      madeAt = performance.now()
      token = make()
    }
    return token
  }
}

function caller(client: HttpClient, port: number, token: () => Promise<string>, unheard: () => boolean): Call {
  return async (method, path, body, key) => {
    for (;;) {
      try {
        const { status, text } = await client.send(method, `http://127.0.0.1:${port}${path}`, {
          headers: {
            authorization: `Bearer ${await token()}`,
            'idempotency-key': key,
            ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        })
        if (unheard()) continue
        if (status < 300) return { status, body: text && JSON.parse(text) }
        if (status < 500) throw new Refusal(`${method} ${path}: ${status} ${text}`)
      } catch (error) {
        if (error instanceof Refusal) throw error
      }
      await pause(30)
    }
  }
}

/** A 4xx: the client did something its own knowledge should have kept it from, which is a finding. */
class Refusal extends Error {}

/** At rest: nothing waits in the outbox, no reminder, delivery or alarm is open, three times in a row. */
async function drained(plane: Plane, pending: () => number, patienceMs: number): Promise<boolean> {
  let calm = 0
  for (const began = Date.now(); Date.now() - began < patienceMs; await pause(200)) {
    calm = (await isOpen(sql => plane.db.query(sql))) || pending() > 0 ? 0 : calm + 1
    if (calm === 3) return true
  }
  return false
}
