import type { KubeObject } from '../../controller/kube/objects.ts'
import { KINDS } from '../../controller/platform/platform.ts'
import type { LocalClient } from '../../src/local/kube-api/api.ts'
import { OPERATORS } from './operators.ts'
import type { Random } from './random.ts'
import type { SimServer } from './server.ts'
import type { Simulation } from './simulation.ts'

/** How long an operator takes to notice or to do something: a few beats, so that many changes meet in one reconcile, as they do in life. */
const BEAT_MS = 120
const MOST_BEATS = 3

/** Runs the operators of the world after each change they care about, at moments the seed chooses. */
export class World {
  readonly client: LocalClient
  readonly #simulation: Simulation
  readonly #server: SimServer
  readonly #random: Random
  readonly #due = new Set<string>()
  #running = 0
  readonly failures: string[] = []

  constructor(simulation: Simulation, server: SimServer, random: Random) {
    this.#simulation = simulation
    this.#server = server
    this.#random = random
    this.client = server.client('operators')
    server.onCommit(({ entry, type }) => {
      const object = entry.object as unknown as KubeObject
      if (object.kind === 'Kafka') this.#wakeMembers(object.metadata.namespace!)
      // A Secret that went away is made again by whoever owns it.
      if (object.kind === 'Secret' && type === 'DELETED') {
        const owner = object.metadata.ownerReferences?.[0]
        if (owner) this.#later(owner, object.metadata.namespace!, owner.name)
      }
      if (type !== 'DELETED') this.#later(object, object.metadata.namespace!, object.metadata.name)
    })
  }

  get idle(): boolean {
    return this.#due.size === 0 && this.#running === 0
  }

  /** Every operator looks at everything, as after its own start. */
  wakeAll(): void {
    for (const kind of Object.values(KINDS))
      for (const { namespace, name } of this.#server.list(kind)) this.#later(kind, namespace, name)
  }

  #wakeMembers(namespace: string): void {
    for (const kind of ['KafkaTopic', 'KafkaUser']) {
      const type = { apiVersion: 'kafka.strimzi.io/v1', kind }
      for (const { name } of this.#server.list(type)) this.#later(type, namespace, name)
    }
  }

  #later(kind: { apiVersion: string; kind: string }, namespace: string, name: string): void {
    const operator = OPERATORS[kind.kind]
    const key = `${kind.kind}/${namespace}/${name}`
    if (!operator || this.#due.has(key)) return
    this.#due.add(key)
    const beats = this.#random.int(1, MOST_BEATS) * BEAT_MS
    this.#simulation.after(beats - (this.#simulation.elapsed % BEAT_MS), () => {
      this.#due.delete(key)
      const live = this.#server.get(kind, namespace, name)
      if (!live) return
      this.#running++
      // Conflicts come from writes in between: the next look is due by the commit that caused them.
      operator(this.client, live.object as unknown as KubeObject).then(
        result => {
          this.#running--
          if (result === 'again') this.#later(kind, namespace, name)
        },
        (error: { code?: number }) => {
          this.#running--
          if (error.code !== 404 && error.code !== 409) this.failures.push(`${key}: ${String(error)}`)
          else this.#later(kind, namespace, name)
        },
      )
    })
  }
}
