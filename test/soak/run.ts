import { SERVICES } from '../../src/contracts/topology.ts'
import { freePort } from '../../src/local/ports.ts'
import { Random } from '../fault/random.ts'
import { startDataPlane } from '../support/data-plane.ts'
import { environmentOf, launchService, type ServiceProcess } from '../support/service-process.ts'
import { startBroker } from './broker.ts'
import { judge, type Verdict } from './checker.ts'
import { effects, isOpen } from './effects.ts'
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
}

export interface SoakResult extends Verdict {
  kills: number
  seed: number
  injected: { duplicates: number; reordered: number; lostReplies: number }
  /** Whether everything came to rest in time. */
  settled: boolean
}

const KILLED = ['backend', 'recurring', 'notification', 'audit', 'analytics'] as const
type Service = (typeof KILLED)[number]

/** Drives real services as processes of their own against a real PostgreSQL and a broker that misbehaves, and judges. */
export async function soak(options: SoakOptions): Promise<SoakResult> {
  const { commands, seed, duplicates, reorder, lostReplies } = options
  const random = new Random(seed)
  const plane = await startDataPlane()
  const ports = Object.fromEntries(
    await Promise.all(KILLED.map(async service => [service, await freePort()] as const)),
  ) as Record<Service, number>
  const broker = await startBroker(
    { duplicates, reorder, lostReplies },
    random.fork(),
    service => ports[service as Service],
  )
  const processes = new Map<Service, ServiceProcess>()
  const start = async (service: Service): Promise<void> => {
    const { appId } = SERVICES.find(each => each.service === service)!
    const env = {
      ...environmentOf(plane, appId, ports[service]),
      DAPR_HTTP_PORT: String(broker.port),
      LOG_LEVEL: 'error',
    }
    processes.set(service, launchService([service], env))
    await ready(ports[service], () => processes.get(service)!.output())
  }
  const acked: Acked[] = []
  let kills = 0
  try {
    for (const { service, consumes } of SERVICES)
      if (service in ports) for (const { topic } of consumes) broker.subscribe(topic, service)
    await Promise.all(KILLED.map(start))

    let issued = 0
    const clients = Array.from({ length: options.clients }, async (_, i) => {
      const user = `user-${i}`
      const token = await plane.token(user)
      const unheard = random.fork()
      const call = caller(
        () => ports.backend,
        token,
        () => unheard.chance(lostReplies),
      )
      await runClient(user, call, random.fork(), () => issued++ < commands, acked)
    })
    let working = true
    const killer = (async () => {
      const chooser = random.fork()
      while (kills < options.kills) {
        const due = ((kills + 1) * commands) / (options.kills + 1)
        if (working && issued < due) {
          await pause(20)
          continue
        }
        const service = chooser.pick(KILLED)
        const { child, exited } = processes.get(service)!
        child.kill('SIGKILL')
        await exited
        kills++
        await start(service)
        options.progress?.(
          `${Math.min(issued, commands)} of ${commands} commands, ${kills} kills, ${broker.pending()} deliveries open`,
        )
      }
    })()
    await Promise.all(clients)
    working = false
    await killer
    const settled = await drained(plane, broker.pending, options.drainMs)
    const published = broker.published.map(({ event }) => event)
    const verdict = judge(acked, await effects(sql => plane.db.query(sql)), published)
    return { ...verdict, kills, seed, injected: broker.injected, settled }
  } finally {
    for (const { child, exited } of processes.values()) {
      child.kill('SIGKILL')
      await exited
    }
    await broker.stop()
    await plane.stop()
  }
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

function caller(port: () => number, token: string, unheard: () => boolean): Call {
  return async (method, path, body, key) => {
    for (;;) {
      try {
        const response = await fetch(`http://127.0.0.1:${port()}${path}`, {
          method,
          headers: {
            authorization: `Bearer ${token}`,
            'idempotency-key': key,
            ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
          signal: AbortSignal.timeout(20_000),
        })
        const text = await response.text()
        if (unheard()) continue
        if (response.ok) return { status: response.status, body: text && JSON.parse(text) }
        if (response.status < 500) throw new Refusal(`${method} ${path}: ${response.status} ${text}`)
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
