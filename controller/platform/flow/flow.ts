import type { FlowReport } from '../../../src/contracts/flow.ts'
import { type Cause, causeOf, describe, keyOfCause, suspectsOf, whyNot } from './causes.ts'
import type { Expected, Hop } from './expected.ts'
import { type Settled, settle } from './settled.ts'
import { type PodWord, reportsOf } from './words.ts'

/** What is known of one hop; of each pod, where each has to see every event. */
interface Track {
  hop: Hop
  /** When the newest canary arrived, in our own monotonic milliseconds: it outlives the pod that had it. */
  newestAt?: number
  arrives: Settled
  /** Why it does not, while it does not. */
  cause?: Cause
  /** Pods that may have lost their consumer, the likeliest first; while that is the cause. */
  suspects?: readonly string[]
  /** Another cause, seen once: it counts when it is seen again. */
  suspected?: string
}

/** What the looks at one platform have come to so far. */
export interface FlowState {
  tracks: ReadonlyMap<string, Track>
  components: ReadonlyMap<string, { loaded: Settled; message: string }>
  verdict?: Verdict
}

type Verdict = { status: 'True' | 'False' | 'Unknown'; reason: string; message: string }

/** What the status says of it. */
export interface Flow {
  /** Absent: nothing is known yet, so what was said before stays. */
  verdict?: Verdict
  /** Components that a sidecar in their scope has not loaded. */
  notLoaded: { component: string; message: string }[]
  /** Consumers that are not there though everything before them is. */
  lost: LostConsumer[]
}

export interface LostConsumer {
  app: string
  topic: string
  /** Since when events stay away, in our own monotonic milliseconds. */
  since: number
  /** Pods that may be to blame, the likeliest first. */
  suspects: readonly string[]
}

/** Measured in canaries: when one is late, and how long a change has to last. */
const LATE_AFTER = 1.5
const SETTLED_AFTER = 2

export const NOTHING_SEEN: FlowState = { tracks: new Map(), components: new Map() }

export interface Moment {
  /** Monotonic milliseconds. */
  now: number
  /** Milliseconds from one canary to the next. */
  canaryMs: number
}

/** One more look at a platform. Nothing flaps: see `settled.ts`. Pure. */
export function nextFlow(before: FlowState, expected: Expected, words: readonly PodWord[], moment: Moment): FlowState {
  const tracks = expected.hops.flatMap(hop => {
    const keys = keysOf(hop, words)
    const heir = heirOf(before, hop, keys)
    return keys.map(([key, reports]): [string, Track] => [
      key,
      withCause(nextTrack(before.tracks.get(key) ?? heir, hop, reports, moment), expected, words),
    ])
  })
  const verdict = verdictOf(
    tracks.map(([, track]) => track),
    expected,
  )
  return {
    tracks: new Map(tracks),
    components: new Map(
      expected.components.map(scoped => [scoped.name, nextComponent(before, scoped, expected, words, moment)]),
    ),
    // Between two turns there may be nothing to say; what was said before holds until then.
    ...((verdict ?? before.verdict) && { verdict: (verdict ?? before.verdict)! }),
  }
}

function nextComponent(
  { components }: FlowState,
  { name, apps }: Expected['components'][number],
  { parts }: Expected,
  words: readonly PodWord[],
  { now, canaryMs }: Moment,
): { loaded: Settled; message: string } {
  const inScope = parts.filter(({ app }) => apps.includes(app))
  const { loaded, message } = loadedBy(name, inScope, words)
  const old = components.get(name)
  return {
    loaded: settle(old?.loaded, loaded, now, SETTLED_AFTER * canaryMs),
    // The words of a failure may differ each time; the first will do for as long as it lasts.
    message: old?.loaded.seen === false && loaded === false ? old.message : message,
  }
}

function keysOf(hop: Hop, words: readonly PodWord[]): [key: string, reports: FlowReport[]][] {
  const key = `${hop.app}/${hop.topic}`
  const answering = words.filter(({ component, report }) => component === hop.component && report)
  if (!hop.everyPod || answering.length === 0) return [[key, reportsOf(words, hop.component)]]
  return answering.map(({ pod, report }) => [`${key}/${pod}`, [report!]])
}

/** What was known of a pod that is gone passes to those that come: a hop that is told of must not be forgotten with its pod. */
function heirOf({ tracks }: FlowState, { app, topic }: Hop, keys: readonly [string, unknown][]): Track | undefined {
  const gone = [...tracks].filter(
    ([key, track]) => track.hop.app === app && track.hop.topic === topic && !keys.some(([current]) => current === key),
  )
  return (gone.find(([, { arrives }]) => arrives.value === false) ?? gone[0])?.[1]
}

