/** A port of this machine that leads to a Service, and goes on leading there when the pod behind it is replaced. */
import { type ChildProcess, spawn } from 'node:child_process'
import { connect } from 'node:net'
import { engine } from '../engines/find.ts'
import { until } from '../support/laptop.ts'
import { freePort } from '../support/service-process.ts'

export interface Forward {
  port: number
  close(): void
}

export async function forward(kubeconfig: string, namespace: string, service: string, port: number): Promise<Forward> {
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
  // kubectl ends when it loses its pod, or goes on and closes every connection: then it is ended.
  const watch = setInterval(async () => {
    if (await holds(local)) patienceUntil = 0
    else if (Date.now() > patienceUntil) child.kill('SIGKILL')
  }, 1_000)
  await until(`the way to ${service}`, () => holds(local))
  return {
    port: local,
    close() {
      closed = true
      clearInterval(watch)
      child.kill()
    },
  }
}

/** How long kubectl may take until it listens, in milliseconds. */
const START_MS = 10_000
/** How long a connection has to stay open to count, in milliseconds. */
const HELD_MS = 400

/** Whether a connection is taken and not dropped at once, as by a forwarder that has nobody behind it. */
const holds = (port: number): Promise<boolean> =>
  new Promise(resolve => {
    const socket = connect(port, '127.0.0.1')
    const done = (answer: boolean): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve(answer)
    }
    const timer = setTimeout(() => done(true), HELD_MS)
    socket.once('error', () => done(false))
    socket.once('close', () => done(false))
  })
