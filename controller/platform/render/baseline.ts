/**
 * What is usual for a platform, learned from its own past: the mean and the spread of a measure around this time of day over
 * the last seven days. Prometheus keeps it as recording rules, so that the alert asks for three series and not for a week.
 */
export interface RecordingRule {
  record: string
  expr: string
  labels: { namespace: string }
}

interface Measure {
  /** `level:metric:operations`, as Prometheus names what is recorded (prometheus.io/docs/practices/rules). */
  name: string
  expr(ours: string): string
  /** Below it one event more or less is no deviation. */
  least: number
  alert: 'TodoTrafficUnusual' | 'TodoLatencyUnusual'
}

/** What people ask for: not probes, not what Dapr brings, not streams, which never end. */
const ASKED = 'route!~"/(healthz|events|job|dapr)/.*|/metrics|/api/v1/events.*"'

const MEASURES: readonly Measure[] = [
  {
    name: 'service:todo_requests:rate5m',
    expr: ours => `sum by (service) (rate(http_request_duration_seconds_count{${ours}, ${ASKED}}[5m]))`,
    least: 0.1,
    alert: 'TodoTrafficUnusual',
  },
  {
    name: 'service:todo_events:rate5m',
    expr: ours => `sum by (service) (rate(events_consumed_total{${ours}}[5m]))`,
    least: 0.1,
    alert: 'TodoTrafficUnusual',
  },
  {
    name: 'service:todo_request_seconds:mean5m',
    expr: ours =>
      `sum by (service) (rate(http_request_duration_seconds_sum{${ours}, ${ASKED}}[5m])) / (sum by (service) (rate(http_request_duration_seconds_count{${ours}, ${ASKED}}[5m])) > 0.1)`,
    least: 0.005,
    alert: 'TodoLatencyUnusual',
  },
]

const DAYS = 7
/** With fewer days there is no telling what is usual. */
const FEWEST_DAYS = 4
const SIGMAS = 3
/** A platform as regular as a clock has next to no spread: a deviation has to matter, too. */
const SHARE = 0.5

/** One value for each of the last days: the hour around this time of day. */
const sameHour = (series: string): string =>
  Array.from({ length: DAYS }, (_, index) => index + 1)
    .map(day => `label_replace(avg_over_time(${series}[1h] offset ${day * 1_440 - 30}m), "day", "${day}", "", "")`)
    .join(' or ')

/** The measures and what is usual for them, in the order in which they build on each other. */
export const baselineRecords = (namespace: string): RecordingRule[] => {
  const ours = `namespace="${namespace}"`
  const labels = { namespace }
  return MEASURES.flatMap(({ name, expr }) => {
    const days = sameHour(`${name}{${ours}}`)
    return [
      { record: name, expr: expr(ours), labels },
      {
        record: `${name}_usual`,
        expr: `avg without (day) (${days}) and count without (day) (${days}) >= ${FEWEST_DAYS}`,
        labels,
      },
      { record: `${name}_spread`, expr: `stddev without (day) (${days})`, labels },
    ]
  })
}

/** Expression of an alert: what is measured lies far from what is usual. Slower only counts one way, traffic both. */
export function deviation(alert: Measure['alert'], namespace: string): string {
  const ours = `{namespace="${namespace}"}`
  return MEASURES.filter(each => each.alert === alert)
    .map(({ name, least }) => {
      const difference = `${name}${ours} - ${name}_usual${ours}`
      const distance = alert === 'TodoTrafficUnusual' ? `abs(${difference})` : `(${difference})`
      return `(${name}${ours} and ${distance} > ${SIGMAS} * ${name}_spread${ours} and ${distance} > ${SHARE} * ${name}_usual${ours} and ${name}_usual${ours} > ${least})`
    })
    .join(' or ')
}
