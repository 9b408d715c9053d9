import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock, EventLog } from '../log/index.ts'
import { checkAccessControl, refusal } from './access-control.ts'
import { AppChannel } from './app-channel.ts'
import { type HealthCheck, watchAppHealth } from './app-health.ts'
import { deliverBulk } from './bulk-delivery.ts'
import type { Identity } from './component.ts'
import { Components } from './components.ts'
import { startCrons } from './cron-binding.ts'
import { type DeliveryContext, deliver } from './delivery.ts'
import { type DeliveryFaults, losingReplies, misdelivering } from './delivery-faults.ts'
import { messageOf } from './errors.ts'
import type { PubSub } from './kafka.ts'
import type { TopicHandler } from './kafka-consumer.ts'
import { meshOf } from './mesh.ts'
import { publishTo } from './publish.ts'
import { Resiliency } from './resiliency.ts'
import type { ConfigurationResource, DaprResources } from './resources.ts'
import type { JobScheduler } from './scheduler.ts'
import { declarativeSubscriptions, merge, programmaticSubscriptions, type Subscription } from './subscriptions.ts'

export interface RuntimeOptions {
  identity: Identity
  appHost: string
  appPort: number | undefined
  appToken: string | undefined
  configuration: string | undefined
  healthCheck: HealthCheck | undefined
  resources: DaprResources
  eventLog: EventLog
  jobs: JobScheduler
  clock: Clock
  log: (level: string, message: string) => void
  /** Absent: deliveries go as they should. */
  faults: DeliveryFaults | undefined
}

/** How often a closed port of the app is tried (dapr blockUntilAppIsReady). */
const APP_DIAL_INTERVAL = 50
const FIRST_RETRY = 1000
const LONGEST_RETRY = 30_000

/**
 * What a sidecar does by itself: loads components, learns the app's subscriptions, consumes, takes jobs, follows changes
 * of the resources. Where daprd would exit and be restarted, it stays up, reports itself unhealthy with the reason, and
 * tries again: on any change of resources or log, and with growing pauses.
 */
export class Runtime {
  readonly options: RuntimeOptions
  readonly components: Components
  readonly app: AppChannel | undefined
  resiliency: Resiliency
  configuration: ConfigurationResource | undefined
  subscriptions: Subscription[] = []
  /** Components are loaded: publishing works (`/healthz/outbound`). */
  outboundReady = false
  /** The app listens, its subscriptions are known and consumed (`/healthz`). */
  appReady = false
  #appKnown = false
  #appHealthy: boolean
  #programmatic: Subscription[] = []
  #problem: string | undefined
  #consuming = new Map<PubSub, string>()
  #turn: Promise<void> = Promise.resolve()
  #reloadQueued = false
  #stopping = false
  #retry: { pause: number; cancel: () => void } = { pause: FIRST_RETRY, cancel: () => {} }
  #cleanups: (() => void)[] = []
  #inputs: { signature: string; stop: () => Promise<void> } | undefined

  constructor(options: RuntimeOptions) {
    this.options = options
    const { identity, resources, eventLog, clock, log } = options
    this.components = new Components(identity, resources, eventLog, clock, log)
    this.app =
      options.appPort === undefined ? undefined : new AppChannel(options.appHost, options.appPort, options.appToken)
    this.resiliency = new Resiliency([], identity.appId, clock)
    this.#appHealthy = options.healthCheck === undefined
  }

