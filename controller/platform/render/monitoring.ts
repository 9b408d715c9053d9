import type { Desired } from '../desired.ts'
import { childName } from '../names.ts'
import { KINDS } from '../platform.ts'
import { alerts } from './alerts.ts'
import { baselineRecords } from './baseline.ts'
import { type Context, child } from './context.ts'
import { podSelector } from './pods.ts'

/** Monitors and alerts for the Prometheus operator. */
export function renderMonitoring(context: Context): Desired[] {
  const { effective, platform } = context
  if (!effective.monitoring.enabled) return []
  const { name } = platform.metadata
  const common = { component: 'monitoring', part: 'services' } as const
  return [
    child(context, {
      ...common,
      kind: KINDS.podMonitor,
      name: childName(name, 'services'),
      body: {
        spec: {
          selector: {
            matchLabels: podSelector(context),
            matchExpressions: [
              {
                key: 'app.kubernetes.io/component',
                operator: 'In',
                values: effective.services.map(({ contract }) => contract.service),
              },
            ],
          },
          podMetricsEndpoints: [
            { port: 'http', path: '/metrics' },
            // Dapr serves them at its root.
            { port: 'dapr-metrics', path: '/' },
          ],
        },
      },
    }),
    ...(effective.database.cloudnativepg
      ? [
          child(context, {
            ...common,
            kind: KINDS.podMonitor,
            name: childName(name, 'db'),
            body: {
              spec: {
                selector: { matchLabels: { 'cnpg.io/cluster': childName(name, 'db') } },
                podMetricsEndpoints: [{ port: 'metrics' }],
              },
            },
          }),
        ]
      : []),
    child(context, {
      ...common,
      kind: KINDS.prometheusRule,
      name: childName(name, 'alerts'),
      body: {
        spec: {
          groups: [
            { name: `${name}.baseline`, interval: '1m', rules: baselineRecords(platform.metadata.namespace) },
            { name: `${name}.rules`, rules: alerts(context) },
          ],
        },
      },
    }),
  ]
}
