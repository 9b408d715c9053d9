import type { PlatformStatus } from '../../src/contracts/generated/platform.ts'
import type { FieldFight } from '../kube/fights.ts'
import { type Condition, groupOf, type KubeObject, keyOf } from '../kube/objects.ts'
import { certificateProblems } from './certificates.ts'
import type { Desired, Part } from './desired.ts'
import type { Effective } from './effective.ts'
import type { Refusal } from './errors.ts'
import type { Facts } from './facts.ts'
import type { Flow } from './flow/flow.ts'
import { shownKafka } from './kafka-in-force.ts'
import type { Observed, Step } from './plan.ts'
import { KINDS, type Platform, RECONCILE_ANNOTATION } from './platform.ts'
import type { Skipped } from './presence.ts'
import { sharingApps } from './providers/external.ts'
import type { Readiness } from './readiness.ts'
import { publicAddress } from './render/ingress.ts'

/** A field of a child that another manager keeps changing. */
export interface Fight extends FieldFight {
  kind: string
  name: string
}

export interface ReportInput {
  platform: Platform
  effective: Effective
  facts: Facts
  desired: Desired[]
  /** Kinds that are not there, of children the platform can do without. */
  skipped: Skipped[]
  observed: Observed
  steps: Step[]
  refused: Refusal[]
  failures: { object: KubeObject; error: Error }[]
  /** Fields that others keep changing. */
  fights: Fight[]
  /** What the pods say of the way of events; absent: nobody asks them. */
  flow?: Flow
  /** Release of the operator. */
  operator: string
  /** Fields that the served CRD lacks; absent: not known. */
  crdMissing?: readonly string[]
  /** RFC 3339; used only for conditions that change. */
  now: string
}

export type Verdict = { status: Condition['status']; reason: string; message: string }
/** Topics of a Kafka outside the cluster have no resource: their rows come from the Job that looks at them. */
const REPORTED_TOPIC = 'Topic'

export type ComponentRow = NonNullable<PlatformStatus['components']>[number]

const PART_CONDITIONS: readonly [type: string, parts: readonly Part[]][] = [
  ['KafkaReady', ['kafka']],
  ['TopicsReady', ['topics', 'users']],
  ['DatabaseReady', ['database', 'migrations']],
  ['MessagingReady', ['credentials', 'messaging', 'subscriptions']],
  ['ServicesReady', ['foundation', 'services']],
]

/** `(CR, children, plan, previous status) → status`. Pure, but for `now`; conditions that say the same keep their time, so nothing flaps. */
export function report(input: ReportInput): PlatformStatus {
  const { platform, effective, facts, observed } = input
  const rows = componentRows(input)
  const verdicts = new Map<string, Verdict>(
    PART_CONDITIONS.map(([type, parts]) => [type, partVerdict(input, rows, parts)]),
  )
  verdicts.set('EventsFlowing', flowVerdict(input))
  verdicts.set('VersionSupported', versionVerdict(input))
  verdicts.set('FieldConflict', conflictVerdict(input.fights))
  verdicts.set('CRDOutdated', crdVerdict(input))
  verdicts.set('ChildrenSkipped', skippedVerdict(input.skipped))
  verdicts.set(
    'Suspended',
    effective.suspend
      ? { status: 'True', reason: 'SuspendedBySpec', message: 'nothing is written but status' }
      : { status: 'False', reason: 'Active', message: '' },
  )
  const progressing = input.steps.filter(step => step.action !== 'wait').length > 0 || rows.some(row => !row.ready)
  verdicts.set(
    'Progressing',
    progressing
      ? { status: 'True', reason: 'Reconciling', message: waitingFor(rows) }
      : { status: 'False', reason: 'Settled', message: '' },
  )
  verdicts.set('Ready', readyVerdict(input, verdicts))
  const web = observed.get(
    keyOf({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: `${platform.metadata.name}-web`, namespace: platform.metadata.namespace },
    }),
  )
  const services = rows.filter(row => row.kind === 'Deployment')
  const requested = platform.metadata.annotations?.[RECONCILE_ANNOTATION]
  return {
    observedGeneration: platform.metadata.generation,
    ...(requested && { lastHandledReconcileAt: requested }),
    conditions: conditions(platform, verdicts, input.now),
    effective: shown(effective),
    components: rows,
    ...(web && { endpoints: endpoints(platform) }),
    kafka: {
      ...(facts.kafka.bootstrapServers && { bootstrapServers: facts.kafka.bootstrapServers }),
      ...(facts.kafka.version && { version: facts.kafka.version }),
    },
    services: { ready: `${services.filter(row => row.ready).length}/${services.length}` },
    version: effective.version,
    inventory: inventory(input),
  }
}

/** The status of a platform that is going, or that may not come up at all. */
export function briefStatus(
  platform: Platform,
  verdicts: Record<string, Verdict>,
  now: string,
  rows: ComponentRow[] = [],
): PlatformStatus {
  const { conditions: _old, components: _rows, ...kept } = platform.status ?? {}
  return {
    ...kept,
    observedGeneration: platform.metadata.generation,
    conditions: conditions(platform, new Map(Object.entries(verdicts)), now),
    components: rows,
  }
}