  /** Why the sidecar is not healthy; empty when it is. */
  unhealthy(): string[] {
    const problems = [...this.components.problems.values()]
    if (this.#problem) problems.push(this.#problem)
    if (!this.outboundReady) problems.push('components are not loaded')
    if (!this.appReady) problems.push('the app is not ready')
    return problems
  }

  get trustDomain(): string {
    return this.configuration?.spec?.accessControl?.trustDomain || 'public'
  }

  /** daprd traces only with a sampling rate above 0 (pkg/diagnostics/utils IsTracingEnabled). */
  get tracing(): boolean {
    return Number(this.configuration?.spec?.tracing?.samplingRate || 0) > 0
  }

  start(): void {
    const { resources, eventLog, healthCheck, clock, identity } = this.options
    this.#cleanups.push(resources.onChange(() => this.#queueReload()))
    // A cluster that comes up, a topic or a user that appears may be what a failed component waits for.
    this.#cleanups.push(
      eventLog.onChange(() => {
        if (this.components.problems.size > 0) this.#queueReload()
      }),
    )
    if (this.app) {
      const app = this.app
      const refuse = (caller: Parameters<typeof refusal>[1], verb: string, path: string) =>
        refusal(this.configuration?.spec?.accessControl, caller, verb, path)
      this.#cleanups.push(meshOf(eventLog).join(identity.namespace, identity.appId, { app, refuse }))
      if (healthCheck) {
        this.#cleanups.push(
          watchAppHealth(app, healthCheck, clock, healthy => {
            this.options.log('warn', `App entered ${healthy ? 'healthy' : 'un-healthy'} status`)
            this.#appHealthy = healthy
            this.#queueReload()
          }),
        )
      }
    }
    void resources.ready.then(() => this.#queueReload())
    void this.#awaitApp()
  }

  async #awaitApp(): Promise<void> {
    const { app } = this
    if (app) {
      while (!this.#stopping && !(await app.reachable())) await sleep(APP_DIAL_INTERVAL)
      while (!this.#stopping) {
        try {
          this.#programmatic = await programmaticSubscriptions(app, this.options.log)
          break
        } catch (error) {
          this.options.log('warn', `the app did not answer /dapr/subscribe: ${messageOf(error)}`)
          await sleep(APP_DIAL_INTERVAL)
        }
      }
    }
    this.#appKnown = true
    this.#queueReload()
  }

  #queueReload(): void {
    if (this.#reloadQueued || this.#stopping) return
    this.#reloadQueued = true
    this.#turn = this.#turn.then(() => this.#reload())
  }

  async #reload(): Promise<void> {
    this.#reloadQueued = false
    if (this.#stopping) return
    try {
      await this.options.resources.ready
      this.#loadConfiguration()
      this.#loadResiliency()
      await this.components.reload()
      if (this.components.problems.size === 0) this.outboundReady = true
      if (this.#appKnown) {
        await this.#applyInputs()
        this.appReady = true
      }
    } catch (error) {
      this.options.log('error', `reload failed: ${messageOf(error)}`)
      this.#problem ??= messageOf(error)
    }
    this.#scheduleRetry()
  }

