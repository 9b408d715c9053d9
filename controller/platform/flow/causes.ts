import type { FlowReport, SidecarReport } from '../../../src/contracts/flow.ts'
import type { Expected, Hop } from './expected.ts'
import { type PodWord, reportsOf } from './words.ts'

/** In the order of the way of an event: what stands earlier explains what stands later. */
export const REASONS = [
  'PodsDown',
  'SidecarMissing',
  'SidecarDown',
  'ComponentNotLoaded',
  'NobodyPublishes',
  'PublishRefused',
  'SubscriptionMissing',
  'RouteMissing',
  'DeliveredLate',
  'NotDelivered',
] as const
export type Reason = (typeof REASONS)[number]

/** The first hindrance on the way of an event. */
export interface Cause {
  reason: Reason
  /** The app it is found at. */
  app: string
  /** The component or route in question. */
  about?: string
  /** Where other topics of the app may fare better. */
  topic?: string
  /** In the words of whoever told; may differ each time. */
  detail?: string
}

/** The same hindrance, whatever words it was told in. */
export const keyOfCause = ({ reason, app, about = '', topic = '' }: Cause): string =>
  [reason, app, about, topic].join(' ')

interface Place {
  app: string
  component: string
  pubsub: string
}

/** Why events of a hop do not arrive, followed from their publisher to their consumer. Pure. */
export function causeOf({ publisher }: Expected, hop: Hop, words: readonly PodWord[]): Cause {
  return (
    (publisher && (hostCause(publisher, words) ?? publishCause(publisher, hop, words))) ??
    hostCause(hop, words) ??
    subscriptionCause(hop, words) ??
    arrivalCause(hop, words)
  )
}

/** Pods, their sidecars, and the component the events go through. */
function hostCause({ app, component, pubsub }: Place, words: readonly PodWord[]): Cause | undefined {
  const pods = words.filter(word => word.component === component)
  const trouble = pods.find(word => word.trouble)?.trouble
  const reports = reportsOf(words, component)
  if (reports.length === 0)
    return { reason: 'PodsDown', app, detail: pods.length === 0 ? 'there is none' : (trouble ?? 'no answer') }
  if (!pods.some(({ sidecar }) => sidecar)) return { reason: 'SidecarMissing', app }
  const sidecars = answering(reports)
  if (sidecars.length === 0) {
    const [silent] = reports.flatMap(({ sidecar }) => (sidecar.answers ? [] : [sidecar.reason]))
    return { reason: 'SidecarDown', app, detail: trouble ?? silent ?? '' }
  }
  if (sidecars.some(({ components }) => components.includes(pubsub))) return undefined
  return { reason: 'ComponentNotLoaded', app, about: pubsub, ...whyNot(sidecars, pubsub) }
}

type Answering = Extract<SidecarReport, { answers: true }>

const answering = (reports: readonly FlowReport[]): Answering[] =>
  reports.flatMap(({ sidecar }) => (sidecar.answers ? [sidecar] : []))

/** Under `*` a sidecar tells why it could not even list its components. */
export function whyNot(sidecars: readonly Answering[], component: string): { detail?: string } {
  const [why] = sidecars.flatMap(({ failures }) => failures[component] ?? failures['*'] ?? [])
  return why === undefined ? {} : { detail: why }
}

function publishCause({ app, component }: Place, { topic }: Hop, words: readonly PodWord[]): Cause | undefined {
  const reports = reportsOf(words, component)
  const leader = reports.find(({ published }) => published !== undefined)
  if (!leader) {
    const detail = reports.find(({ unpublished }) => unpublished !== undefined)?.unpublished
    return { reason: 'NobodyPublishes', app, ...(detail !== undefined && { detail }) }
  }
  const error = leader.published?.find(each => each.topic === topic)?.error
  return error === undefined ? undefined : { reason: 'PublishRefused', app, topic, detail: error }
}

function subscriptionCause({ app, component, topic, fullTopic }: Hop, words: readonly PodWord[]): Cause | undefined {
  const sidecars = answering(reportsOf(words, component))
  const found = sidecars.flatMap(({ subscriptions }) => subscriptions.filter(each => each.topic === fullTopic))
  if (found.length === 0) return { reason: 'SubscriptionMissing', app, topic }
  const [route] = found.flatMap(({ unserved }) => unserved)
  return route === undefined ? undefined : { reason: 'RouteMissing', app, topic, about: route }
}

