import { type DataPlane, eventually, startDataPlane } from '../../test/support/data-plane.ts'
import {
  bundleServices,
  environmentOf,
  launchService,
  type ServiceProcess,
} from '../../test/support/service-process.ts'
import type { RunningService } from '../kit/service.ts'
import { freePort } from '../local/ports.ts'
import { startAudit } from './audit/main.ts'

/** `RESTARTS=100` for the whole claim. */
const RESTARTS = Number(process.env['RESTARTS'] ?? 4)
const WRITERS = 6
const PRE_STOP_MS = 1_000
/** Between two writes of one writer: a start takes seconds on a busy machine, and each write is to be followed up. */
const THINK_MS = 50

let plane: DataPlane
let audit: RunningService
let program: Awaited<ReturnType<typeof bundleServices>>
const replicas = new Map<number, ServiceProcess>()
/** Ports a Service would lead to. */
const endpoints: number[] = []

const start = async (port: number): Promise<void> => {
  const replica = launchService(['backend'], environmentOf(plane, 'backend-service', port), program.file)
  replicas.set(port, replica)
  await eventually(
    () =>
      fetch(`http://127.0.0.1:${port}/healthz/ready`).then(
        ({ ok }) => ok,
        () => false,
      ),
    `a replica: ${replica.output()}`,
    3_000,
  )
  endpoints.push(port)
}

beforeAll(async () => {
  program = await bundleServices()
  plane = await startDataPlane()
  audit = await startAudit(plane.config('audit-service'))
  plane.dapr.deliver('task-events', audit.port)
  for (const port of [await freePort(), await freePort()]) await start(port)
}, 60_000)
afterAll(async () => {
  for (const { child, exited } of replicas.values()) {
    child.kill('SIGKILL')
    await exited
  }
  await audit?.stop()
  await plane?.stop()
  program?.remove()
})

test(
  `${RESTARTS} rolling restarts under load: no request fails, nothing is lost or done twice, nothing becomes a dead letter`,
  async () => {
    const created: string[] = []
    const failed: string[] = []
    let rolling = true
    const writer = async (n: number): Promise<void> => {
      for (let i = 0; rolling; i++) {
        const port = endpoints[i % endpoints.length]!
        try {
          const answer = await plane.as(`writer-${n}`, port)('POST', '/api/v1/tasks', { title: `${n} ${i}` })
          if (answer.status === 201) created.push(answer.body.id)
          else failed.push(`${answer.status} ${JSON.stringify(answer.body)}`)
        } catch (error) {
          failed.push(String((error as Error).cause ?? error))
        }
        await new Promise(done => setTimeout(done, THINK_MS))
      }
    }
    const writers = Array.from({ length: WRITERS }, (_, n) => writer(n))
    for (let n = 0; n < RESTARTS; n++) {
      const before = created.length
      await eventually(async () => created.length > before + 2 * WRITERS, 'load', 3_000)
      // As in a cluster: out of the endpoints first, and then told to end, with requests under way.
      const port = endpoints.shift()!
      // Who had chosen it comes first: in a cluster the preStop hook waits for them.
      await new Promise(done => setTimeout(done, PRE_STOP_MS))
      const { child, exited, output } = replicas.get(port)!
      child.kill('SIGTERM')
      expect([await exited, output().match(/"level":(50|60)/)]).toEqual([0, null])
      await start(port)
    }
    rolling = false
    await Promise.all(writers)
    expect(failed).toEqual([])

    await eventually(
      async () => !(await plane.db.query('SELECT FROM messaging.outbox WHERE published_at IS NULL LIMIT 1')).length,
      'the outbox to be empty',
      3_000,
    )
    await plane.dapr.settled()
    const rows = await plane.db.query<{ task_id: string }>(
      "SELECT task_id FROM audit.entries WHERE type = 'com.taskmanager.task.created'",
    )
    expect(rows.map(row => row.task_id).sort()).toEqual([...created].sort())
    expect(await plane.db.query('SELECT FROM messaging.inbox_failures')).toEqual([])
  },
  120_000 + RESTARTS * 20_000,
)
