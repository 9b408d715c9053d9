/** What a HorizontalPodAutoscaler looks at: current/target of each metric (printers/internalversion, formatHPAMetrics). */
import { at, isObject, type Json, type JsonObject, show } from '../json.ts'

const list = (value: Json | undefined): JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : [])

/** The field of a metric that is named like its type: `ContainerResource` → `containerResource`. */
const fieldOf = (metric: JsonObject) => show(metric['type'] ?? '').replace(/^./, first => first.toLowerCase())

function metricTarget(metric: JsonObject, status: JsonObject | undefined): string {
  const field = fieldOf(metric)
  const spec = metric[field]
  if (!isObject(spec)) return '<unknown type>'
  const current = (value: string) => at(status, `${field}.current.${value}`)
  const average = at(spec, 'target.averageValue')
  const resource = field === 'resource' || field === 'containerResource'
  const name = resource ? `${show(spec['name'] ?? '')}: ` : ''
  if (average !== undefined)
    return `${name}${show(current('averageValue') ?? '<unknown>')}/${show(average)}${field === 'object' || field === 'external' ? ' (avg)' : ''}`
  if (!resource) return `${show(current('value') ?? '<unknown>')}/${show(at(spec, 'target.value') ?? '0')}`
  const percent = (value: Json | undefined, otherwise: string) => (value === undefined ? otherwise : `${show(value)}%`)
  const wanted = percent(at(spec, 'target.averageUtilization'), '<auto>')
  return `${name}${percent(current('averageUtilization'), '<unknown>')}/${wanted}`
}

export function metricTargets(autoscaler: JsonObject): string {
  const statuses = list(at(autoscaler, 'status.currentMetrics'))
  const all = list(at(autoscaler, 'spec.metrics')).map((metric, index) => metricTarget(metric, statuses[index]))
  if (all.length === 0) return '<none>'
  const shown = all.slice(0, 2).join(', ')
  return all.length > 2 ? `${shown} + ${all.length - 2} more...` : shown
}
