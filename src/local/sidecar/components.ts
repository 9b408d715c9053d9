import type { Clock, EventLog } from '../log/index.ts'
import { type Component, type Identity, resolveComponents } from './component.ts'
import { type Conversation, echo, openAi } from './conversation.ts'
import { parseSchedule } from './cron.ts'
import { describe, messageOf } from './errors.ts'
import { openKafka, type PubSub } from './kafka.ts'
import type { DaprResources } from './resources.ts'
import { memoryStateStore } from './state-memory.ts'
import { postgresStateStore } from './state-postgres.ts'
import type { StateStore } from './state-store.ts'

export interface LoadedStateStore {
  store: StateStore
  /** As the metadata API tells them; a store with etags and transactions may keep actors. */
  capabilities: string[]
  /** `appid`, `name`, `none`, `namespace`, or a prefix of one's own. */
  keyPrefix: string
}

export interface CronBinding {
  name: string
  schedule: string
  route: string
  /** Whether the app is asked first whether it wants the binding. */
  ask: boolean
}

type Instance =
  | { kind: 'pubsub'; pubsub: PubSub }
  | ({ kind: 'state' } & LoadedStateStore)
  | { kind: 'cron'; cron: CronBinding }
  | { kind: 'secrets' }
  | { kind: 'conversation'; conversation: Conversation }

interface Loaded {
  component: Component
  instance: Instance
}

const STATE_CAPABILITIES = ['ETAG', 'TRANSACTIONAL', 'TTL']
const CAPABILITIES: Record<Exclude<Instance['kind'], 'state'>, string[]> = {
  pubsub: ['BULK_PUBSUB'],
  cron: ['INPUT_BINDING'],
  secrets: [],
  conversation: [],
}

/** The name of the store every app in Kubernetes has without a component. */
export const BUILT_IN_SECRET_STORE = 'kubernetes'

type Log = (level: string, message: string) => void

async function within<T>(milliseconds: number, clock: Clock, work: Promise<T>): Promise<T> {
  let cancel = (): void => {}
  const late = new Promise<never>((_, reject) => {
    cancel = clock.after(milliseconds, () => reject(new Error(`init timeout of ${milliseconds} ms exceeded`)))
  })
  try {
    return await Promise.race([work, late])
  } finally {
    cancel()
  }
}

/** The components of one sidecar, kept in step with the resources. */
export class Components {
  readonly #loaded = new Map<string, Loaded>()
  readonly #identity: Identity
  readonly #resources: DaprResources
  readonly #eventLog: EventLog
  readonly #clock: Clock
  readonly #log: Log
  /** Why a component (or, under `*`, the whole list) could not be loaded; daprd would have exited. */
  readonly problems = new Map<string, string>()

  constructor(identity: Identity, resources: DaprResources, eventLog: EventLog, clock: Clock, log: Log) {
    this.#identity = identity
    this.#resources = resources
    this.#eventLog = eventLog
    this.#clock = clock
    this.#log = log
  }

