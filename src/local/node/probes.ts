import { request } from 'node:http'
import type { Probe } from './types.ts'

export interface ProbeTarget {
  /** The port on this machine of a container port, by number or name. */
  portOf(port: number | string): number
}

export interface ProbeRunner {
  stop(): void
}

/**
 * Calls a probe in its rhythm and tells when its verdict changes: after `failureThreshold` failures in a row it is
 * unhealthy, after `successThreshold` successes healthy. What was never healthy stays undecided: to give up on a start is
 * the business of a startup probe's deadline.
 */
export function runProbe(
  probe: Probe,
  target: ProbeTarget,
  onVerdict: (healthy: boolean, message: string) => void,
): ProbeRunner {
  const period = (probe.periodSeconds ?? 10) * 1_000
  let successes = 0
  let failures = 0
  let stopped = false
  let timer: NodeJS.Timeout
  let healthy: boolean | undefined
  // While the verdict is open the next look comes soon: a laptop should not wait out a period made for a cluster.
  const pause = (): number => (healthy === undefined ? Math.min(period, 50) : period)
  const look = async (): Promise<void> => {
    const message = await httpGet(probe, target)
    if (stopped) return
    if (message === undefined) {
      successes += 1
      failures = 0
    } else {
      failures += 1
      successes = 0
    }
    const verdict =
      successes >= (probe.successThreshold ?? 1)
        ? true
        : failures >= (probe.failureThreshold ?? 3) && healthy !== undefined
          ? false
          : healthy
    if (verdict !== undefined && verdict !== healthy) {
      healthy = verdict
      onVerdict(verdict, message ?? '')
    }
    timer = setTimeout(look, pause())
  }
  timer = setTimeout(look, (probe.initialDelaySeconds ?? 0) * 1_000)
  return {
    stop() {
      stopped = true
      clearTimeout(timer)
    },
  }
}

/** Undefined when the answer is 200–399, else why not. */
function httpGet({ httpGet: get, timeoutSeconds = 1 }: Probe, target: ProbeTarget): Promise<string | undefined> {
  if (!get) return Promise.resolve(undefined)
  return new Promise(resolve => {
    const sent = request(
      {
        host: '127.0.0.1',
        port: target.portOf(get.port),
        path: get.path ?? '/',
        timeout: timeoutSeconds * 1_000,
        agent: false,
      },
      answer => {
        answer.resume()
        const status = answer.statusCode ?? 0
        resolve(status >= 200 && status < 400 ? undefined : `HTTP probe failed with statuscode: ${status}`)
      },
    )
    sent.on('timeout', () => sent.destroy(new Error('timeout')))
    sent.on('error', error => resolve(`Get "http://127.0.0.1${get.path ?? '/'}": ${error.message}`))
    sent.end()
  })
}
