import { isDeepStrictEqual } from 'node:util'
import type { PlatformStatus } from '../../src/contracts/generated/platform.ts'
import { Applier } from '../kube/apply.ts'
import type { Cache } from '../kube/cache.ts'
import type { KubeClient } from '../kube/client.ts'
import type { Clock } from '../kube/clock.ts'
import { isKubeError, KubeError } from '../kube/errors.ts'
import type { RecordEvent } from '../kube/events.ts'
import { type KubeObject, keyOf, type Metadata } from '../kube/objects.ts'
import type { Random } from '../kube/random.ts'
import { isOlder } from '../kube/versions.ts'
import { type Actors, act } from './act.ts'
import { nextTurnMs } from './certificates.ts'
import { decide } from './decide.ts'
import { deletionReport } from './deletion.ts'
import { effectiveSpec } from './effective.ts'
import type { OperatorSettings } from './facts.ts'
import type { Flow } from './flow/flow.ts'
import { LostConsumers } from './lost-consumers.ts'
import { NamespaceEnd } from './namespace-end.ts'
import { observeChildren } from './observe.ts'
import { isStateful, isUnexplained, type Observed, planDeletion, type Step } from './plan.ts'
import { FIELD_MANAGER, FINALIZER, KINDS, type Platform, platformKey } from './platform.ts'
import { BY_NAMESPACE, type Cached, platformOf } from './project.ts'
import { briefStatus, type Fight, report } from './report.ts'
import { SidecarlessPods } from './sidecarless.ts'

export interface ReconcilerOptions {
  client: KubeClient
  cache: Cache
  record: RecordEvent
  settings: OperatorSettings
  clock: Clock
  random: Random
  /** What is known of the way of events; absent: nobody looks. */
  flowOf?(platform: Platform): Flow
  /** Milliseconds after which a consumer that is not there has its pod restarted; 0, the default: never. */
  healAfterMs?: number
  /** Fields that the served CRD lacks, `undefined` while that is not known; absent: nobody looks. */
  crdMissing?(): readonly string[] | undefined
}

/** How long until a name that somebody else has is looked at again, in milliseconds. */
const TAKEN_MS = 30_000
/** To take our finalizer away while others write the same object. */
const MOST_ATTEMPTS = 5

/** One reconcile of one platform: observe → render → plan → act → report. Level-based: it asks only what is, never what happened. */
export class Reconciler {
  readonly #options: ReconcilerOptions
  readonly #actors: Actors
  readonly #sidecarless: SidecarlessPods
  readonly #lostConsumers: LostConsumers
  readonly #namespaceEnd: NamespaceEnd

  constructor(options: ReconcilerOptions) {
    const { client, cache, record, clock } = options
    this.#options = options
    this.#actors = { client, cache, record, applier: new Applier(client, FIELD_MANAGER, clock) }
    this.#sidecarless = new SidecarlessPods(options)
    this.#lostConsumers = new LostConsumers({ healAfterMs: 0, ...options })
    this.#namespaceEnd = new NamespaceEnd(options)
  }

  reconcile = (key: string): Promise<{ requeueAfterMs?: number } | undefined> => this.#reconcile(key, false)

  /** `confirmed`: the platform was read at the source a moment ago. */
  async #reconcile(key: string, confirmed: boolean): Promise<{ requeueAfterMs?: number } | undefined> {
    const { cache } = this.#options
    const [namespace, name] = key.split('/') as [string, string]
    const cached = cache.get(KINDS.platform, namespace, name)
    if (!cached) return undefined
    const platform = platformOf(cached)
    if (platform.metadata.deletionTimestamp) return this.#tearDown(platform)
    const first = this.#firstOf(namespace)
    if (first.uid !== platform.metadata.uid) {
      const message = `namespace ${namespace} is served for TodoEventPlatform ${first.name} already; delete one of the two or move it to a namespace of its own`
      await this.#writeStatus(
        platform,
        briefStatus(platform, { Ready: { status: 'False', reason: 'Conflict', message } }, this.#now()),
      )
      return { requeueAfterMs: 30_000 }
    }
    if (!platform.spec.suspend && !platform.metadata.finalizers?.includes(FINALIZER)) {
      // Nothing can be made there any more, and what was let go of is not to be held again.
      if (await this.#namespaceEnd.isEnding(namespace)) return undefined
      await this.#setFinalizers(platform, [FINALIZER], 'FinalizerAdded')
    }
    return this.#bringUp(platform, confirmed)
  }

