import { parseSchedule, type Schedule } from './cron.ts'
import { parseGoDuration, parsePointInTime } from './duration.ts'
import { jobs as errors, malformedRequest } from './errors.ts'
import { isRecord } from './json.ts'

/** Jobs belong to an app of a namespace; any replica of it may get the tick. */
export interface JobOwner {
  namespace: string
  appId: string
}

export interface FailurePolicy {
  constant?: { interval?: string; maxRetries?: number }
  drop?: Record<string, never>
}

/** A job as its owner described it (dapr JobHTTPRequest without name and overwrite). */
export interface JobSpec {
  schedule?: string
  dueTime?: string
  repeats?: number
  ttl?: string
  data?: unknown
  failurePolicy?: FailurePolicy
}

/** What the scheduler keeps beside the description; times are milliseconds since the epoch. */
export interface JobState {
  due: number
  expires: number | undefined
  /** Ticks left; undefined: no limit. */
  left: number | undefined
  /** Failed attempts of the tick that is due. */
  attempts: number
  /** When the tick was due before retries postponed it: the schedule goes on from there. */
  tick: number
}

/** go-etcd-cron's policy for a job that names none. */
const DEFAULT_POLICY: FailurePolicy = { constant: { interval: '1s', maxRetries: 3 } }

/** A protobuf Duration as JSON has it: seconds, with up to nine digits after the point. `100ms` is none. */
const DURATION = /^(-?\d+)(?:\.(\d{1,9}))?s$/

/** As protojson prints it: with no, three, six or nine digits after the point. */
function readDuration(value: unknown): string {
  const match = typeof value === 'string' ? DURATION.exec(value) : null
  if (!match) throw malformedRequest(`proto: invalid google.protobuf.Duration value ${JSON.stringify(value)}`)
  const digits = (match[2] ?? '').replace(/0+$/, '')
  return `${match[1]}${digits && `.${digits.padEnd(Math.ceil(digits.length / 3) * 3, '0')}`}s`
}

function readPolicy(value: unknown): FailurePolicy | undefined {
  if (!isRecord(value)) return undefined
  const { constant, drop } = value
  if (isRecord(constant) && isRecord(drop))
    throw malformedRequest('proto: error parsing "drop", oneof policy is already set')
  if (isRecord(drop)) return { drop: {} }
  if (!isRecord(constant)) return undefined
  const { interval, maxRetries } = constant
  return {
    constant: {
      ...(interval !== undefined && interval !== null && { interval: readDuration(interval) }),
      ...(maxRetries !== undefined && maxRetries !== null && { maxRetries: readCount('maxRetries', maxRetries) }),
    },
  }
}

/** A uint32. */
function readCount(name: string, value: unknown): number {
  if (!Number.isInteger(value) || (value as number) < 0 || (value as number) > 0xffffffff)
    throw malformedRequest(`proto: invalid value for uint32 field ${name}: ${JSON.stringify(value)}`)
  return value as number
}

/** Reads a request body (dapr.proto.internals.v1.JobHTTPRequest). @throws DaprError 400 naming what is wrong */
export function readJob(body: unknown, owner: JobOwner): { spec: JobSpec; overwrite: boolean } {
  if (!isRecord(body)) throw malformedRequest('the body is not a JSON object')
  if (body['name']) throw errors.nameInBody(owner.appId)
  const text = (name: 'schedule' | 'dueTime' | 'ttl'): string | undefined => {
    const value = body[name]
    if (value === undefined || value === null || value === '') return undefined
    if (typeof value !== 'string')
      throw malformedRequest(`proto: invalid value for string field ${name}: ${JSON.stringify(value)}`)
    return value
  }
  const [schedule, dueTime, ttl] = [text('schedule'), text('dueTime'), text('ttl')]
  const repeats = body['repeats'] ?? undefined
  const count = repeats === undefined ? undefined : readCount('repeats', repeats)
  const failurePolicy = readPolicy(body['failurePolicy'])
  if (schedule === undefined && dueTime === undefined) throw errors.scheduleEmpty(owner)
  return {
    overwrite: body['overwrite'] === true,
    spec: {
      ...(schedule !== undefined && { schedule }),
      ...(dueTime !== undefined && { dueTime }),
      ...(ttl !== undefined && { ttl }),
      ...(count !== undefined && { repeats: count }),
      ...('data' in body && { data: body['data'] }),
      failurePolicy: failurePolicy ?? DEFAULT_POLICY,
    },
  }
}

/** The Jobs API takes schedules with seconds only, unlike bindings.cron (go-etcd-cron internal/scheduler NewBuilder). */
function jobSchedule(text: string): Schedule {
  const fields = text.trim().split(/\s+/)
  if (!text.trim().startsWith('@') && fields.length !== 6)
    throw new Error(`expected exactly 6 fields, found ${fields.length}: [${fields.join(' ')}]`)
  return parseSchedule(text)
}

/**
 * When a new job first runs (go-etcd-cron internal/scheduler Builder.Parse).
 *
 * @throws DaprError 500 for a schedule, due time or ttl that cannot be read, or that do not go together
 */
export function firstState(spec: JobSpec, owner: JobOwner, now: number): JobState {
  const refuse = (why: string) => errors.invalid(owner, why)
  const { schedule, repeats } = spec
  if (schedule === undefined && (repeats ?? 0) > 1) throw refuse('job must have a schedule to repeat')
  if (repeats !== undefined && repeats < 1) throw refuse('defined repeats must be greater than 0')
  if (schedule === undefined && spec.ttl !== undefined) throw refuse('job must have a schedule to have a ttl')
  let first: number | undefined
  if (schedule !== undefined) {
    try {
      first = jobSchedule(schedule).next(now)
    } catch (error) {
      throw refuse((error as Error).message)
    }
  }
  const start = spec.dueTime === undefined ? undefined : parsePointInTime(spec.dueTime, now)
  if (spec.dueTime !== undefined && start === undefined) throw refuse('due time format not recognized')
  const expires = spec.ttl === undefined ? undefined : parsePointInTime(spec.ttl, start ?? now)
  if (spec.ttl !== undefined && expires === undefined) throw refuse('ttl format not recognized')
  if (start !== undefined && expires !== undefined && start > expires) throw refuse('ttl must be greater than due time')
  const due = start ?? first
  if (due === undefined) throw refuse(`schedule ${schedule} has no next time`)
  return { due, expires, left: schedule === undefined ? 1 : repeats, attempts: 0, tick: due }
}

/** The state after a tick was handled (or given up); undefined: the job is over. */
export function afterTick(spec: JobSpec, state: JobState): JobState | undefined {
  const left = state.left === undefined ? undefined : state.left - 1
  if (left === 0 || spec.schedule === undefined) return undefined
  const due = jobSchedule(spec.schedule).next(state.tick)
  if (due === undefined || (state.expires !== undefined && due > state.expires)) return undefined
  return { ...state, due, tick: due, left, attempts: 0 }
}

/** The state after a failed attempt: retried by the failure policy, or the tick is given up. */
export function afterFailure(spec: JobSpec, state: JobState, now: number): JobState | undefined {
  const { constant, drop } = spec.failurePolicy ?? DEFAULT_POLICY
  if (drop) return afterTick(spec, state)
  if (state.attempts >= (constant?.maxRetries ?? Number.POSITIVE_INFINITY)) return afterTick(spec, state)
  return { ...state, attempts: state.attempts + 1, due: now + (parseGoDuration(constant?.interval ?? '') ?? 0) }
}
