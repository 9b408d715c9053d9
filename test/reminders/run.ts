import { createEvent, type TodoEvent, uuidv7 } from '../../src/contracts/events/index.ts'
import { freePort } from '../../src/local/ports.ts'
import { Random } from '../fault/random.ts'
import { startBroker } from '../soak/broker.ts'
import { type DataPlane, startDataPlane } from '../support/data-plane.ts'
import { bundleServices, environmentOf, launchService, type ServiceProcess } from '../support/service-process.ts'

export interface RemindersOptions {
  reminders: number
  /** SIGKILLs of the notification service, spread over the reminders. */
  kills: number
  /** Reminders that come due each second. */
  rate: number
  seed: number
  /** How long after the last reminder is due everything may take. */
  drainMs: number
  progress?: (text: string) => void
}

export interface RemindersResult {
  reminders: number
  rung: number
  /** Before their time, more than once, not at all, and though they were cancelled. */
  early: number
  twice: number
  missed: number
  cancelledRung: number
  kills: number
  seed: number
  /** Milliseconds after their time; those that were due while the service was down wait for it. */
  lateMs: { p50: number; p99: number; max: number }
  examples: string[]
}

const USERS = 100
/** Before the first one is due: it has to be announced first. */
const AHEAD_MS = 3_000
const PER_REQUEST = 50
/** Reminders by which the announcements may be ahead of the kills. */
const LEAD = 500

/** What was announced of a reminder last. */
interface Announced {
  id: string
  at: number
  cancelled: boolean
}

/**
 * Announces reminders, moves and cancels some, to a notification service that is killed again and again behind a log and a
 * scheduler that repeat, reorder and lose answers; then compares what rang with what was announced.
 */
export async function ringAll(options: RemindersOptions): Promise<RemindersResult> {
  const random = new Random(options.seed)
  const plane = await startDataPlane()
  const program = await bundleServices()
  const port = await freePort()
  const faults = { duplicates: 0.05, reorder: 0.02, lostReplies: 0.01 }
  const broker = await startBroker(faults, random.fork(), () => port)
  broker.subscribe('reminders', 'notification')
  let running: ServiceProcess | undefined
  const start = async (): Promise<void> => {
    running = launchService(
      ['notification'],
      {
        ...environmentOf(plane, 'notification-service', port),
        DAPR_HTTP_PORT: String(broker.port),
        LOG_LEVEL: 'error',
        NODE_COMPILE_CACHE: program.cache,
      },
      program.file,
    )
    await ready(port, running)
  }
  let kills = 0
  const announced = new Map<string, Announced>()
  try {
    await start()
    const begins = Date.now() + AHEAD_MS
    const nextKill = (): number => ((kills + 1) * options.reminders) / (options.kills + 1)
    const killing = (async () => {
      while (kills < options.kills) {
        if (announced.size < nextKill()) {
          await pause(25)
          continue
        }
        kills++
        running!.child.kill('SIGKILL')
        await running!.exited
        await start()
        options.progress?.(`${announced.size} announced, ${kills} kills, ${broker.pending()} open`)
      }
    })()
    for (let n = 0; n < options.reminders; n += PER_REQUEST) {
      const planned = (index: number): number => begins + (index * 1_000) / options.rate
      // Never more than the service is likely to have heard of before it is due, so that lateness means something; and
      // every kill comes under load: who announces waits for kills that are behind.
      while (Date.now() < planned(n) - 2 * AHEAD_MS || (kills < options.kills && n > nextKill() + LEAD)) await pause(25)
      const events: TodoEvent[] = []
      for (let i = n; i < Math.min(n + PER_REQUEST, options.reminders); i++)
        events.push(...story(Math.max(planned(i), Date.now() + AHEAD_MS), i))
      await publish(broker.port, events)
    }
    await killing
    await drained(plane, broker.pending, options.drainMs)
    return { ...(await judge(plane, announced)), reminders: options.reminders, kills, seed: options.seed }
  } finally {
    running?.child.kill('SIGKILL')
    await running?.exited
    await broker.stop()
    await plane.stop()
    program.remove()
  }

  /** Most are announced and left; some are moved, to and fro, some cancelled well before their time. */
  function story(at: number, index: number): TodoEvent[] {
    const id = uuidv7()
    const user = `user-${index % USERS}`
    const task = uuidv7()
    const say = (
      type: 'reminder.scheduled' | 'reminder.rescheduled' | 'reminder.cancelled',
      version: number,
      time: number,
    ): TodoEvent =>
      createEvent({
        type,
        appId: 'backend-service',
        subject: `task/${task}`,
        data: {
          reminder_id: id,
          task_id: task,
          user_id: user,
          version,
          remind_at: iso(time),
          title: `r${index}`,
        },
      }) as TodoEvent
    const far = at + 3_600_000
    const fate = random.int(0, 99)
    announced.set(id, { id, at, cancelled: fate >= 95 })
    if (fate >= 95) return [say('reminder.scheduled', 1, far), say('reminder.cancelled', 2, far)]
    if (fate >= 85) return [say('reminder.scheduled', 1, far), say('reminder.rescheduled', 2, at)]
    return [say('reminder.scheduled', 1, at)]
  }
}

