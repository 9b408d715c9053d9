import { conditionOf, type KubeObject } from '../../controller/kube/objects.ts'
import { CHILD_KINDS, FINALIZER, KINDS, PLATFORM_LABEL } from '../../controller/platform/platform.ts'
import type { Change } from '../../src/local/kube-api/store/store.ts'
import type { Call, NetworkObserver } from './network.ts'
import { addressOf } from './normalise.ts'
import { isReady } from './operators.ts'
import type { SimServer } from './server.ts'
import type { Simulation } from './simulation.ts'

/** What the fault-free run did: faults may make a run slower, never busier. */
export interface Limits {
  creates: ReadonlyMap<string, number>
  generations: ReadonlyMap<string, number>
}

/** Objects by address: how often they were created, and their newest generation. */
type Counted = Pick<Oracle, 'creates' | 'generations'>

export interface OracleOptions {
  simulation: Simulation
  server: SimServer
  limits: Limits | undefined
  /** Identity of a replica as the Lease names it; undefined without leader election. */
  identityOf(replica: string): string | undefined
}

const CHILD_KIND_NAMES = new Set<string>(CHILD_KINDS.map(({ kind }) => kind))
const STATEFUL = new Set(['Kafka', 'KafkaNodePool', 'KafkaTopic', 'Cluster'])
const LEASES = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' }
/** A reconcile under way may finish after its platform was suspended. */
const UNDER_WAY_MS = 15_000
const CALLS_PER_SECOND = 300
/** Lists and watches of one kind: backoff begins at 100 ms. */
const WATCHES_PER_SECOND = 30

/** What must have been ready once before the first of a kind is written (the graph of design: ready before). */
const NEEDS: Readonly<Record<string, readonly string[]>> = {
  KafkaTopic: ['Kafka'],
  KafkaUser: ['Kafka'],
  Component: ['KafkaTopic', 'KafkaUser', 'Cluster'],
  Deployment: ['Job'],
}

const platformOf = (object: KubeObject): string | undefined => object.metadata.labels?.[PLATFORM_LABEL]
const isOurs = (object: KubeObject): boolean =>
  platformOf(object) !== undefined ||
  object.metadata.managedFields?.some(({ manager }) => manager === 'todo-event-platform') === true

/** Who takes the last finalizer off is answered with what was never stored, under the resourceVersion that was there before. */
const isGone = ({ metadata }: KubeObject): boolean =>
  metadata.deletionTimestamp !== undefined && (metadata.finalizers ?? []).length === 0

/** Watches every commit and every call of a run, and says what should never have happened. */
export class Oracle implements Omit<NetworkObserver, 'dies' | 'late'> {
  readonly violations: string[] = []
  creates = new Map<string, number>()
  generations = new Map<string, number>()
  /** Commits other than Leases and Events, by whom they were made. */
  lastCommitAt = 0
  writes = 0
  readonly calls: Call[] = []
  readonly #options: OracleOptions
  readonly #views = new Map<string, Map<string, KubeObject>>()
  /** Pages of lists under way, and the initial events of streaming lists. */
  readonly #lists = new Map<string, KubeObject[]>()
  readonly #initial = new WeakMap<Call, KubeObject[]>()
  readonly #listed = new WeakSet<Call>()
  readonly #suspendedSince = new Map<string, number>()
  /** Children that are going because we want them gone: they are no longer spoken of. */
  readonly #givenUp = new Set<string>()
  /** The version of the object that the writer knew when it wrote. */
  readonly #knew = new WeakMap<Call, string>()
  /** Children that have been ready at some time, by uid. */
  readonly #wasReady = new Set<string>()
  readonly #rate = new Map<string, { second: number; calls: number }>()