function nextTrack(
  before: Track | undefined,
  hop: Hop,
  reports: readonly FlowReport[],
  { now, canaryMs }: Moment,
): Track {
  const arrivals = reports.flatMap(({ received }) =>
    received
      .filter(({ topic }) => topic === hop.topic)
      .map(({ secondsAgo, latencySeconds }) => now - (secondsAgo + latencySeconds) * 1_000),
  )
  const newestAt = Math.max(before?.newestAt ?? Number.NEGATIVE_INFINITY, ...arrivals)
  const arrives = now - newestAt <= LATE_AFTER * canaryMs
  // A platform that is only coming up is no failure: its pods and their parts tell of themselves.
  const silent = before?.arrives.value === undefined && reports.length === 0
  return {
    hop,
    ...(Number.isFinite(newestAt) && { newestAt }),
    arrives: settle(before?.arrives, silent ? undefined : arrives, now, SETTLED_AFTER * canaryMs),
    ...(before?.cause && { cause: before.cause }),
    ...(before?.suspected && { suspected: before.suspected }),
  }
}

function withCause(track: Track, expected: Expected, words: readonly PodWord[]): Track {
  const { cause: known, suspected, suspects: before, ...rest } = track
  if (rest.arrives.value !== false) return rest
  // Events arrive again, and it only has not lasted yet: what kept them is still what is to be told.
  if (rest.arrives.seen && known) return { ...rest, cause: known }
  const cause = causeOf(expected, rest.hop, words)
  const key = keyOfCause(cause)
  if (!known || suspected === key) return { ...rest, cause, ...lostBy(cause, rest.hop, words, before) }
  const changes = keyOfCause(known) !== key
  return { ...rest, cause: known, ...(changes ? { suspected: key } : lostBy(known, rest.hop, words, before)) }
}

/** The suspects stay the same while they are there, though each look may see them in another light. */
function lostBy(
  cause: Cause,
  hop: Hop,
  words: readonly PodWord[],
  before: readonly string[] = [],
): Pick<Track, 'suspects'> {
  const now = suspectsOf(cause, hop, words)
  const kept = before.filter(pod => now.includes(pod))
  const suspects = [...kept, ...now.filter(pod => !kept.includes(pod))]
  return suspects.length > 0 ? { suspects } : {}
}

function loadedBy(
  component: string,
  parts: readonly Expected['parts'][number][],
  words: readonly PodWord[],
): { loaded: boolean | undefined; message: string } {
  let heard = false
  for (const { app, component: part } of parts) {
    for (const { sidecar } of reportsOf(words, part)) {
      if (!sidecar.answers) continue
      heard = true
      if (sidecar.components.includes(component)) continue
      const { detail } = whyNot([sidecar], component)
      return { loaded: false, message: `the sidecar of ${app} has not loaded it${detail ? `: ${detail}` : ''}` }
    }
  }
  return { loaded: heard ? true : undefined, message: '' }
}

/** What there is to say; the same as long as nothing has turned. Pure. */
export const flowOf = ({ tracks, components, verdict }: FlowState): Flow => ({
  ...(verdict && { verdict }),
  notLoaded: [...components]
    .filter(([, { loaded }]) => loaded.value === false)
    .map(([component, { message }]) => ({ component, message })),
  lost: [...tracks.values()].flatMap(({ hop: { app, topic }, arrives: { value, seen, since }, suspects = [] }) =>
    value === false && !seen && suspects.length > 0 ? [{ app, topic, since, suspects }] : [],
  ),
})

function verdictOf(tracks: readonly Track[], { publisher, hops }: Expected): Verdict | undefined {
  if (!publisher || hops.length === 0) {
    const message = publisher
      ? 'no service that consumes events is enabled'
      : 'the service that publishes is not enabled'
    return { status: 'Unknown', reason: 'NothingToMeasure', message }
  }
  const failing = tracks.filter(({ arrives }) => arrives.value === false)
  if (failing.length > 0) return { status: 'False', ...describe(failing.flatMap(({ cause }) => cause ?? [])) }
  // What was well and has just ceased to be may soon be told: all is well again only when nothing like that is under way.
  if (tracks.some(({ arrives }) => arrives.value && !arrives.seen)) return undefined
  // A pod that is only starting says nothing against those that are there.
  if (!hops.every(hop => tracks.some(track => track.hop === hop && track.arrives.value))) return undefined
  const topics = new Set(hops.map(({ topic }) => topic)).size
  const apps = new Set(hops.map(({ app }) => app)).size
  return { status: 'True', reason: 'CanariesArrive', message: `events of ${topics} topics reach ${apps} services` }
}