const iso = (time: number): string => new Date(time).toISOString()
const pause = (ms: number): Promise<void> => new Promise(done => setTimeout(done, ms))

async function ready(port: number, { output }: ServiceProcess): Promise<void> {
  for (const began = Date.now(); Date.now() - began < 60_000; await pause(25)) {
    const up = await fetch(`http://127.0.0.1:${port}/healthz/ready`).then(
      ({ ok }) => ok,
      () => false,
    )
    if (up) return
  }
  throw new Error(`the notification service does not come up: ${output().slice(-2_000)}`)
}

/** As the relay does, until there is an answer: the broker loses some. */
async function publish(port: number, events: readonly TodoEvent[]): Promise<void> {
  const body = JSON.stringify(events.map(event => ({ entryId: event.id, event })))
  for (;;) {
    const taken = await fetch(`http://127.0.0.1:${port}/v1.0/publish/bulk/kafka-pubsub/reminders`, {
      method: 'POST',
      body,
    }).then(
      ({ ok }) => ok,
      () => false,
    )
    if (taken) return
  }
}

async function drained(plane: DataPlane, pending: () => number, patienceMs: number): Promise<void> {
  for (const began = Date.now(); Date.now() - began < patienceMs; await pause(200)) {
    const [row] = await plane.db.query<{ open: boolean }>(
      "SELECT EXISTS (SELECT FROM notification.reminders WHERE status = 'scheduled') AS open",
    )
    if (!row!.open && pending() === 0) return
  }
}

async function judge(plane: DataPlane, announced: ReadonlyMap<string, Announced>) {
  const rows = await plane.db.query<{ id: string; at: Date }>(
    'SELECT reminder_id AS id, created_at AS at FROM notification.notifications',
  )
  const rings = new Map<string, number>()
  const found = { early: [] as string[], twice: [] as string[], missed: [] as string[], cancelledRung: [] as string[] }
  const late: number[] = []
  for (const { id, at } of rows) {
    rings.set(id, (rings.get(id) ?? 0) + 1)
    const due = announced.get(id)!
    if (at.getTime() < due.at) found.early.push(`${id} ${due.at - at.getTime()} ms before its time`)
    late.push(at.getTime() - due.at)
  }
  for (const { id, cancelled } of announced.values()) {
    const count = rings.get(id) ?? 0
    if (count > 1) found.twice.push(`${id} ${count} times`)
    if (cancelled && count > 0) found.cancelledRung.push(`${id} was cancelled`)
    if (!cancelled && count === 0) found.missed.push(`${id} never rang`)
  }
  late.sort((a, b) => a - b)
  const at = (share: number): number => Math.round(late[Math.floor((late.length - 1) * share)] ?? 0)
  const { early, twice, missed, cancelledRung } = found
  return {
    rung: rows.length,
    early: early.length,
    twice: twice.length,
    missed: missed.length,
    cancelledRung: cancelledRung.length,
    lateMs: { p50: at(0.5), p99: at(0.99), max: at(1) },
    examples: [early, twice, missed, cancelledRung].flatMap(list => list.slice(0, 3)),
  }
}