  constructor(options: OracleOptions) {
    this.#options = options
    for (const kind of CHILD_KINDS)
      for (const { object } of options.server.list(kind)) {
        const child = object as unknown as KubeObject
        if (isReady(child)) this.#wasReady.add(child.metadata.uid!)
      }
    options.server.onCommit((change, writer) => this.#committed(change, writer))
  }

  /** What has been counted so far, to be given to `restored`. */
  counted(): Counted {
    return { creates: new Map(this.creates), generations: new Map(this.generations) }
  }

  /**
   * The server's state went back to where `counted` was asked: what was created since may be created again. Whatever a replica
   * has been told stays told, under no version: the server gives those again to other states.
   */
  restored({ creates, generations }: Counted): void {
    this.creates = new Map(creates)
    this.generations = new Map(generations)
    this.lastCommitAt = this.#options.simulation.elapsed
    for (const view of this.#views.values())
      for (const [address, object] of view)
        view.set(address, { ...object, metadata: { ...object.metadata, resourceVersion: '0' } })
  }

  /** A process that begins anew knows nothing. */
  forget(replica: string): void {
    this.#views.delete(replica)
    this.#suspendedSince.delete(replica)
  }

  sent(call: Call): void {
    this.calls.push(call)
    this.#countRate(call)
    // A standby may ask for its turn, and what it is allowed to do.
    if (call.sort !== 'write' || call.kind === 'Lease' || call.kind.startsWith('SelfSubject')) return
    this.#checkLeader(call)
    if (call.aside) return
    this.writes++
    if (CHILD_KIND_NAMES.has(call.kind)) {
      this.#checkSuspended(call)
      this.#checkOrder(call)
      const known = this.#view(call.replica).get(`${call.kind}/${call.namespace}/${call.name}`)
      if (known) this.#knew.set(call, known.metadata.resourceVersion!)
    }
    if (call.kind === 'TodoEventPlatform' && call.subresource === 'status') this.#checkTruth(call)
  }

  answered(call: Call, answer: unknown): void {
    const object = answer as KubeObject & { items?: KubeObject[] }
    if (!object || call.aside || call.kind === '') return
    const view = this.#view(call.replica)
    // A page of one is asked for the server's resourceVersion alone (list.ts, currentVersion): the watch that resumes after
    // it tells what happened, in order. Where the selector leaves one object or none, the page would pass for a whole list.
    if (object.items && /[?&]limit=1(&|$)/.test(call.path)) return
    if (object.items) {
      if (!call.path.includes('continue=')) this.#lists.set(`${call.replica}/${call.kind}`, [])
      const pages = this.#lists.get(`${call.replica}/${call.kind}`) ?? []
      pages.push(...object.items.map(item => ({ ...item, kind: call.kind })))
      if (!(object.metadata as { continue?: string }).continue) this.#replace(call, pages)
    } else if (object.metadata && object.kind === call.kind && call.method !== 'DELETE') {
      const address = addressOf(object)
      if (
        call.sort === 'write' &&
        CHILD_KIND_NAMES.has(call.kind) &&
        !isGone(object) &&
        this.#knew.get(call) === object.metadata.resourceVersion
      )
        this.fail('UselessWrite', `${address} was known to be as it should be`)
      if (Number(object.metadata.resourceVersion) >= Number(view.get(address)?.metadata.resourceVersion ?? 0))
        this.#see(call.replica, object)
    }
  }

  streamed(call: Call, { type, object }: { type: string; object: unknown }): void {
    const known = object as KubeObject
    if (call.path.includes('sendInitialEvents=true') && !this.#listed.has(call)) {
      const list = this.#initial.get(call) ?? []
      this.#initial.set(call, list)
      if (type === 'ADDED') list.push(known)
      if (type !== 'BOOKMARK' || known.metadata.annotations?.['k8s.io/initial-events-end'] !== 'true') return
      this.#listed.add(call)
      this.#replace(call, list)
    } else if (type === 'DELETED') this.#view(call.replica).delete(addressOf(known))
    else if (type === 'ADDED' || type === 'MODIFIED') this.#see(call.replica, known)
  }

  /** A whole list is the truth about its kind. */
  #replace({ replica, kind }: Call, objects: KubeObject[]): void {
    const view = this.#view(replica)
    for (const [address, known] of view) if (known.kind === kind) view.delete(address)
    for (const object of objects) this.#see(replica, object)
  }

  fail(code: string, detail: string): void {
    const text = `${code}: ${detail} (at ${this.#options.simulation.elapsed} ms)`
    if (this.violations.length < 20) this.violations.push(text)
  }

  /** Children whose platform is gone, but for the data that its deletion policy keeps. */
  orphans(keepsData: boolean): string[] {
    const { server } = this.#options
    const platforms = new Set(server.list(KINDS.platform).map(({ name }) => name))
    return CHILD_KINDS.flatMap(kind => server.list(kind))
      .map(({ object }) => object as unknown as KubeObject)
      .filter(
        object =>
          platformOf(object) && !platforms.has(platformOf(object)!) && !(keepsData && STATEFUL.has(object.kind)),
      )
      .map(object => `orphan: ${addressOf(object)}`)
  }

  #see(replica: string, object: KubeObject): void {
    const view = this.#view(replica)
    const address = addressOf(object)
    const held = view.get(address)
    if (held && held.metadata.uid === object.metadata.uid && version(held) > version(object)) return
    view.set(address, object)
    if (object.kind !== KINDS.platform.kind) return
    if (!object['spec']?.suspend || object.metadata.deletionTimestamp) this.#suspendedSince.delete(replica)
    else if (!this.#suspendedSince.has(replica)) this.#suspendedSince.set(replica, this.#options.simulation.elapsed)
  }

  #view(replica: string): Map<string, KubeObject> {
    let view = this.#views.get(replica)
    if (!view) {
      view = new Map()
      this.#views.set(replica, view)
    }
    return view
  }

