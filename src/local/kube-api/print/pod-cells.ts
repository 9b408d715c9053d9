/** What `kubectl get pods` says of a pod (kubernetes/pkg/printers/internalversion, printPod). */
import { at, isObject, type Json, type JsonObject, show } from '../json.ts'
import { age } from './age.ts'

const list = (value: Json | undefined): JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : [])
const hasCondition = (pod: JsonObject, type: Json | undefined) =>
  list(at(pod, 'status.conditions')).find(each => each['type'] === type)?.['status'] === 'True'

/** How a container ended, in one word. */
const endOf = (terminated: JsonObject): string =>
  show(
    terminated['reason'] ||
      (terminated['signal'] ? `Signal:${show(terminated['signal'])}` : `ExitCode:${show(terminated['exitCode'] ?? 0)}`),
  )

interface Summary {
  ready: number
  total: number
  reason: string
  restarts: number
  /** Of the newest end of a container; RFC 3339. */
  restarted: string
}

/** Counts a container's restarts, and when the last of them was. */
function countRestarts(summary: Summary, status: JsonObject): void {
  summary.restarts += Number(status['restartCount'] ?? 0)
  const ended = at(status, 'lastState.terminated.finishedAt')
  if (typeof ended === 'string' && ended > summary.restarted) summary.restarted = ended
}

/** True while an init container holds the pod up; then its reason is the pod's. */
function summariseInit(pod: JsonObject, summary: Summary, sidecars: ReadonlySet<Json>, ofSidecars: Summary): boolean {
  const containers = list(at(pod, 'spec.initContainers'))
  for (const [index, status] of list(at(pod, 'status.initContainerStatuses')).entries()) {
    const sidecar = sidecars.has(status['name'] ?? null)
    countRestarts(summary, status)
    if (sidecar) countRestarts(ofSidecars, status)
    const terminated = at(status, 'state.terminated')
    const waiting = at(status, 'state.waiting.reason')
    if (isObject(terminated) && !terminated['exitCode']) continue
    if (sidecar && status['started'] === true) {
      if (status['ready'] === true) summary.ready++
      continue
    }
    if (isObject(terminated)) summary.reason = `Init:${endOf(terminated)}`
    else if (waiting && waiting !== 'PodInitializing') summary.reason = `Init:${show(waiting)}`
    else summary.reason = `Init:${index}/${containers.length}`
    return true
  }
  return false
}

function summariseContainers(pod: JsonObject, summary: Summary): void {
  let running = false
  let failure = ''
  for (const status of list(at(pod, 'status.containerStatuses')).toReversed()) {
    countRestarts(summary, status)
    const waiting = at(status, 'state.waiting.reason')
    const terminated = at(status, 'state.terminated')
    if (waiting) summary.reason = show(waiting)
    else if (isObject(terminated)) {
      summary.reason = endOf(terminated)
      if (terminated['exitCode']) failure = summary.reason
    } else if (status['ready'] === true && isObject(at(status, 'state.running'))) {
      running = true
      summary.ready++
    }
  }
  if (summary.reason !== 'Completed') return
  if (running && hasCondition(pod, 'Ready')) summary.reason = 'Running'
  else if (failure) summary.reason = failure
  else if (running) summary.reason = 'NotReady'
}

function summarise(pod: JsonObject): Summary {
  const phase = show(at(pod, 'status.phase') ?? '')
  const sidecars = new Set(
    list(at(pod, 'spec.initContainers'))
      .filter(container => container['restartPolicy'] === 'Always')
      .map(container => container['name'] ?? null),
  )
  const gated = list(at(pod, 'status.conditions')).some(
    each => each['type'] === 'PodScheduled' && each['reason'] === 'SchedulingGated',
  )
  const summary: Summary = {
    ready: 0,
    total: list(at(pod, 'spec.containers')).length + sidecars.size,
    reason: gated ? 'SchedulingGated' : show(at(pod, 'status.reason') || phase),
    restarts: 0,
    restarted: '',
  }
  const ofSidecars: Summary = { ...summary }
  const initializing = summariseInit(pod, summary, sidecars, ofSidecars)
  if (!initializing || hasCondition(pod, 'Initialized')) {
    // Init containers that have done their work count no longer.
    summary.restarts = ofSidecars.restarts
    summary.restarted = ofSidecars.restarted
    summariseContainers(pod, summary)
  }
  if (at(pod, 'metadata.deletionTimestamp') && phase !== 'Succeeded' && phase !== 'Failed')
    summary.reason = at(pod, 'status.reason') === 'NodeLost' ? 'Unknown' : 'Terminating'
  return summary
}

const text = (path: string) => (pod: JsonObject) => show(at(pod, path) || '<none>')

function readinessGates(pod: JsonObject): string {
  const gates = list(at(pod, 'spec.readinessGates'))
  if (gates.length === 0) return '<none>'
  return `${gates.filter(gate => hasCondition(pod, gate['conditionType'])).length}/${gates.length}`
}

/** The cells by column. */
export const podCells: Readonly<Record<string, (pod: JsonObject, now: Date) => Json>> = {
  Ready: pod => {
    const { ready, total } = summarise(pod)
    return `${ready}/${total}`
  },
  Status: pod => summarise(pod).reason,
  Restarts: (pod, now) => {
    const { restarts, restarted } = summarise(pod)
    return restarts > 0 && restarted ? `${restarts} (${age(restarted, now)} ago)` : show(restarts)
  },
  IP: pod => show(list(at(pod, 'status.podIPs'))[0]?.['ip'] || at(pod, 'status.podIP') || '<none>'),
  Node: text('spec.nodeName'),
  'Nominated Node': text('status.nominatedNodeName'),
  'Readiness Gates': readinessGates,
}

/** kubectl hides what has run to its end by these. */
export function podRowConditions(pod: JsonObject): JsonObject[] {
  const phase = at(pod, 'status.phase')
  if (phase !== 'Succeeded' && phase !== 'Failed') return []
  const message = phase === 'Succeeded' ? 'The pod has completed successfully.' : 'The pod failed.'
  return [{ type: 'Completed', status: 'True', reason: phase, message }]
}
