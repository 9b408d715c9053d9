import type { KubeObject } from '../../../controller/kube/objects.ts'
import { manifestRule } from './kafka-rules.ts'
import { lineRule, type Rule } from './rule.ts'

interface Entry {
  name?: string
  value?: unknown
}

const metadataOf = ({ spec }: KubeObject): Entry[] => (Array.isArray(spec?.metadata) ? spec.metadata : [])
const isType = ({ spec }: KubeObject, type: string): boolean => spec?.type === type
const find = (object: KubeObject, name: string): { index: number; value: string } | undefined => {
  const index = metadataOf(object).findIndex(entry => entry?.name === name)
  return index < 0 ? undefined : { index, value: String(metadataOf(object)[index]!.value ?? '') }
}
const entry = (index: number): (string | number)[] => ['spec', 'metadata', index]

/** A rule over the metadata of Kafka pubsubs. Sources: components-contrib pubsub/kafka/metadata.yaml and common/component/kafka. */
const pubsub = (rule: Omit<Rule, 'find'>, look: (object: KubeObject) => [(string | number)[], string][]): Rule =>
  manifestRule(rule, ['Component'], object => (isType(object, 'pubsub.kafka') ? look(object) : []))

/** Dapr 1.18’s components and resources. */
export const DAPR_RULES: readonly Rule[] = [
  pubsub(
    {
      id: 'pubsub-auth-type',
      severity: 'error',
      why: 'authType is required: the component does not initialise, and daprd ends',
      fix: '{name: authType, value: none}, or password, mtls, oidc',
    },
    object => (find(object, 'authType') ? [] : [[['spec', 'metadata'], 'no authType']]),
  ),
  pubsub(
    {
      id: 'sasl-mechanism-name',
      severity: 'error',
      why: 'not a name Dapr knows: it falls back to SASL PLAIN without a word',
      fix: 'SHA-256 or SHA-512',
    },
    object => {
      const found = find(object, 'saslMechanism')
      return found && !['SHA-256', 'SHA-512', 'PLAINTEXT'].includes(found.value)
        ? [[entry(found.index), found.value]]
        : []
    },
  ),
  pubsub(
    {
      id: 'pubsub-tls-enable',
      severity: 'warning',
      why: 'there is no such field: it is ignored; with a password TLS is on by default',
      fix: 'delete it; disableTls switches TLS off, caCert names a private CA',
    },
    object => {
      const found = find(object, 'tlsEnable')
      return found ? [[entry(found.index), 'tlsEnable']] : []
    },
  ),
  {
    id: 'sasl-mechanism-missing',
    severity: 'error',
    why: 'authType password without saslMechanism is SASL PLAIN, which SCRAM users cannot use',
    fix: '{name: saslMechanism, value: SHA-512}',
    // Also in what a comment asks to uncomment.
    find: ({ objects }) =>
      objects
        .filter(({ object }) => isType(object, 'pubsub.kafka'))
        .flatMap(({ lines, start }) => {
          const at = lines.findIndex(
            (line, i) =>
              /name:\s*authType/.test(line) && /value:\s*["']?password/.test(`${line} ${lines[i + 1] ?? ''}`),
          )
          return at < 0 || lines.some(line => line.includes('saslMechanism'))
            ? []
            : [{ line: start + at, column: 1, message: 'password without saslMechanism' }]
        }),
  },
  pubsub(
    {
      id: 'consumer-group-shared',
      severity: 'error',
      why: 'every app of the component uses it as it is: they split the partitions, and each event reaches only one of them',
      fix: 'delete it (the group is the app-id), or write "{appID}"',
    },
    object => {
      const found = find(object, 'consumerGroup') ?? find(object, 'consumerID')
      return found && !/\{(appID|podName|uuid|namespace)\}/.test(found.value) ? [[entry(found.index), found.value]] : []
    },
  ),
  pubsub(
    {
      id: 'dead-letter-metadata',
      severity: 'error',
      why: 'no metadata of a pubsub: it is ignored, and nothing goes to a dead-letter topic',
      fix: 'Subscription spec.deadLetterTopic, and a Resiliency with pubsub inbound retry maxRetries',
    },
    object =>
      ['deadLetterTopic', 'maxDeliveryAttempts', 'maxRetries'].flatMap(name => {
        const found = find(object, name)
        return found ? [[entry(found.index), name]] : []
      }),
  ),
  pubsub(
    {
      id: 'initial-offset',
      severity: 'warning',
      why: 'the default is newest: an app that comes up for the first time misses what was published before',
      fix: '{name: initialOffset, value: oldest}',
    },
    object => (find(object, 'initialOffset') ? [] : [[['spec', 'metadata'], 'no initialOffset']]),
  ),
  manifestRule(
    {
      id: 'cron-binding',
      severity: 'warning',
      why: 'fires in every replica, at times of its own; due times need an alarm each',
      fix: 'the Jobs API: POST /v1.0/jobs/<name> with dueTime',
    },
    ['Component'],
    object => (isType(object, 'bindings.cron') ? [[['spec', 'type'], 'bindings.cron']] : []),
  ),
  manifestRule(
    {
      id: 'component-without-metadata',
      severity: 'error',
      why: 'the CRD requires spec.metadata, also when it is empty',
      fix: 'metadata: []; or use the built-in store `kubernetes`',
    },
    ['Component'],
    ({ spec }) => (spec && spec.metadata === undefined ? [[['spec', 'type'], 'no spec.metadata']] : []),
  ),
  manifestRule(
    {
      id: 'state-postgresql-v1',
      severity: 'warning',
      why: 'v2 is the format that is kept; the two cannot read each other',
      fix: 'version: v2 for a new store',
    },
    ['Component'],
    object =>
      isType(object, 'state.postgresql') && object['spec']?.version === 'v1' ? [[['spec', 'version'], 'v1']] : [],
  ),
  lineRule(
    {
      id: 'dapr-sidecar-service',
      severity: 'error',
      why: 'there is no such Service: metrics are at <app-id>-dapr, port 9090, path /',
      fix: 'kubectl port-forward svc/backend-service-dapr 9090',
    },
    ['shell', 'prose', 'yaml'],
    /svc\/dapr-sidecar|\bdapr-sidecar:9090/,
  ),
  lineRule(
    {
      id: 'dapr-dashboard',
      severity: 'warning',
      why: 'the dashboard was archived in 2026',
      fix: 'Grafana with Dapr’s dashboards, or tep status',
    },
    ['shell', 'prose'],
    /\bdapr dashboard\b/,
  ),
  lineRule(
    {
      id: 'dapr-built-in-retries',
      severity: 'warning',
      why: 'none by default for what pubsub delivers, but the endless 5 s retry of Kafka’s component',
      fix: 'a Resiliency with retries and circuit breakers for pubsub inbound and outbound',
    },
    ['prose', 'code'],
    /retries (&|and) circuit breakers|provides service discovery and retries/i,
  ),
]
