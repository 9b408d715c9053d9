import { parseSchedule, type Schedule } from './cron.ts'
import { parseGoDuration, parseIsoDuration, parsePointInTime } from './duration.ts'
import { jobs as errors } from './errors.ts'
import { isRecord } from './json.ts'

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
const DEFAULT_RETRY = { interval: 1000, maxRetries: 3 }

/** `R5/PT1M` carries its own repeats. */
function parse(schedule: string): { schedule: Schedule; repeats: number | undefined } {
  const iso = parseIsoDuration(schedule)
  if (iso === undefined) return { schedule: parseSchedule(schedule), repeats: undefined }
  const next = (after: number): number => {
    const date = new Date(after)
    date.setUTCFullYear(date.getUTCFullYear() + iso.years, date.getUTCMonth() + iso.months)
    return date.getTime() + iso.milliseconds
  }
  return { schedule: { next }, repeats: iso.repeats }
}

/** Reads a request body. @throws DaprError 400 naming what is wrong */
export function readJob(body: unknown): { spec: JobSpec; overwrite: boolean } {
  if (!isRecord(body)) throw errors.invalid('the body is not a JSON object')
  if (body['name']) throw errors.nameInBody()
  const text = (name: 'schedule' | 'dueTime' | 'ttl'): string | undefined => {
    const value = body[name]
    if (value === undefined || value === null || value === '') return undefined
    if (typeof value !== 'string') throw errors.invalid(`${name} is not a string`)
    return value
  }
  const [schedule, dueTime, ttl] = [text('schedule'), text('dueTime'), text('ttl')]
  if (schedule === undefined && dueTime === undefined) throw errors.scheduleEmpty()
  const repeats = body['repeats']
  if (repeats !== undefined && (!Number.isInteger(repeats) || (repeats as number) < 1)) {
    throw errors.invalid(`repeats is ${JSON.stringify(repeats)}, not a positive whole number`)
  }
  return {
    overwrite: body['overwrite'] === true,
    spec: {
      ...(schedule !== undefined && { schedule }),
      ...(dueTime !== undefined && { dueTime }),
      ...(ttl !== undefined && { ttl }),
      ...(repeats !== undefined && { repeats: repeats as number }),
      ...('data' in body && { data: body['data'] }),
      ...(isRecord(body['failurePolicy']) && { failurePolicy: body['failurePolicy'] as FailurePolicy }),
    },
  }
}

/** When a new job first runs. @throws DaprError 400 for a schedule, due time or ttl that cannot be read */
export function firstState(spec: JobSpec, now: number): JobState {
  const point = (name: 'dueTime' | 'ttl'): number | undefined => {
    const value = spec[name]
    if (value === undefined) return undefined
    const time = parsePointInTime(value, now)
    if (time === undefined) throw errors.invalid(`${name} is neither a time nor a duration: ${value}`)
    return time
  }
  const start = point('dueTime')
  const expires = point('ttl')
  let left = spec.repeats
  let due = start
  if (spec.schedule !== undefined) {
    try {
      const parsed = parse(spec.schedule)
      left ??= parsed.repeats
      due ??= parsed.schedule.next(now)
    } catch (error) {
      throw errors.invalid(`schedule: ${(error as Error).message}`)
    }
  } else {
    left = 1
  }
  if (due === undefined) throw errors.invalid(`schedule: ${spec.schedule} has no next time`)
  return { due, expires, left, attempts: 0, tick: due }
}

/** The state after a tick was handled (or given up); undefined: the job is over. */
export function afterTick(spec: JobSpec, state: JobState): JobState | undefined {
  const left = state.left === undefined ? undefined : state.left - 1
  if (left === 0 || spec.schedule === undefined) return undefined
  const due = parse(spec.schedule).schedule.next(state.tick)
  if (due === undefined || (state.expires !== undefined && due > state.expires)) return undefined
  return { ...state, due, tick: due, left, attempts: 0 }
}

/** The state after a failed attempt: retried by the failure policy, or the tick is given up. */
export function afterFailure(spec: JobSpec, state: JobState, now: number): JobState | undefined {
  const policy = spec.failurePolicy
  if (policy?.drop) return afterTick(spec, state)
  const constant = policy?.constant
  const maxRetries = constant ? (constant.maxRetries ?? Number.POSITIVE_INFINITY) : DEFAULT_RETRY.maxRetries
  if (state.attempts >= maxRetries) return afterTick(spec, state)
  const interval = constant ? (parseGoDuration(constant.interval ?? '') ?? 0) : DEFAULT_RETRY.interval
  return { ...state, attempts: state.attempts + 1, due: now + interval }
}