  /** Closes what is gone or changed, then opens what is new. What fails is kept in `problems` and tried again next time. */
  async reload(): Promise<void> {
    let wanted: Component[]
    try {
      wanted = resolveComponents(this.#resources, this.#identity)
      this.problems.delete('*')
    } catch (error) {
      this.problems.set('*', messageOf(error))
      this.#log('error', messageOf(error))
      return
    }
    for (const name of this.problems.keys()) if (!wanted.some(one => one.name === name)) this.problems.delete(name)
    for (const [name, { component }] of this.#loaded) {
      if (wanted.find(one => one.name === name)?.fingerprint !== component.fingerprint) await this.#close(name)
    }
    for (const component of wanted) if (!this.#loaded.has(component.name)) await this.#open(component)
  }

  async #open(component: Component): Promise<void> {
    const { name, type, version, ignoreErrors } = component
    try {
      const instance = await within(component.initTimeout, this.#clock, this.#create(component))
      this.#loaded.set(name, { component, instance })
      this.problems.delete(name)
      this.#log('info', `Component loaded: ${name} (${type}/${version})`)
    } catch (error) {
      const message = `[INIT_COMPONENT_FAILURE]: initialization error occurred for ${name} (${type}/${version}): ${describe(error)}`
      if (ignoreErrors) this.problems.delete(name)
      else this.problems.set(name, message)
      this.#log('error', message)
    }
  }

  async #create(component: Component): Promise<Instance> {
    const { name, type, version } = component
    const keyPrefix = (component.get('keyPrefix') ?? 'appid').toLowerCase()
    switch (`${type}/${version}`) {
      case 'pubsub.kafka/v1':
        return { kind: 'pubsub', pubsub: openKafka(component, this.#identity, this.#eventLog, this.#clock, this.#log) }
      case 'state.in-memory/v1':
        return {
          kind: 'state',
          store: memoryStateStore(this.#clock),
          keyPrefix,
          capabilities: [...STATE_CAPABILITIES, 'DELETE_WITH_PREFIX', 'KEYS_LIKE', 'ACTOR'],
        }
      case 'state.postgresql/v2':
      case 'state.postgres/v2':
        return {
          kind: 'state',
          store: await postgresStateStore(component, this.#log),
          keyPrefix,
          capabilities: [...STATE_CAPABILITIES, 'KEYS_LIKE', 'ACTOR'],
        }
      case 'secretstores.kubernetes/v1':
        return { kind: 'secrets' }
      case 'conversation.echo/v1':
        return { kind: 'conversation', conversation: echo }
      case 'conversation.openai/v1':
        return { kind: 'conversation', conversation: openAi(component) }
      case 'bindings.cron/v1': {
        const schedule = component.get('schedule')
        if (!schedule) throw new Error('schedule not set')
        parseSchedule(schedule)
        const route = component.get('route') || name
        const ask = !(component.get('direction') ?? '').split(',').some(part => part.trim() === 'input')
        return { kind: 'cron', cron: { name, schedule, route, ask } }
      }
      default:
        throw new Error(`couldn't find component ${type}/${version}`)
    }
  }

  async #close(name: string): Promise<void> {
    const instance = this.#loaded.get(name)?.instance
    this.#loaded.delete(name)
    if (instance?.kind === 'pubsub') await instance.pubsub.close()
    if (instance?.kind === 'state') await instance.store.close()
  }

  #instances<K extends Instance['kind']>(kind: K): [string, Extract<Instance, { kind: K }>][] {
    return [...this.#loaded].flatMap(([name, { instance }]) =>
      instance.kind === kind ? [[name, instance as Extract<Instance, { kind: K }>]] : [],
    )
  }

  pubsubs(): PubSub[] {
    return this.#instances('pubsub').map(([, { pubsub }]) => pubsub)
  }

  pubsub(name: string): PubSub | undefined {
    return this.pubsubs().find(pubsub => pubsub.name === name)
  }

  crons(): CronBinding[] {
    return this.#instances('cron').map(([, { cron }]) => cron)
  }

  /** Undefined when there is none of that name; `configured` tells whether there is any store at all. */
  stateStore(name: string): { configured: boolean; found: LoadedStateStore | undefined } {
    const stores = new Map(this.#instances('state'))
    return { configured: stores.size > 0, found: stores.get(name) }
  }

  conversation(name: string): Conversation | undefined {
    return new Map(this.#instances('conversation')).get(name)?.conversation
  }

  hasSecretStore(name: string): boolean {
    return name === BUILT_IN_SECRET_STORE || this.#instances('secrets').some(([one]) => one === name)
  }

  /** As the metadata API lists them. */
  list(): { name: string; type: string; version: string; capabilities: string[] }[] {
    return [...this.#loaded.values()].map(({ component: { name, type, version }, instance }) => ({
      name,
      type,
      version,
      capabilities: instance.kind === 'state' ? instance.capabilities : CAPABILITIES[instance.kind],
    }))
  }

  async close(): Promise<void> {
    for (const name of [...this.#loaded.keys()]) await this.#close(name)
  }
}
