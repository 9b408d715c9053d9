/** One mistake somebody could make, as a change of the source. */
export interface Defect {
  name: string
  file: string
  /** Text that must be in the file exactly as given, and what stands there in its place. */
  find: string
  replace: string
  /** Schedules in which it can show; all, where nothing is said. */
  only?: string
}

const RECONCILER = 'controller/platform/reconciler.ts'
const PLAN = 'controller/platform/plan.ts'
const WATCH = 'controller/kube/watch.ts'
const CACHE = 'controller/kube/cache.ts'
const QUEUE = 'controller/kube/queue.ts'
const LEASE = 'controller/kube/lease.ts'

export const DEFECTS: readonly Defect[] = [
  {
    name: 'takes for drift what an old view of the platform does not explain',
    file: RECONCILER,
    find: 'if (!confirmed && !effective.suspend && isUnexplained(platform, steps)',
    replace: 'if (!confirmed && effective.version === "" && isUnexplained(platform, steps)',
    // Elsewhere an outage is read again as a whole before anything is decided.
    only: '^suspended/unobserved/',
  },
  {
    name: 'carries out a plan that the watch has overtaken',
    file: 'controller/platform/act.ts',
    find: 'const drift = driftByNow(cache, step, planned)',
    replace: 'const drift: Drift[] | undefined = planned',
    only: '^service-enabled/answer-lost',
  },
  {
    name: 'drops the finalizer early',
    file: RECONCILER,
    find: 'if (remaining.length === 0) {',
    replace: 'if (remaining.length <= 6) {',
    only: 'delete',
  },
  {
    name: 'never sets the finalizer',
    file: RECONCILER,
    find: 'if (!platform.spec.suspend && !platform.metadata.finalizers?.includes(FINALIZER))',
    replace: 'if (process.exitCode === 99)',
  },
  {
    name: 'serves a second platform of a namespace',
    file: RECONCILER,
    find: 'if (first.uid !== platform.metadata.uid) {',
    replace: 'if (first.uid === undefined) {',
    only: 'second',
  },
  {
    name: 'swallows failures of children',
    file: RECONCILER,
    find: 'if (failures.length > 0)\n      throw new AggregateError',
    replace: 'if (failures.length > 1_000)\n      throw new AggregateError',
    // Where few other writes follow that would bring the platform back by themselves.
    only: '^(service-scaled|topic-added|child-deleted|drift-by-hand)/(status|reset|forbidden)',
  },
  {
    name: 'acts while suspended',
    file: RECONCILER,
    find: 'effective.suspend ? [] : await act',
    replace: 'effective.version === "" ? [] : await act',
    only: 'suspended',
  },
  {
    name: 'writes the status though it is the same',
    file: RECONCILER,
    find: 'if (isDeepStrictEqual(status, platform.status ?? {})) return',
    replace: '',
  },
  {
    name: 'forgets the first status for good',
    file: RECONCILER,
    find: 'if (isDeepStrictEqual(status, platform.status ?? {})) return',
    replace: 'if (platform.status?.conditions) return',
  },
  {
    name: 'deletes in no order',
    file: PLAN,
    find: 'waveOf(object) === first && ',
    replace: '',
    only: 'delete',
  },
  {
    name: 'deletes data that was to be kept',
    file: PLAN,
    find: 'const going = [...observed.values()].filter(object => !isKept(object))',
    replace: 'const going = [...observed.values()]',
    only: 'keeping-data',
  },
  {
    name: 'does not prune',
    file: PLAN,
    find: "steps.push({ action: 'delete', part: undefined, object, reason: 'NoLongerWanted' })",
    replace: '',
  },
  {
    name: 'looks for drift in changed specs only',
    file: PLAN,
    find: 'if (live && drift.length === 0) continue',
    replace:
      'if (live && live.metadata.annotations?.[HASH_ANNOTATION] === object.metadata.annotations?.[HASH_ANNOTATION]) continue',
    only: 'drift|label',
  },
  {
    name: 'writes what has not changed',
    file: PLAN,
    find: 'if (live && drift.length === 0) continue',
    replace: '',
  },
  {
    name: 'believes that whatever exists is ready',
    file: PLAN,
    find: 'return !waiting && live !== undefined && live.readiness.ready',
    replace: 'return !waiting && live !== undefined',
  },
  {
    name: 'says ready before children are',
    file: 'controller/platform/report.ts',
    find: 'if (rows.length === 0)',
    replace: 'if (rows.length < 3)',
  },
  {
    name: 'takes an old status for the new generation',
    file: 'controller/platform/readiness.ts',
    find: 'status?.observedGeneration === metadata.generation',
    replace: 'status?.observedGeneration !== undefined && metadata.generation',
  },
  {
    name: 'lowers partitions',
    file: 'controller/platform/providers/topics.ts',
    find: 'partitions: Math.max(topic.partitions, live.partitions)',
    replace: 'partitions: topic.partitions',
    only: 'partitions',
  },
  {
    name: 'makes a new token each time',
    file: 'controller/platform/observe.ts',
    find: "cache.get(KINDS.secret, namespace, secret)?.['data'] ?? fresh()",
    replace: 'fresh()',
  },
  {
    name: 'takes no notice of the secrets of others',
    file: 'controller/watches.ts',
    find: 'if (!SHARED_INPUTS.includes(object.kind)) return []',
    replace: "if (object.kind !== 'Kafka') return []",
  },
  {
    name: 'moves the pods of a pinned platform with its own release',
    file: 'controller/platform/effective.ts',
    find: 'version: spec.version ?? operatorVersion,',
    replace: 'version: operatorVersion,',
    only: 'operator-upgraded',
  },
  {
    name: 'believes the Secret of an owner that is gone',
    file: 'controller/platform/providers/secrets.ts',
    find: 'return ownedByOneGone ? undefined : secret',
    replace: 'return secret',
    only: 'deleted-and-made-again/(server-restart|stale-view)',
  },
  {
    name: 'takes a child for settled whatever is desired',
    file: 'controller/platform/owned.ts',
    find: 'return this.#settled === hash ? [] : FORGOTTEN',
    replace: 'return []',
  },
  {
    name: 'ignores 410',
    file: WATCH,
    find: "if (known.code === 'Expired' || isTooLarge(known)) this.#version = undefined",
    replace: '',
    only: 'gone|unobserved|restart|storm',
  },
  {
    name: 'resumes after an outage as if etcd could not have been restored',
    file: WATCH,
    find: 'this.#outages.count++\n      this.#lost()',
    replace: '',
    only: '/restored/',
  },
  {
    name: 'decides while half of the kinds are of a history that is no more',
    file: 'controller/kube/manager.ts',
    find: 'while (this.#lost.size > 0) await this.#whole.promise',
    replace: '',
    only: '/restored/',
  },
  {
    name: 'ignores deletions in the watch',
    file: WATCH,
    find: "type === 'DELETED' ? this.#handlers.remove(object) :",
    replace: "type === 'DELETED' ? undefined :",
  },
  {
    name: 'ends the watch at its first error',
    file: WATCH,
    find: 'asked = this.#failed(error)',
    replace: 'return void this.#failed(error)',
    only: 'watch|restart|partition|storm',
  },
  {
    name: 'resumes a broken watch from a version it has not read',
    file: WATCH,
    find: "if (known.code === 'Unreachable' || known.code === 'Unavailable') this.#suspect = true",
    replace: "if (this.#version && known.code === 'Unreachable') this.#version = String(Number(this.#version) + 5)",
    only: 'cut|restart|partition',
  },
  {
    name: 'tries again without a pause',
    file: WATCH,
    find: 'await sleep(clock, Math.max(asked, backoffDelay(this.#failures++, random)), signal)',
    replace: '',
    only: 'restart|forbidden',
  },
  {
    name: 'gives up on a kind whose CRD is absent',
    file: WATCH,
    find: 'this.#emptied()\n          continue',
    replace: 'return this.#emptied()',
    only: 'crds',
  },
  {
    name: 'never notices a silent connection',
    file: 'controller/kube/watch-stream.ts',
    find: 'cancelIdle = clock.after(ms, () => broken(',
    replace: 'cancelIdle = clock.after(ms * 1e6, () => broken(',
    only: 'silent',
  },
  {
    name: 'keeps in the cache what a relist no longer has',
    file: CACHE,
    find: 'if (inScope && !listed.has(key) && !own?.has(key)) this.#drop(key, held)',
    replace: '',
    only: 'unobserved|gone|restart|storm',
  },
  {
    name: 'lets an old event hide a newer write',
    file: CACHE,
    find: 'if (isOlder(object.metadata.resourceVersion, held?.metadata.resourceVersion) || this.#isStale(object)) return',
    replace: '',
    only: '(version-changed-and-back|two-replicas-change)/stale-view-unreported/',
  },
  {
    name: 'brings back what is deleted, by a late answer',
    file: CACHE,
    find: 'if (gone && (compareVersions(resourceVersion, gone) ?? 0) <= 0) return',
    replace: '',
    only: 'edited-and-deleted/answer-late',
  },
  {
    name: 'does not read its own writes',
    file: CACHE,
    find: "this.#put(object, 'echo')",
    replace: '',
    only: 'stale',
  },
  {
    name: 'reconciles before the first lists are in',
    file: 'controller/kube/manager.ts',
    find: 'await this.#synced.promise\n    if',
    replace: 'if',
  },
  {
    name: 'forgets to retry',
    file: QUEUE,
    find: 'after = backoffDelay(failures, random, this.#options)',
    replace: '',
    only: 'status|reset|lost|forbidden',
  },
  {
    name: 'forgets what changed during a reconcile',
    file: QUEUE,
    find: "active.again = active.again === 'user' ? 'user' : priority",
    replace: '',
  },
  {
    name: 'writes without the fence',
    file: 'controller/start.ts',
    find: 'if (settings.leaderElection) lease.fence()',
    replace: '',
    only: 'two-replicas.*(pause|partition|restart|storm)',
  },
  {
    name: 'believes in its lease for ever',
    file: LEASE,
    find: "return this.#state === 'leading' && passed < deadlineSeconds * 1_000",
    replace: "return this.#state === 'leading' && passed >= 0",
    only: 'two-replicas.*(pause|partition|restart|storm)',
  },
  {
    name: 'takes a lease that is held',
    file: LEASE,
    find: 'if (current.holderIdentity && waited < (current.leaseDurationSeconds ?? durationSeconds) * 1_000) return false',
    replace: '',
    only: 'two-replicas',
  },
  {
    name: 'goes on at once when a write failed, whatever the error',
    file: 'controller/platform/act.ts',
    find: 'failures.push({ object: step.object, error: error as Error })',
    replace: "if (isKubeError(error, 'Forbidden', 'Throttled', 'Unavailable', 'Unreachable')) continue",
    // Where few other writes follow that would bring the platform back by themselves.
    only: '^(service-scaled|topic-added|child-deleted|drift-by-hand)/(status|reset|forbidden)',
  },
]
