import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { freePort } from '../../src/local/ports.ts'
import { type DataPlane, startDataPlane } from '../support/data-plane.ts'
import { bundleServices, environmentOf, launchService } from '../support/service-process.ts'

export interface BacklogResult {
  rows: number
  /** Events that never came, and that came before an earlier one of their key. */
  missing: number
  reordered: number
  /** Events that came again; the inboxes drop them. */
  repeated: number
  seconds: number
  perSecond: number
  /** Of `POST /api/v1/tasks`, in milliseconds: beside the backlog as it is published, and without one. */
  writeMs: { during: Percentiles; after: Percentiles }
}

interface Percentiles {
  p50: number
  p99: number
}

const USERS = 10_000
const WRITES = 200

/**
 * A backend that comes back after an hour in which nothing could be published: the outbox is full of events of many people,
 * the broker is there again. Tells how long it takes, in which order events come, and what people who write meanwhile notice.
 */
export async function publishBacklog(rows: number): Promise<BacklogResult> {
  const plane = await startDataPlane()
  const sink = await startSink()
  const program = await bundleServices()
  const port = await freePort()
  try {
    await fill(plane, rows)
    const environment = { ...environmentOf(plane, 'backend-service', port), LOG_LEVEL: 'error' }
    const backend = launchService(['backend'], { ...environment, DAPR_HTTP_PORT: String(sink.port) }, program.file)
    let over = false
    try {
      const ended = backend.exited.then(() => {
        if (over) return
        throw new Error(`the backend ended: ${backend.output().slice(-2_000)}`)
      })
      await Promise.race([sink.first, ended])
      const began = performance.now()
      const during = write(plane, port)
      while (sink.distinct() < rows) {
        await Promise.race([pause(20), ended])
      }
      const seconds = (performance.now() - began) / 1_000
      return {
        rows,
        missing: rows - sink.distinct(),
        reordered: sink.reordered(),
        repeated: sink.repeated(),
        seconds: Math.round(seconds),
        perSecond: Math.round(rows / seconds),
        writeMs: { during: await during, after: await write(plane, port) },
      }
    } finally {
      over = true
      backend.child.kill('SIGKILL')
      await backend.exited
    }
  } finally {
    program.remove()
    await sink.stop()
    await plane.stop()
  }
}

const pause = (ms: number): Promise<void> => new Promise(done => setTimeout(done, ms))

/** Events as services write them, an hour old; those of a person one behind the other. */
async function fill({ db }: DataPlane, rows: number): Promise<void> {
  await db.query(
    `INSERT INTO messaging.outbox (id, topic, partition_key, type, aggregate, envelope, created_at)
     SELECT id, 'task-events', 'user-' || n % ${USERS}, 'com.taskmanager.task.updated', 'task/' || n % ${USERS},
       jsonb_build_object('specversion', '1.0', 'id', id, 'source', '/tasks/backend-service', 'type', 'com.taskmanager.task.updated',
         'time', now() - interval '1 hour', 'partitionkey', 'user-' || n % ${USERS}, 'sequence', lpad(n::text, 20, '0'),
         'data', jsonb_build_object('user_id', 'user-' || n % ${USERS}, 'task_id', gen_random_uuid(), 'version', n,
           'task', jsonb_build_object('title', repeat('x', 200)))),
       now() - interval '1 hour'
     FROM (SELECT n, gen_random_uuid() AS id FROM generate_series(1, ${rows}) AS n) AS s`,
  )
  await db.query('ANALYZE messaging.outbox')
}

/** Dapr's publish endpoint, which only counts: what is measured is the relay. */
async function startSink() {
  const newest = new Map<string, number>()
  let distinct = 0
  let repeated = 0
  let reordered = 0
  const seen = new Set<string>()
  let begin: () => void = () => {}
  const first = new Promise<void>(done => {
    begin = done
  })
  const server = createServer(async (request, response) => {
    let text = ''
    for await (const chunk of request) text += chunk
    for (const { event } of JSON.parse(text) as { event: { id: string; partitionkey: string; sequence?: string } }[]) {
      const number = Number(event.sequence ?? 0)
      // Tasks written meanwhile have events too.
      if (!event.partitionkey.startsWith('user-')) continue
      if (seen.has(event.id)) {
        repeated++
        continue
      }
      seen.add(event.id)
      distinct++
      if (number < (newest.get(event.partitionkey) ?? 0)) reordered++
      newest.set(event.partitionkey, number)
    }
    if (distinct > 0) begin()
    response.writeHead(204).end()
  })
  await new Promise<void>(up => server.listen(0, '127.0.0.1', up))
  return {
    port: (server.address() as AddressInfo).port,
    first,
    distinct: () => distinct,
    repeated: () => repeated,
    reordered: () => reordered,
    stop: () => {
      server.closeAllConnections()
      return new Promise(done => server.close(done))
    },
  }
}

/** One person after another writes; each write is answered, however much waits. */
async function write(plane: DataPlane, port: number): Promise<Percentiles> {
  const token = await plane.token('writer')
  const took: number[] = []
  for (let n = 0; n < WRITES; n++) {
    const began = performance.now()
    const { status } = await fetch(`http://127.0.0.1:${port}/api/v1/tasks`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ title: `write ${n}` }),
    })
    if (status !== 201) throw new Error(`a write beside the backlog was answered ${status}`)
    took.push(performance.now() - began)
  }
  took.sort((a, b) => a - b)
  const at = (share: number): number => Math.round(took[Math.floor((took.length - 1) * share)]!)
  return { p50: at(0.5), p99: at(0.99) }
}
