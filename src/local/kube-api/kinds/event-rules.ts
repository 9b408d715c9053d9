/** Rules of Events (kubernetes pkg/apis/core/validation/events.go): those of the newer group are told of strictly. */
import { fieldInvalid, fieldRequired } from '../field-errors.ts'
import { at, type Json, type JsonObject, show } from '../json.ts'
import type { FieldError } from '../status.ts'

const LIMITS = [
  ['reportingInstance', 128],
  ['action', 128],
  ['reason', 128],
  ['message', 1024],
] as const

const tooLong = (field: string, most: number) => fieldInvalid(field, '', `can have at most ${most} characters`)

/** @param apiVersion of the request: names of fields and the strictness depend on it */
export function checkEvent(after: JsonObject, isNew: boolean, apiVersion: string, errors: FieldError[]): void {
  const namespace = show(at(after, 'involvedObject.namespace') ?? '')
  const own = show(at(after, 'metadata.namespace') ?? '')
  const mismatch = () =>
    errors.push(fieldInvalid('involvedObject.namespace', namespace, 'does not match event.namespace'))
  if (!after['eventTime']) {
    // What is of no namespace is told of in `default`.
    if (namespace === '' ? own !== 'default' : namespace !== own) mismatch()
  } else {
    if (namespace === '' && own !== 'default' && own !== 'kube-system') mismatch()
    const controller = apiVersion === 'v1' ? 'reportingComponent' : 'reportingController'
    if (!after['reportingComponent']) errors.push(fieldRequired(controller))
    for (const field of ['reportingInstance', 'action', 'reason']) if (!after[field]) errors.push(fieldRequired(field))
    for (const [field, most] of LIMITS)
      if (Buffer.byteLength(show(after[field] ?? '')) > most) errors.push(tooLong(field, most))
  }
  if (isNew && apiVersion !== 'v1') checkStrictly(after, errors)
}

function checkStrictly(after: JsonObject, errors: FieldError[]): void {
  const series = after['series']
  if (series) {
    if (Number(at(series, 'count') ?? 0) < 2) errors.push(fieldInvalid('series.count', '', 'should be at least 2'))
    if (!at(series, 'lastObservedTime')) errors.push(fieldRequired('series.lastObservedTime'))
  }
  if (!after['eventTime']) errors.push(fieldRequired('eventTime'))
  const type = show(after['type'] ?? '')
  if (type !== 'Normal' && type !== 'Warning') errors.push(fieldInvalid('type', '', `has invalid value: ${type}`))
  const unset = (field: string, value: Json | undefined) => {
    if (value) errors.push(fieldInvalid(field, '', 'needs to be unset'))
  }
  for (const field of ['firstTimestamp', 'lastTimestamp', 'count']) unset(field, after[field])
  unset('source', at(after, 'source.component') || at(after, 'source.host'))
}
