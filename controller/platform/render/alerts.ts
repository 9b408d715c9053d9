import { CANARY_SECONDS } from '../../../src/contracts/flow.ts'
import { appAccess } from '../access.ts'
import { deviation } from './baseline.ts'
import type { Context } from './context.ts'

export interface Alert {
  alert: string
  expr: string
  for: string
  labels: { severity: 'critical' | 'warning' }
  annotations: { summary: string; description: string; runbook: string }
}

type Severity = Alert['labels']['severity']

/**
 * Critical: users notice, or soon will. Each alert has its page in docs/runbooks, and names metrics that the services
 * themselves expose, so that no other exporter has to be there.
 */
export function alerts({ platform, effective, settings }: Context): Alert[] {
  const { canarySeconds = CANARY_SECONDS } = settings
  const { namespace, name } = platform.metadata
  const ours = `namespace="${namespace}"`
  const alert = (
    title: string,
    severity: Severity,
    wait: string,
    expr: string,
    [summary, description]: [string, string],
  ): Alert => ({
    alert: title,
    expr,
    for: wait,
    labels: { severity },
    annotations: {
      summary: `${namespace}/${name}: ${summary}`,
      description,
      runbook: `docs/runbooks/${title}.md`,
    },
  })
  const has = (service: string): boolean => effective.services.some(({ contract }) => contract.service === service)
  const consumes = appAccess(effective).some(({ subscribes }) => subscribes.length > 0)
  return [
    ...effective.services.map(({ contract: { service } }) =>
      alert('TodoServiceDown', 'critical', '2m', `absent(process_start_time_seconds{${ours}, service="${service}"})`, [
        `no pod of ${service} answers`,
        'Prometheus has not reached any pod of the service for two minutes.',
      ]),
    ),
    alert(
      'TodoServiceRestarting',
      'warning',
      '0m',
      `sum by (service) (changes(process_start_time_seconds{${ours}}[15m])) > 3`,
      ['{{ $labels.service }} keeps restarting', '{{ $value }} restarts within 15 minutes.'],
    ),
    alert(
      'TodoRequestsFail',
      'critical',
      '5m',
      `sum by (service) (rate(http_request_duration_seconds_count{${ours}, status=~"5.."}[5m])) / sum by (service) (rate(http_request_duration_seconds_count{${ours}}[5m])) > 0.05`,
      ['requests to {{ $labels.service }} fail', '{{ $value | humanizePercentage }} of the answers are 5xx.'],
    ),
    alert(
      'TodoRequestsSlow',
      'warning',
      '10m',
      `histogram_quantile(0.99, sum by (service, le) (rate(http_request_duration_seconds_bucket{${ours}, route!~"/api/v1/events.*"}[5m]))) > 1`,
      ['{{ $labels.service }} is slow', 'One request in a hundred takes longer than {{ $value }} s.'],
    ),
    alert(
      'TodoEventLoopBlocked',
      'warning',
      '10m',
      `max by (service, pod) (nodejs_eventloop_lag_p99_seconds{${ours}}) > 0.5`,
      ['{{ $labels.pod }} is busy beyond its means', 'Its event loop is late by {{ $value }} s.'],
    ),
    alert('TodoTrafficUnusual', 'warning', '15m', deviation('TodoTrafficUnusual', namespace), [
      '{{ $labels.service }} has far more or far less to do than usual at this time',
      'It is {{ $value }} a second now; its last seven days were otherwise around this hour.',
    ]),
    alert('TodoLatencyUnusual', 'warning', '15m', deviation('TodoLatencyUnusual', namespace), [
      '{{ $labels.service }} is slower than usual at this time',
      'An answer takes {{ $value }} s on average; in the last seven days it took less around this hour.',
    ]),
    ...(has('backend')
      ? [
          alert('TodoOutboxStuck', 'critical', '2m', `max(outbox_oldest_unpublished_seconds{${ours}}) > 60`, [
            'changes do not reach the services',
            'The oldest event has waited {{ $value }} s to be published; nothing is lost, but nothing follows from it.',
          ]),
          alert(
            'TodoOutboxPublishFails',
            'warning',
            '10m',
            `sum(rate(outbox_publish_failures_total{${ours}}[5m])) > 0`,
            ['publishing fails', 'Attempts to publish fail at {{ $value }} a second and are tried again.'],
          ),
          alert('TodoOutboxRelayLeaderless', 'critical', '5m', `sum(outbox_relay_leader{${ours}}) < 1`, [
            'nobody publishes the outbox',
            'No backend pod holds the lock of the relay.',
          ]),
        ]
      : []),
    ...(has('backend') && consumes
      ? [
          // One pod of an app has the partition of the canaries; of the others the age says nothing.
          alert(
            'TodoEventsLate',
            'critical',
            '1m',
            `min by (service, topic) (canary_age_seconds{${ours}}) > ${6 * canarySeconds}`,
            [
              'events of {{ $labels.topic }} do not reach {{ $labels.service }}',
              `The last canary event arrived {{ $value }} s ago; one is sent every ${canarySeconds} s.`,
            ],
          ),
        ]
      : []),
    ...(consumes
      ? [
          alert(
            'TodoEventsDeadLettered',
            'warning',
            '0m',
            `sum by (service, topic) (increase(events_dead_lettered_total{${ours}}[15m])) > 0`,
            [
              '{{ $labels.service }} gave up events of {{ $labels.topic }}',
              '{{ $value }} events wait in the dead letters for a decision.',
            ],
          ),
          alert(
            'TodoEventsRetried',
            'warning',
            '10m',
            `sum by (service, topic) (rate(events_consumed_total{${ours}, outcome="failed"}[5m])) / sum by (service, topic) (rate(events_consumed_total{${ours}}[5m])) > 0.1`,
            [
              '{{ $labels.service }} cannot handle events of {{ $labels.topic }}',
              '{{ $value | humanizePercentage }} of the deliveries are sent back.',
            ],
          ),
          alert(
            'TodoEventsSlow',
            'warning',
            '10m',
            `histogram_quantile(0.99, sum by (service, topic, le) (rate(event_handling_seconds_bucket{${ours}}[5m]))) > 1`,
            [
              '{{ $labels.service }} is slow with events of {{ $labels.topic }}',
              'One event in a hundred takes longer than {{ $value }} s; lag will grow.',
            ],
          ),
        ]
      : []),
  ]
}