/** What was last said stays until there is something else to say: an operator that has just begun knows nothing yet. */
function flowVerdict({ platform, flow }: ReportInput): Verdict {
  if (!flow)
    return { status: 'Unknown', reason: 'NotMeasured', message: 'the operator was told not to ask (--probe none)' }
  const before = platform.status?.conditions?.find(({ type }) => type === 'EventsFlowing')
  if (flow.verdict) return flow.verdict
  return before && before.reason !== 'NotMeasured'
    ? { status: before.status, reason: before.reason, message: before.message }
    : { status: 'Unknown', reason: 'Measuring', message: 'no canary event was seen yet' }
}

function versionVerdict({ effective, refused }: ReportInput): Verdict {
  const refusal = refused.find(({ code }) => code === 'TEP-SPEC-VERSION')
  return refusal
    ? { status: 'False', reason: 'Unsupported', message: refusal.message }
    : { status: 'True', reason: 'Supported', message: `services ${effective.version}` }
}

/** What the API server does not know it drops in silence: whoever set such a field would wait for ever. */
function crdVerdict({ platform, operator, crdMissing }: ReportInput): Verdict {
  if (!crdMissing) {
    const before = platform.status?.conditions?.find(({ type }) => type === 'CRDOutdated')
    return before
      ? { status: before.status, reason: before.reason, message: before.message }
      : { status: 'Unknown', reason: 'NotRead', message: 'the served CRD was not looked at yet' }
  }
  if (crdMissing.length === 0) return { status: 'False', reason: 'Current', message: '' }
  const some = crdMissing.slice(0, 5).join(', ') + (crdMissing.length > 5 ? ` and ${crdMissing.length - 5} more` : '')
  return {
    status: 'True',
    reason: 'FieldsMissing',
    message: `the CRD in the cluster is older than this operator (${operator}) and drops ${some}; run: kubectl apply --server-side --force-conflicts -f crds/ (from the chart of ${operator})`,
  }
}

/** Names manager, path and since of each field that is fought over; says the same as long as the fights are the same. */
function conflictVerdict(fights: Fight[]): Verdict {
  if (fights.length === 0) return { status: 'False', reason: 'NoConflict', message: '' }
  const texts = fights.map(
    ({ kind, name, path, manager, since }) =>
      `${kind} ${name}: ${path} is kept different by ${manager ?? 'an unknown manager'} since ${new Date(since).toISOString().replace(/\.\d+Z$/, 'Z')}`,
  )
  return { status: 'True', reason: 'FoughtOver', message: texts.sort().slice(0, 5).join('; ') }
}

function skippedVerdict(skipped: Skipped[]): Verdict {
  if (skipped.length === 0) return { status: 'False', reason: 'AllPresent', message: '' }
  const texts = skipped.map(({ kind, from }) => `${kind.kind} (${kind.apiVersion}): install ${from}`)
  return {
    status: 'True',
    reason: 'KindAbsent',
    message: `left out until the cluster knows them: ${texts.sort().join('; ')}`,
  }
}

/** Each child with why it waits; what is refused or failed comes before what is merely not ready. */
function componentRows(input: ReportInput): ComponentRow[] {
  const { desired, facts, observed, steps, refused, failures, flow } = input
  const certificates = certificateProblems(input, Date.parse(input.now))
  const waits = new Map(steps.filter(step => step.action === 'wait').map(step => [keyOf(step.object), step]))
  const rows = desired.map(({ object }) => {
    const live = observed.get(keyOf(object))
    const { kind } = object
    const { name } = object.metadata
    const refusal = refused.find(each => each.kind === kind && each.name === name)
    const failure = failures.find(each => keyOf(each.object) === keyOf(object))
    const waiting = waits.get(keyOf(object))
    const certificate = kind === KINDS.secret.kind ? certificates.get(name) : undefined
    // A Component has no status of its own: whether it is of use, only the sidecars know.
    const notLoaded = kind === KINDS.component.kind ? flow?.notLoaded.find(each => each.component === name) : undefined
    const state: Readiness = failure
      ? { ready: false, reason: 'WriteFailed', message: failure.error.message }
      : refusal
        ? refusedState(refusal)
        : waiting?.action === 'wait'
          ? { ready: false, reason: waiting.reason, message: waiting.message }
          : live
            ? (certificate ??
              (notLoaded ? { ready: false, reason: 'NotLoaded', message: notLoaded.message } : live.readiness))
            : { ready: false, reason: 'Creating', message: '' }
    return { kind, name, ...state }
  })
  for (const { topic, ...state } of facts.kafka.reports) {
    const refusal = refused.find(each => each.kind === REPORTED_TOPIC && each.name === topic)
    rows.push({ kind: REPORTED_TOPIC, name: topic, ...(refusal ? refusedState(refusal) : state) })
  }
  return rows.sort((a, b) => `${a.kind}/${a.name}`.localeCompare(`${b.kind}/${b.name}`))
}

