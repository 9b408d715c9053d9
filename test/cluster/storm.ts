/** Load, and everything the platform stands on killed one after the other: what was answered 2xx must have its effects once. */
import pg from 'pg'
import type { Progress } from '../../src/cli/progress.ts'
import { SERVICES } from '../../src/contracts/topology.ts'
import { Random } from '../fault/random.ts'
import { judge, type Verdict } from '../soak/checker.ts'
import { effects, isOpen } from '../soak/effects.ts'
import { type Acked, type Call, runClient } from '../soak/workload.ts'
import { until } from '../support/laptop.ts'
import { answersPostgres, forward } from './forward.ts'
import { KAFKA_PODS, kafkaChoice } from './kafka-choice.ts'
import type { ClusterPlace } from './place.ts'

const CLIENTS = 4
const USER = 'demo'
/** Changes that are acknowledged between two kills, so that each one hits a platform at work; and how long that may take. */
const BETWEEN = 25
const BETWEEN_MS = 90_000
const DRAIN_MS = 420_000

const pause = (ms: number): Promise<void> => new Promise(done => setTimeout(done, ms))

/** Who dies, by label and container, in this order: a process, which is started again where it was, or a whole pod. */
const VICTIMS: readonly { what: string; selector: string; container: string; pod?: true }[] = [
  {
    what: 'the process of the controller',
    selector: 'app.kubernetes.io/component=controller',
    container: 'controller',
  },
  ...SERVICES.map(({ service }) => ({
    what: `the pod of ${service}`,
    selector: `app.kubernetes.io/component=${service}`,
    container: service,
    pod: true as const,
  })),
  ...['backend', 'audit', 'recurring'].map(service => ({
    what: `the process of the sidecar of ${service}`,
    selector: `app.kubernetes.io/component=${service}`,
    container: 'daprd',
  })),
  { what: 'the process of Kafka', selector: KAFKA_PODS[kafkaChoice()], container: 'kafka' },
  { what: 'the process of the database', selector: 'e2e.todo.events/store=postgres', container: 'postgres' },
  { what: 'the pod of Kafka', selector: KAFKA_PODS[kafkaChoice()], container: 'kafka', pod: true },
  { what: 'the pod of the database', selector: 'e2e.todo.events/store=postgres', container: 'postgres', pod: true },
]

export interface StormResult extends Verdict {
  kills: number
}

export async function storm(place: ClusterPlace, kubeconfig: string, { step }: Progress): Promise<StormResult> {
  const acked: Acked[] = []
  let working = true
  const random = new Random(1)
  // Each round's keys are its own: an idempotency key of an earlier one would answer with that one's task.
  const round = Date.now().toString(36)
  const clients = Array.from({ length: CLIENTS }, (_, index) =>
    runClient(`${round}-${index}`, careful(place), random.fork(), () => working, acked),
  )
  const killer = (async () => {
    const work = async (): Promise<void> => {
      const [goal, end] = [acked.length + BETWEEN, Date.now() + BETWEEN_MS]
      while (acked.length < goal && Date.now() < end) await pause(100)
    }
    for (const { what, selector, container, pod } of VICTIMS) {
      await work()
      step(`killing ${what} (${acked.length} changes acknowledged so far)`)
      await (pod ? place.deletePod(selector) : place.kill(selector, container))
    }
    await work()
    working = false
  })()
  await Promise.all([...clients, killer])
  step(`${acked.length} changes acknowledged; waiting for their effects …`)
  return { ...(await verdict(place, kubeconfig, acked)), kills: VICTIMS.length }
}

/** The same request with the same key until it is answered; a refusal is a finding. */
const careful =
  (place: ClusterPlace): Call =>
  async (method, path, body, key) => {
    for (;;) {
      const answer = await place.call(USER, method, path, body, { 'idempotency-key': key }).catch(() => undefined)
      if (answer && answer.status < 300) return answer
      if (answer && answer.status < 500 && answer.status !== 429)
        throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
      await pause(200)
    }
  }

/** Looks until all is there: deliveries under way are seen by nobody but the brokers. */
async function verdict(place: ClusterPlace, kubeconfig: string, acked: readonly Acked[]): Promise<Verdict> {
  const { namespace } = place.cluster
  const to = { service: 'postgres', port: 5432, answers: answersPostgres }
  const database = await forward({ kubeconfig, namespace, ...to })
  const secret = await place.cluster.get('v1', 'Secret', 'postgres')
  const options = {
    host: '127.0.0.1',
    port: database.port,
    user: 'postgres',
    password: Buffer.from(secret.data.ADMIN_PASSWORD, 'base64').toString(),
    database: 'app',
  }
  const look = async (): Promise<{ found: Verdict; open: boolean }> => {
    const client = new pg.Client(options)
    // An idle connection that breaks is told here, and ends the process otherwise.
    client.on('error', () => {})
    try {
      await client.connect()
      const query = async (sql: string): Promise<object[]> => (await client.query(sql)).rows
      return { found: judge(acked, await effects(query), []), open: await isOpen(query) }
    } finally {
      await client.end()
    }
  }
  try {
    for (const end = Date.now() + DRAIN_MS; ; await pause(1_000)) {
      // The database itself may still be on its way back.
      const { found, open } = await until('an answer of the database', look, 120)
      const done = found.lost + found.reordered === 0 && !open
      if (done || found.duplicated > 0 || Date.now() > end) return found
    }
  } finally {
    database.close()
  }
}
