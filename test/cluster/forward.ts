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
  let child: ChildProcess | undefined
  let closed = false
  const open = (): void => {
    if (closed) return
    child = spawn(
      command,
      [
        ...prefix,
        'port-forward',
        '--namespace',
        namespace,
        '--address',
        '127.0.0.1',
        `service/${service}`,
        `${local}:${port}`,
      ],
      { env: { ...process.env, KUBECONFIG: kubeconfig }, stdio: 'ignore' },
    )
    // kubectl ends when it loses its pod.
    child.once('exit', () => setTimeout(open, 200))
  }
  open()
  await until(`the way to ${service}`, () => accepts(local))
  return {
    port: local,
    close() {
      closed = true
      child?.kill()
    },
  }
}

const accepts = (port: number): Promise<boolean> =>
  new Promise(resolve => {
    const socket = connect(port, '127.0.0.1')
    const done = (answer: boolean): void => {
      socket.destroy()
      resolve(answer)
    }
    socket.once('connect', () => done(true))
    socket.once('error', () => done(false))
  })