  #scheduleRetry(): void {
    this.#retry.cancel()
    if (this.components.problems.size === 0) {
      this.#retry.pause = FIRST_RETRY
      return
    }
    this.#retry.cancel = this.options.clock.after(this.#retry.pause, () => this.#queueReload())
    this.#retry.pause = Math.min(this.#retry.pause * 2, LONGEST_RETRY)
  }

  #loadConfiguration(): void {
    const { configuration: name, resources } = this.options
    this.#problem = undefined
    if (name === undefined) return
    const found = resources.configuration(name)
    try {
      if (!found) throw new Error(`configuration ${resources.namespace}/${name} not found`)
      checkAccessControl(found.spec?.accessControl)
      this.configuration = found
    } catch (error) {
      this.#problem = messageOf(error)
      this.options.log('error', `error loading configuration: ${messageOf(error)}`)
    }
  }

  #resiliencySource = '[]'
  #loadResiliency(): void {
    const resources = this.options.resources.resiliencies()
    const source = JSON.stringify(resources.map(({ metadata, spec, scopes }) => [metadata.name, spec, scopes]))
    if (source === this.#resiliencySource) return
    this.#resiliencySource = source
    this.resiliency = new Resiliency(resources, this.options.identity.appId, this.options.clock)
  }

  /** Brings subscriptions, jobs and bindings in step with resources and the app's health. */
  async #applyInputs(): Promise<void> {
    const { resources, identity, log } = this.options
    const declared = declarativeSubscriptions(resources.subscriptions(), identity.appId, log)
    this.subscriptions = merge(this.#programmatic, declared)
    const active = this.app !== undefined && this.#appHealthy
    const pubsubs = this.components.pubsubs()
    for (const pubsub of this.#consuming.keys()) if (!pubsubs.includes(pubsub)) this.#consuming.delete(pubsub)
    for (const pubsub of pubsubs) {
      const mine = active ? this.subscriptions.filter(one => this.#maySubscribe(pubsub, one)) : []
      const signature = JSON.stringify(mine)
      if ((this.#consuming.get(pubsub) ?? '[]') === signature) continue
      this.#consuming.set(pubsub, signature)
      const handlers = mine.map(one => [one.topic, this.#handler(pubsub, one)] as const)
      await pubsub.consume(new Map(handlers))
    }
    await this.#applyJobsAndBindings(active)
  }

  #maySubscribe(pubsub: PubSub, subscription: Subscription): boolean {
    if (subscription.pubsub !== pubsub.name) return false
    if (pubsub.scopes.maySubscribe(subscription.topic)) return true
    this.options.log('warn', `subscription to topic '${subscription.topic}' on pubsub '${pubsub.name}' is not allowed`)
    return false
  }

  #handler(pubsub: PubSub, subscription: Subscription): TopicHandler {
    const { identity, clock, log } = this.options
    const components = this.components
    const publishing = {
      appId: identity.appId,
      clock,
      components,
      resiliency: () => this.resiliency,
      tracing: () => this.tracing,
    }
    const { faults } = this.options
    const injection = faults && { faults, random: Math.random, log }
    const context: DeliveryContext = {
      app: injection ? losingReplies(this.app!, injection) : this.app!,
      clock,
      log,
      policy: () => this.resiliency.component(pubsub.name, 'Pubsub', 'Inbound'),
      publish: (topic, data, metadata) => publishTo(publishing, pubsub, topic, data, metadata),
    }
    const handler: TopicHandler = {
      bulk: subscription.bulk,
      one: (message, signal) => deliver(message, subscription, context, signal),
      many: (messages, signal) => deliverBulk(messages, subscription, context, signal),
    }
    return injection ? misdelivering(handler, injection) : handler
  }

  async #applyJobsAndBindings(active: boolean): Promise<void> {
    const { identity, jobs, clock, log } = this.options
    const crons = this.components.crons()
    const signature = active ? JSON.stringify(crons) : 'inactive'
    if (this.#inputs?.signature === signature) return
    await this.#inputs?.stop()
    this.#inputs = undefined
    const { app } = this
    if (!active || !app) return
    const disconnect = jobs.connect(identity, async (name, data) => {
      const headers = { 'content-type': 'application/json' }
      const body = data === undefined || data === null ? '' : JSON.stringify(data)
      const { status } = await app.call({ method: 'POST', path: `/job/${name}`, headers, body })
      // 404 counts as done: trying again would not create the handler (dapr scheduler streamer.go invokeApp).
      if (status === 404) log('error', `non-retriable error returned from app while processing triggered job ${name}`)
      return status === 404 || (status >= 200 && status < 300)
    })
    const policy = (name: string) => this.resiliency.component(name, 'Binding', 'Inbound')
    const stopCrons = startCrons(crons, { app, clock, log, policy })
    this.#inputs = {
      signature,
      stop: async () => {
        disconnect()
        await stopCrons()
      },
    }
  }

  /** Stops taking messages, jobs and ticks, and waits for those in hand. Publishing and invocation go on. */
  async drain(): Promise<void> {
    this.#stopping = true
    this.#retry.cancel()
    for (const cleanup of this.#cleanups.splice(0)) cleanup()
    await this.#turn
    await this.#inputs?.stop()
    this.#inputs = undefined
    await Promise.all(this.components.pubsubs().map(pubsub => pubsub.stopConsuming()))
  }

  async close(): Promise<void> {
    this.app?.close()
    await this.components.close()
  }
}