  #countRate({ replica, kind, name, sort }: Call): void {
    this.#count(replica, CALLS_PER_SECOND)
    if (sort !== 'write' && kind && !name) this.#count(`${replica}/${kind}`, WATCHES_PER_SECOND)
  }

  #count(what: string, most: number): void {
    const second = Math.floor(this.#options.simulation.elapsed / 1_000)
    const rate = this.#rate.get(what)
    if (rate?.second !== second) this.#rate.set(what, { second, calls: 1 })
    else if (++rate.calls === most) this.fail('HotLoop', `${most} calls of ${what} in a second`)
  }

  #checkLeader(call: Call): void {
    const identity = this.#options.identityOf(call.replica)
    if (identity === undefined) return
    const lease = this.#options.server.list(LEASES)[0]?.object as unknown as KubeObject | undefined
    const holder = lease?.['spec']?.holderIdentity
    if (holder !== identity)
      this.fail('TwoWriters', `${call.replica} writes ${call.kind} ${call.name} while ${holder || 'nobody'} leads`)
  }

  #checkSuspended(call: Call): void {
    const since = this.#suspendedSince.get(call.replica)
    if (since !== undefined && this.#options.simulation.elapsed - since > UNDER_WAY_MS)
      this.fail('WroteWhileSuspended', `${call.method} ${call.kind} ${call.name}`)
  }

  #checkOrder(call: Call): void {
    const { kind, namespace, name, body, replica } = call
    if (call.method !== 'PATCH' || this.#view(replica).has(`${kind}/${namespace}/${name}`)) return
    const platform = platformOf(body as KubeObject)
    for (const needed of this.#view(replica).values())
      if (
        NEEDS[kind]?.includes(needed.kind) &&
        platformOf(needed) === platform &&
        !needed.metadata.deletionTimestamp &&
        !this.#wasReady.has(needed.metadata.uid!)
      )
        this.fail('TooEarly', `${kind} ${name} is written before ${needed.kind} ${needed.metadata.name} was ever ready`)
  }

  /** Ready=True may only be said of what the writer has been told: every child there, up to date and ready. */
  #checkTruth(call: Call): void {
    const { status } = call.body as { status?: KubeObject }
    if (conditionOf({ status } as unknown as KubeObject, 'Ready')?.status !== 'True') return
    const view = this.#view(call.replica)
    const known = new Map([...view.values()].map(object => [addressOf(object), object]))
    for (const { kind, namespace, name } of (status?.['inventory'] ?? []) as Record<string, string>[]) {
      const child = known.get(`${kind}/${namespace ?? ''}/${name}`)
      if (!child) this.fail('StatusLies', `Ready=True without ${kind} ${name}`)
      else if (!isReady(child) && !this.#givenUp.has(child.metadata.uid!))
        this.fail('StatusLies', `Ready=True while ${kind} ${name} is not ready`)
    }
    const platform = known.get(`${KINDS.platform.kind}/${call.namespace}/${call.name}`)
    const generation = status?.['observedGeneration'] as number | undefined
    if (platform && generation !== undefined && generation > platform.metadata.generation!)
      this.fail('StatusLies', `observedGeneration ${generation} was never seen`)
  }

  #committed({ type, entry, previous }: Change, writer: string | undefined): void {
    const object = entry.object as unknown as KubeObject
    if (object.kind === 'Lease' || object.kind === 'Event') return
    this.lastCommitAt = this.#options.simulation.elapsed
    if (CHILD_KIND_NAMES.has(object.kind) && type !== 'DELETED' && isReady(object))
      this.#wasReady.add(object.metadata.uid!)
    const before = previous?.object as unknown as KubeObject | undefined
    if (object.metadata.generation && CHILD_KIND_NAMES.has(object.kind)) this.#countGeneration(object)
    if (object.kind === KINDS.platform.kind) {
      if (before) this.#checkFinalizer(before, object, type)
      if (before && writer?.startsWith('replica')) this.#checkPlatform(before, object)
    } else if (writer?.startsWith('replica')) this.#checkChild(type, object, before)
  }

  #countGeneration(object: KubeObject): void {
    const address = addressOf(object)
    const { generation = 0 } = object.metadata
    if (generation <= (this.generations.get(address) ?? 0)) return
    this.generations.set(address, generation)
    const limit = this.#options.limits?.generations.get(address)
    if (limit !== undefined && generation > limit)
      this.fail('SpuriousGeneration', `${address} has generation ${generation}, without faults ${limit}`)
  }

  #checkFinalizer(before: KubeObject, after: KubeObject, type: string): void {
    const had = before.metadata.finalizers?.includes(FINALIZER)
    const has = type !== 'DELETED' && after.metadata.finalizers?.includes(FINALIZER)
    if (!had || has) return
    const keeps = before['spec']?.deletionPolicy === 'Retain'
    const { namespace: home } = before.metadata
    // What is in a namespace that ends goes with it, seen by the controller or not.
    const namespaces = this.#options.server.list({ apiVersion: 'v1', kind: 'Namespace' })
    const ending = namespaces.some(({ object }) => {
      const { name, deletionTimestamp } = (object as unknown as KubeObject).metadata
      return name === home && deletionTimestamp
    })
    for (const kind of CHILD_KINDS)
      for (const entry of this.#options.server.list(kind)) {
        const child = entry.object as unknown as KubeObject
        if (ending && child.metadata.namespace === home) continue
        if (platformOf(child) === before.metadata.name && !(keeps && STATEFUL.has(child.kind)))
          this.fail('FinalizerDropped', `while ${addressOf(child)} is there`)
      }
  }

  #checkPlatform(before: KubeObject, after: KubeObject): void {
    if (JSON.stringify(before['spec']) !== JSON.stringify(after['spec']))
      this.fail('ForeignWrite', 'the spec of the platform')
    for (const field of ['labels', 'annotations'] as const)
      if (JSON.stringify(before.metadata[field]) !== JSON.stringify(after.metadata[field]))
        this.fail('ForeignWrite', `the ${field} of the platform`)
    const others = (object: KubeObject): string =>
      JSON.stringify(object.metadata.finalizers?.filter(finalizer => finalizer !== FINALIZER) ?? [])
    if (others(before) !== others(after)) this.fail('ForeignWrite', 'the finalizers of others')
  }

  #checkChild(type: string, object: KubeObject, before: KubeObject | undefined): void {
    const address = addressOf(object)
    if (!CHILD_KIND_NAMES.has(object.kind)) this.fail('ForeignWrite', `${address} is no child of a platform`)
    else if (before && !isOurs(before)) this.fail('ForeignWrite', `${address} belongs to somebody else`)
    else if (type !== 'DELETED' && !platformOf(object)) this.fail('ForeignWrite', `${address} carries no label of ours`)
    if (object.metadata.deletionTimestamp) this.#givenUp.add(object.metadata.uid!)
    if (type !== 'ADDED') return
    const count = (this.creates.get(address) ?? 0) + 1
    this.creates.set(address, count)
    const { limits } = this.#options
    if (!limits) return
    const most = limits.creates.get(address) ?? (limits.generations.has(address) ? 1 : 0)
    if (count > most) this.fail('DuplicateCreate', `${address} was created ${count} times, without faults ${most}`)
  }
}

const version = ({ metadata }: KubeObject): number => Number(metadata.resourceVersion ?? 0)
