/** A port of this machine that leads to a Service, and goes on leading there when the pod behind it is replaced. */
import { type ChildProcess, spawn } from 'node:child_process'
import { connect } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { freePort } from '../../src/local/ports.ts'
import { engine } from '../engines/find.ts'
import { until } from '../support/laptop.ts'
import { fetchWithin } from './fetch.ts'

export interface Forward {
  port: number
  close(): void
}

/** Whether somebody answers at the far end of a port of this machine. */
export type Answers = (port: number) => Promise<boolean>

export interface ForwardOptions {
  kubeconfig: string
  namespace: string
  service: string
  port: number
  answers: Answers
}

/** How long kubectl may take until it listens, in milliseconds. */
const START_MS = 10_000
/** How long an answer may take. */
const ANSWER_MS = 5_000

/**
 * `kubectl port-forward`, started again whenever it has lost its pod. It does not always end then: it may go on taking
 * connections and closing them, or hold them and pass nothing on. So it is asked from end to end, and ended when there is
 * no answer.
 */
export async function forward({ kubeconfig, namespace, service, port, answers }: ForwardOptions): Promise<Forward> {
  const local = await freePort()
  const { command, prefix } = engine('kubectl')
  const args = ['port-forward', '--namespace', namespace, '--address', '127.0.0.1']
  let child: ChildProcess
  let patienceUntil = 0
  let closed = false
  const open = (): void => {
    if (closed) return
    patienceUntil = Date.now() + START_MS
    child = spawn(command, [...prefix, ...args, `service/${service}`, `${local}:${port}`], {
      env: { ...process.env, KUBECONFIG: kubeconfig },
      stdio: 'ignore',
    })
    child.once('exit', () => setTimeout(open, 200))
  }
  open()
  const watch = async (): Promise<void> => {
    while (!closed) {
      await pause(1_000)
      if (await answers(local)) patienceUntil = 0
      else if (Date.now() > patienceUntil) child.kill('SIGKILL')
    }
  }
  void watch()
  await until(`the way to ${service}`, () => answers(local))
  return {
    port: local,
    close() {
      closed = true
      child.kill()
    },
  }
}

export const answersHttp: Answers = port =>
  fetchWithin(
    ANSWER_MS,
    `http://127.0.0.1:${port}/healthz/live`,
    { headers: { connection: 'close' } },
    async ({ ok }) => ok,
  ).catch(() => false)

/** PostgreSQL says in one byte whether it speaks TLS (SSLRequest, protocol 3.0). */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47])

export const answersPostgres: Answers = port =>
  new Promise(resolve => {
    const socket = connect(port, '127.0.0.1', () => socket.write(SSL_REQUEST))
    const done = (answer: boolean): void => {
      socket.destroy()
      resolve(answer)
    }
    socket.setTimeout(ANSWER_MS, () => done(false))
    socket.once('data', () => done(true))
    socket.once('error', () => done(false))
    socket.once('close', () => done(false))
  })
