import type { Clock } from '../log/index.ts'
import type { AppChannel } from './app-channel.ts'

export interface HealthCheck {
  path: string
  intervalSeconds: number
  timeoutMilliseconds: number
  /** Failures in a row after which the app counts as unhealthy. */
  threshold: number
}

/**
 * Probes the app and reports each change of its health (dapr pkg/apphealth). An app starts as unhealthy until its first
 * good answer: any 2xx.
 *
 * @returns the function that ends the probes
 */
export function watchAppHealth(
  app: AppChannel,
  check: HealthCheck,
  clock: Clock,
  onChange: (healthy: boolean) => void,
): () => void {
  let failures = check.threshold
  let stopped = false
  let cancel = (): void => {}

  const probe = async (): Promise<boolean> => {
    const patience = new AbortController()
    const cancelTimeout = clock.after(check.timeoutMilliseconds, () => patience.abort())
    try {
      const { status } = await app.call({ method: 'GET', path: check.path, signal: patience.signal })
      return status >= 200 && status < 300
    } catch {
      return false
    } finally {
      cancelTimeout()
    }
  }
  const round = async (): Promise<void> => {
    const good = await probe()
    if (stopped) return
    const wasHealthy = failures < check.threshold
    failures = good ? 0 : failures + 1
    const healthy = failures < check.threshold
    if (healthy !== wasHealthy) onChange(healthy)
    cancel = clock.after(check.intervalSeconds * 1000, () => void round())
  }
  void round()
  return () => {
    stopped = true
    cancel()
  }
}