const refusedState = ({ code, field, message }: Refusal): Readiness => ({
  ready: false,
  reason: 'Refused',
  message: `${code} ${field}: ${message}`,
})

function partVerdict(input: ReportInput, all: ComponentRow[], parts: readonly Part[]): Verdict {
  const of = new Set(
    input.desired
      .filter(each => parts.includes(each.part))
      .map(each => `${each.object.kind}/${each.object.metadata.name}`),
  )
  if (parts.includes('topics')) for (const { topic } of input.facts.kafka.reports) of.add(`${REPORTED_TOPIC}/${topic}`)
  const refused = input.refused.filter(
    each =>
      of.has(`${each.kind}/${each.name}`) ||
      (parts.includes('kafka') && ['Kafka', 'TodoEventPlatform'].includes(each.kind)),
  )
  if (refused.length > 0)
    return {
      status: 'False',
      reason: 'SpecRefused',
      message: refused.map(each => `${each.code} ${each.field}: ${each.message}`).join('; '),
    }
  const rows = all.filter(row => of.has(`${row.kind}/${row.name}`) && !row.ready)
  if (rows.length === 0)
    return { status: 'True', reason: 'Ready', message: parts.includes('users') ? sharing(input) : '' }
  const failed = rows.find(row => row.reason === 'WriteFailed')
  return { status: 'False', reason: failed ? 'WriteFailed' : 'NotReady', message: waitingFor(rows) }
}

/** Without users of their own, apps can be held to their topics by nobody but their sidecars: that is told. */
function sharing({ effective }: ReportInput): string {
  const apps = sharingApps(effective)
  return apps.length === 0
    ? ''
    : `${apps.join(', ')} share one Kafka credential; spec.kafka.external.userSecretRefs gives each its own`
}

/** The first few reasons, sorted by the rows' own order, so that the message does not change while nothing does. */
function waitingFor(rows: ComponentRow[]): string {
  const open = rows.filter(row => !row.ready)
  const shownRows = open
    .slice(0, 3)
    .map(row => `${row.kind} ${row.name}: ${row.reason}${row.message ? ` (${row.message})` : ''}`)
  return shownRows.join('; ') + (open.length > 3 ? `; and ${open.length - 3} more` : '')
}

function readyVerdict({ refused, effective }: ReportInput, verdicts: Map<string, Verdict>): Verdict {
  const failing = PART_CONDITIONS.map(([type]) => [type, verdicts.get(type)!] as const).filter(
    ([, verdict]) => verdict.status !== 'True',
  )
  if (refused.length > 0)
    return {
      status: 'False',
      reason: 'SpecRefused',
      message: refused.map(each => `${each.code} ${each.field}: ${each.message}`).join('; '),
    }
  if (failing.length > 0)
    return {
      status: 'False',
      reason: failing[0]![0].replace('Ready', 'NotReady'),
      message: failing.map(([, verdict]) => verdict.message).join('; '),
    }
  return { status: 'True', reason: 'Ready', message: effective.suspend ? 'suspended' : 'all parts are ready' }
}

function conditions(
  platform: Platform,
  verdicts: Map<string, Verdict>,
  now: string,
): NonNullable<PlatformStatus['conditions']> {
  const before = platform.status?.conditions ?? []
  return [...verdicts]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([type, verdict]) => {
      const old = before.find(condition => condition.type === type)
      return {
        type,
        ...verdict,
        observedGeneration: platform.metadata.generation,
        lastTransitionTime: old && old.status === verdict.status ? old.lastTransitionTime : now,
      }
    })
}

function endpoints(platform: Platform): NonNullable<PlatformStatus['endpoints']> {
  const base = publicAddress({ platform })
  return { web: base, api: `${base}/api/v1`, mcp: `${base}/mcp` }
}

/** The effective spec in the words of the spec, without what is only ours. */
function shown(effective: Effective): Record<string, unknown> {
  const { services, topics, subscriptions, kafka, strimzi, redpanda, external, auth, ...rest } = effective
  return {
    ...rest,
    kafka: shownKafka(effective),
    topics: topics.map(({ deadLetter: _dead, ...topic }) => topic),
    subscriptions,
    services: Object.fromEntries(
      services.map(({ contract, replicasGiven: _given, ...service }) => [contract.service, service]),
    ),
    auth: {
      issuer: auth.issuer,
      audience: auth.audience,
      rolesClaim: auth.rolesClaim,
      operatorRole: auth.operatorRole,
    },
  }
}

function inventory({ desired, observed }: ReportInput): NonNullable<PlatformStatus['inventory']> {
  const all = new Map(
    [...observed.values(), ...desired.map(each => each.object)].map(object => [keyOf(object), object]),
  )
  return [...all]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([, { apiVersion, kind, metadata }]) => ({
      group: groupOf(apiVersion),
      kind,
      ...(metadata.namespace && { namespace: metadata.namespace }),
      name: metadata.name,
    }))
}
