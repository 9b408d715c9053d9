import type { Change, FieldChange } from './change.ts'

/** Pods that a change replaces. */
export interface Restart {
  kind: string
  name: string
  /** `may`: their operator decides, as Strimzi does for options that brokers can take while they run. */
  certainty: 'will' | 'may'
  reasons: string[]
}

const TEMPLATE = 'spec.template.'
const SECRETS_HASH = 'todo.events/secrets-hash'

/** Which pods restart, and why. Pods that come or go with their owner are no restarts: the changes tell of them. */
export function restartsOf(changes: Change[]): Restart[] {
  return changes
    .filter(({ action }) => action === 'update')
    .flatMap(change => {
      const found = REASONS[change.kind]?.(change.fields) ?? { will: [], may: [] }
      const certainty = found.will.length > 0 ? 'will' : 'may'
      const reasons = [...new Set([...found.will, ...found.may])]
      return reasons.length > 0 ? [{ kind: change.kind, name: change.name, certainty, reasons } as const] : []
    })
}

interface Reasons {
  will: string[]
  may: string[]
}

const REASONS: Record<string, (fields: FieldChange[]) => Reasons> = {
  Deployment: fields => ({
    will: fields.filter(({ path }) => path.startsWith(TEMPLATE)).map(templateReason),
    may: [],
  }),
  Kafka: fields => ({
    will: fields.flatMap(field => brokerReason(field) ?? []),
    may: fields
      .filter(({ path }) => path.startsWith('spec.kafka.config.'))
      .map(({ path }) => `broker option ${path.slice('spec.kafka.config.'.length)}`),
  }),
  KafkaNodePool: fields => ({
    will: fields
      .filter(({ path }) => path.startsWith('spec.resources') || path.startsWith(TEMPLATE))
      .map(({ path }) => (path.startsWith('spec.resources') ? 'resources' : 'how pods are spread')),
    may: [],
  }),
  Cluster: fields => ({
    will: [],
    may: fields.filter(({ path }) => path.startsWith('spec.')).map(({ path }) => path.slice('spec.'.length)),
  }),
}

function templateReason({ path, from, to }: FieldChange): string {
  if (path.endsWith(SECRETS_HASH)) return 'a Secret it was given has changed'
  if (path.endsWith('.image')) return `image ${from} → ${to}`
  const variable = /\.env\[name=([^\]]+)\]/.exec(path)
  if (variable) return `variable ${variable[1]}`
  const sidecar = /\.annotations\.dapr\.io\/(.+)$/.exec(path)
  if (sidecar) return `sidecar ${sidecar[1]}`
  return path.slice(TEMPLATE.length)
}

/** What no broker takes while it runs. */
function brokerReason({ path, from, to }: FieldChange): string | undefined {
  if (path === 'spec.kafka.version') return `Kafka ${from} → ${to}`
  const [, field] = /^spec\.kafka\.(rack|metricsConfig|listeners|authorization)\b/.exec(path) ?? []
  return field
}
