/** bindings.cron: components-contrib bindings/cron. Every replica of every app in scope gets every tick. */
import type { Clock } from '../log/index.ts'
import type { AppChannel } from './app-channel.ts'
import type { CronBinding } from './components.ts'
import { parseSchedule } from './cron.ts'
import { messageOf } from './errors.ts'
import { type Policy, runWith, StatusError } from './resiliency.ts'

export interface BindingContext {
  app: AppChannel
  clock: Clock
  policy: (binding: string) => Policy
  log: (level: string, message: string) => void
}

/** An app that wants the binding answers OPTIONS with 2xx or 405 (dapr pkg/runtime/processor/binding). */
async function wanted(binding: CronBinding, app: AppChannel): Promise<boolean> {
  if (!binding.ask) return true
  const { status } = await app.call({ method: 'OPTIONS', path: binding.route })
  return (status >= 200 && status < 300) || status === 405
}

async function tick(binding: CronBinding, { app, clock, policy, log }: BindingContext): Promise<void> {
  const headers = {
    'content-type': 'application/json',
    timeZone: 'UTC',
    readTimeUTC: new Date(clock.now()).toISOString(),
  }
  try {
    await runWith(policy(binding.name), clock, new AbortController().signal, async signal => {
      const { status } = await app.call({ method: 'POST', path: binding.route, headers, body: '', signal })
      if (status < 200 || status > 299) throw new StatusError(status, `the app answered ${status}`)
    })
  } catch (error) {
    log('error', `error from input binding ${binding.name}: ${messageOf(error)}`)
  }
}

/** Starts the schedules the app wants. Returns the function that stops them; ticks in hand finish. */
export function startCrons(bindings: readonly CronBinding[], context: BindingContext): () => Promise<void> {
  const cancels = new Map<string, () => void>()
  const inFlight = new Set<Promise<void>>()
  let stopped = false
  const arm = (binding: CronBinding): void => {
    const now = context.clock.now()
    const next = parseSchedule(binding.schedule).next(now)
    if (stopped || next === undefined) return
    const fire = (): void => {
      arm(binding)
      const running = tick(binding, context).finally(() => inFlight.delete(running))
      inFlight.add(running)
    }
    cancels.set(binding.name, context.clock.after(next - now, fire))
  }
  for (const binding of bindings) {
    wanted(binding, context.app).then(
      yes => {
        if (yes) arm(binding)
        else context.log('info', `app has not subscribed to binding ${binding.name}.`)
      },
      error =>
        context.log('error', `could not invoke OPTIONS method on input binding ${binding.name}: ${messageOf(error)}`),
    )
  }
  return async () => {
    stopped = true
    for (const cancel of cancels.values()) cancel()
    await Promise.all(inFlight)
  }
}