/** What arrives late is told apart from what does not arrive: its time on the way is longer than the time since. */
function arrivalCause({ app, component, topic }: Hop, words: readonly PodWord[]): Cause {
  const received = reportsOf(words, component).flatMap(report => report.received.filter(each => each.topic === topic))
  const late = received.some(({ latencySeconds, secondsAgo }) => latencySeconds > secondsAgo)
  return { reason: late ? 'DeliveredLate' : 'NotDelivered', app, topic }
}

/**
 * The pods that may have lost their consumer, the likeliest first; none where something else is the cause. Of pods that share
 * a group, the one that had the topic last still holds its partition, or was the last that did.
 */
export function suspectsOf({ reason }: Cause, hop: Hop, words: readonly PodWord[]): string[] {
  const pods = words.flatMap(({ pod, component, report }) =>
    component === hop.component && report?.sidecar.answers
      ? [
          {
            pod,
            secondsAgo:
              report.received.find(({ topic }) => topic === hop.topic)?.secondsAgo ?? Number.POSITIVE_INFINITY,
            subscribed: report.sidecar.subscriptions.some(({ topic }) => topic === hop.fullTopic),
          },
        ]
      : [],
  )
  if (reason === 'SubscriptionMissing')
    return pods
      .filter(({ subscribed }) => !subscribed)
      .map(({ pod }) => pod)
      .sort()
  if (reason !== 'NotDelivered') return []
  const direction = hop.everyPod ? -1 : 1
  return pods
    .sort((a, b) => direction * Math.sign(a.secondsAgo - b.secondsAgo || 0) || a.pod.localeCompare(b.pod))
    .map(({ pod }) => pod)
}

const SAID: Record<Reason, (cause: Cause, topics: string) => string> = {
  PodsDown: ({ app }) => `no pod of ${app} answers`,
  SidecarMissing: ({ app }) => `the pods of ${app} have no sidecar: is Dapr's injector running?`,
  SidecarDown: ({ app }) => `the sidecar of ${app} does not answer`,
  ComponentNotLoaded: ({ app, about, detail }) =>
    `the sidecar of ${app} has not loaded Component ${about}${detail ? '' : `: is ${app} among its scopes?`}`,
  NobodyPublishes: ({ app }) => `no pod of ${app} publishes`,
  PublishRefused: (_cause, topics) => `events of ${topics} cannot be published`,
  SubscriptionMissing: ({ app }, topics) => `the sidecar of ${app} has no Subscription to ${topics}`,
  RouteMissing: ({ app, about }, topics) =>
    `the Subscription of ${app} to ${topics} leads to ${about}, which it does not serve`,
  DeliveredLate: ({ app }, topics) =>
    `events of ${topics} reach ${app} late: it is behind with its work, or the clock of a node is wrong`,
  NotDelivered: ({ app }, topics) =>
    `events of ${topics} are published and do not reach ${app}: see the log of its sidecar, its ACLs and its consumer group`,
}

const MOST_SAID = 3

/** What is wrong, in the order of the way; the same causes are always told in the same words. Pure. */
export function describe(causes: readonly Cause[]): { reason: Reason; message: string } {
  const groups = new Map<string, { first: Cause; topics: Set<string> }>()
  const inOrder = [...causes].sort(
    (a, b) => REASONS.indexOf(a.reason) - REASONS.indexOf(b.reason) || keyOfCause(a).localeCompare(keyOfCause(b)),
  )
  for (const cause of inOrder) {
    const { topic: _topic, ...place } = cause
    const group = groups.get(keyOfCause(place)) ?? { first: cause, topics: new Set() }
    groups.set(keyOfCause(place), group)
    if (cause.topic) group.topics.add(cause.topic)
  }
  const texts = [...groups.values()].map(({ first, topics }) => {
    const text = SAID[first.reason](first, [...topics].join(', '))
    return first.detail ? `${text}: ${first.detail}` : text
  })
  const rest = texts.length - MOST_SAID
  return {
    reason: inOrder[0]!.reason,
    message: texts.slice(0, MOST_SAID).join('; ') + (rest > 0 ? `; and ${rest} more` : ''),
  }
}