  async #bringUp(platform: Platform, confirmed: boolean): Promise<{ requeueAfterMs?: number } | undefined> {
    const { cache, settings } = this.#options
    const decision = decide(this.#options, platform)
    const { effective, facts, steps } = decision
    if (!confirmed && !effective.suspend && isUnexplained(platform, steps) && !(await this.#isCurrent(platform)))
      return this.#reconcile(platformKey(platform.metadata.namespace, platform.metadata.name), true)
    const madeByChance = new Set(Object.keys(facts.generated))
    const failures = effective.suspend ? [] : await act(this.#actors, platform, steps, madeByChance)
    const replaced = effective.suspend ? undefined : await this.#sidecarless.replace(platform)
    failures.push(...(replaced?.failures ?? []))
    const observed = observeChildren(cache, platform)
    const { fights, nextMs } = this.#fights(observed, steps)
    const now = this.#now()
    const flow = this.#options.flowOf?.(platform)
    const crdMissing = this.#options.crdMissing?.()
    const status = report({
      ...decision,
      platform,
      observed,
      failures,
      fights,
      now,
      operator: settings.version,
      ...(flow && { flow }),
      ...(crdMissing && { crdMissing }),
    })
    await this.#writeStatus(platform, status)
    const healed = flow && !effective.suspend ? await this.#lostConsumers.restart(platform, flow, status) : undefined
    failures.push(...(healed?.failures ?? []))
    if (failures.length > 0)
      throw new AggregateError(
        failures.map(failure => failure.error),
        failures.map(({ object, error }) => `${keyOf(object)}: ${error.message}`).join('; '),
      )
    // Whoever has a name that we want is no child of ours: nobody tells when it goes.
    const taken = decision.refused.some(({ code }) => code === 'TEP-SPEC-NAME-TAKEN') ? TAKEN_MS : undefined
    const turn = nextTurnMs({ platform, effective, facts }, this.#options.clock.now())
    const again = Math.min(
      ...[nextMs, taken, turn, replaced?.nextMs, healed?.nextMs].map(ms => ms ?? Number.POSITIVE_INFINITY),
    )
    return Number.isFinite(again) ? { requeueAfterMs: again } : undefined
  }

  /**
   * Reads the platform at the source, and lets what is there into the cache. Its watch may be behind those of its children,
   * as after a restart of the API server: what looks like drift may be what the spec of today leaves alone. client-go asks in
   * the same way before a controller adopts (RecheckDeletionTimestamp).
   */
  async #isCurrent({ metadata }: Platform): Promise<boolean> {
    const { cache, client } = this.#options
    const live = await client.get(KINDS.platform, metadata.namespace, metadata.name)
    if (live?.metadata.uid === metadata.uid && live.metadata.resourceVersion === metadata.resourceVersion) return true
    if (isOlder(live?.metadata.resourceVersion, metadata.resourceVersion))
      throw new KubeError(
        'Expired',
        `TodoEventPlatform ${metadata.namespace}/${metadata.name}: the server's resourceVersion went back`,
        'backoff',
      )
    if (live) cache.wrote(live)
    else cache.wroteDelete({ ...KINDS.platform, metadata })
    return false
  }

  /**
   * What is kept must not be doomed by an older spec: a node pool applied under Delete would take its volumes along
   * whenever somebody removes it. So what Retain keeps is brought up to date before anything goes.
   */
  #retainedUpdates(platform: Platform, isKept: (object: KubeObject) => boolean): Step[] {
    if (effectiveSpec(platform, this.#options.settings.version).deletionPolicy !== 'Retain') return []
    const { steps } = decide(this.#options, platform)
    return steps.filter(step => step.action === 'update' && isKept(step.object))
  }

  /** What `deletionPolicy` keeps; a namespace that ends keeps nothing in it. */
  #keeps(platform: Platform, ending: boolean): (object: KubeObject) => boolean {
    const { deletionPolicy } = effectiveSpec(platform, this.#options.settings.version)
    const home = platform.metadata.namespace
    return object =>
      deletionPolicy === 'Retain' && isStateful(object) && !(ending && object.metadata.namespace === home)
  }

  /** The fields of children that others keep changing, and when to look again. */
  #fights(observed: Observed, steps: Step[]): { fights: Fight[]; nextMs: number | undefined } {
    const { applier } = this.#actors
    const drifts = new Map(steps.flatMap(step => (step.action === 'update' ? [[keyOf(step.object), step.drift]] : [])))
    const fights: Fight[] = []
    let nextMs: number | undefined
    for (const [key, { kind, metadata }] of observed) {
      const uid = metadata.uid ?? ''
      for (const fight of applier.fights(uid, drifts.get(key) ?? []))
        fights.push({ ...fight, kind, name: metadata.name })
      nextMs = Math.min(nextMs ?? Number.POSITIVE_INFINITY, applier.nextMs(uid) ?? Number.POSITIVE_INFINITY)
    }
    return { fights, nextMs: nextMs === undefined || !Number.isFinite(nextMs) ? undefined : nextMs }
  }

  async #tearDown(platform: Platform): Promise<{ requeueAfterMs?: number } | undefined> {
    if (!platform.metadata.finalizers?.includes(FINALIZER)) return undefined
    const ending = await this.#namespaceEnd.isEnding(platform.metadata.namespace)
    const isKept = this.#keeps(platform, ending)
    const children = observeChildren(this.#options.cache, platform)
    const inReach = ending ? await this.#namespaceEnd.inReach(platform, children) : children
    const { steps, remaining } = planDeletion(inReach, isKept)
    const [unkept] = await act(this.#actors, platform, this.#retainedUpdates(platform, isKept))
    if (unkept) throw unkept.error
    if (ending) await this.#releaseTopics(platform, remaining)
    if (remaining.length === 0) {
      await this.#setFinalizers(platform, [], 'FinalizerRemoved')
      return undefined
    }
    const failures = await act(this.#actors, platform, steps)
    const { verdict, rows } = deletionReport({
      remaining,
      asked: steps.map(step => step.object),
      failure: failures[0]?.error,
      now: this.#options.clock.now(),
    })
    const verdicts = {
      Ready: { status: 'False', reason: 'Deleting', message: 'being deleted' },
      Deleting: verdict,
    } as const
    await this.#writeStatus(platform, briefStatus(platform, verdicts, this.#now(), rows))
    if (failures.length > 0) throw failures[0]!.error
    return { requeueAfterMs: 2_000 }
  }

  /**
   * For the end of the operator: where its own namespace ends, nobody will be there to finish the deletion of the platforms in
   * it, whose turn comes after that of the pods. What lies outside is deleted without waiting, the rest goes by itself.
   */
  async leave(namespace: string): Promise<void> {
    const { cache } = this.#options
    const platforms = cache.byIndex(BY_NAMESPACE, `${KINDS.platform.kind}/${namespace}`).map(platformOf)
    const held = platforms.filter(({ metadata }) => metadata.finalizers?.includes(FINALIZER))
    if (held.length === 0 || !(await this.#namespaceEnd.isEnding(namespace))) return
    for (const platform of held) {
      const isKept = this.#keeps(platform, true)
      const children = [...observeChildren(cache, platform).values()].filter(
        child => !isKept(child) && (child.metadata.namespace !== namespace || child.kind === KINDS.topic.kind),
      )
      const steps = children
        .filter(({ metadata }) => !metadata.deletionTimestamp)
        .map(object => ({ action: 'delete' as const, part: undefined, object, reason: 'PlatformDeleted' as const }))
      const [failure] = await act(this.#actors, platform, steps)
      await this.#releaseTopics(platform, observeChildren(cache, platform).values())
      if (failure) throw failure.error
      await this.#letGo(platform)
    }
  }

  /** Nobody watches any more at the end of the operator: the platform is read at the source, and again where others write it. */
  async #letGo({ metadata: { namespace, name } }: Platform): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const live = await this.#options.client.get(KINDS.platform, namespace, name)
      if (!live?.metadata.finalizers?.includes(FINALIZER)) return
      try {
        return await this.#setFinalizers(live as Platform, [], 'FinalizerRemoved')
      } catch (error) {
        if (!isKubeError(error, 'Conflict') || attempt === MOST_ATTEMPTS) throw error
      }
    }
  }

  async #releaseTopics(platform: Platform, children: Iterable<Cached>): Promise<void> {
    const released = await this.#namespaceEnd.releaseTopics(platform, children)
    if (released.length > 0)
      this.#options.record(platform, {
        type: 'Normal',
        reason: 'TopicReleased',
        message: `${released.length} topics go with namespace ${platform.metadata.namespace}, and so does their Kafka`,
      })
  }

  /** The oldest platform of a namespace is the one that is served; names decide between twins. */
  #firstOf(namespace: string): Metadata {
    const all = this.#options.cache.byIndex(BY_NAMESPACE, `${KINDS.platform.kind}/${namespace}`)
    const age = ({ creationTimestamp, name }: Metadata): string => `${creationTimestamp}/${name}`
    return all.map(({ metadata }) => metadata).sort((a, b) => age(a).localeCompare(age(b)))[0]!
  }

  /** Finalizers are a set of which we own one item: a merge patch with the version read would lose nobody else's. */
  async #setFinalizers(platform: Platform, wanted: string[], reason: string): Promise<void> {
    const others = (platform.metadata.finalizers ?? []).filter(finalizer => finalizer !== FINALIZER)
    const { namespace, name, resourceVersion } = platform.metadata
    const patch = { metadata: { resourceVersion, finalizers: [...others, ...wanted] } }
    const { cache, client, record } = this.#options
    const options = { fieldManager: FIELD_MANAGER, reason }
    cache.wrote(await client.mergePatch(KINDS.platform, namespace, name, patch, options))
    record(platform, { type: 'Normal', reason, message: FINALIZER })
  }

  async #writeStatus(platform: Platform, status: PlatformStatus): Promise<void> {
    const { client, cache, record } = this.#options
    if (isDeepStrictEqual(status, platform.status ?? {})) return
    const { namespace, name } = platform.metadata
    const object = { ...KINDS.platform, metadata: { namespace, name }, status }
    cache.wrote(
      await client.apply(object, {
        fieldManager: `${FIELD_MANAGER}-status`,
        force: true,
        subresource: 'status',
        reason: 'StatusChanged',
      }),
    )
    for (const condition of status.conditions ?? []) {
      const old = platform.status?.conditions?.find(each => each.type === condition.type)
      if (old?.status === condition.status || (!old && condition.status !== 'True')) continue
      const bad = ['Ready', 'EventsFlowing'].includes(condition.type) && condition.status === 'False'
      record(platform, {
        type: bad ? 'Warning' : 'Normal',
        reason: `${condition.type}${condition.status}`,
        message: `${condition.reason}${condition.message ? `: ${condition.message}` : ''}`,
      })
    }
  }

  #now = (): string => new Date(this.#options.clock.now()).toISOString().replace(/\.\d+Z$/, 'Z')
}
