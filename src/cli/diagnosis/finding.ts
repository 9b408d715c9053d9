import type { KubeObject } from '../../../controller/kube/objects.ts'

/** The layers of a platform, the lowest first: what fails in one makes those above it fail. */
export const LAYERS = [
  'cluster',
  'platform',
  'secrets',
  'kafka',
  'topics',
  'database',
  'messaging',
  'services',
  'events',
] as const
export type Layer = (typeof LAYERS)[number]

/** Something that is wrong, why, and the command that mends it. Never holds a secret value. */
export interface Finding {
  /** The rule, for ever: `pod-image`. */
  rule: string
  layer: Layer
  /** `error`: holds the platform back; `warning`: does not yet. */
  severity: 'error' | 'warning'
  /** `Deployment todo/todo-backend`. */
  object: string
  message: string
  /** A shell command, as exact as can be known from here. */
  fix: string
}

export const nameOf = ({ kind, metadata: { namespace, name } }: KubeObject): string =>
  `${kind} ${namespace ? `${namespace}/` : ''}${name}`

/** `-n todo pod/x`: how kubectl is told which object. */
export const at = ({ kind, apiVersion, metadata: { namespace, name } }: KubeObject): string => {
  const group = apiVersion.includes('.') ? `.${apiVersion.split('/')[0]}` : ''
  return `${namespace ? `-n ${namespace} ` : ''}${kind.toLowerCase()}${group}/${name}`
}

export const inLayer =
  (layer: Layer) =>
  (
    rule: string,
    object: KubeObject | string,
    message: string,
    fix: string,
    severity: Finding['severity'] = 'error',
  ): Finding => ({ rule, layer, severity, object: typeof object === 'string' ? object : nameOf(object), message, fix })

/** The causes before what follows from them, the same each time. */
export const inOrder = (findings: readonly Finding[]): Finding[] =>
  [...findings].sort(
    (a, b) =>
      LAYERS.indexOf(a.layer) - LAYERS.indexOf(b.layer) ||
      a.severity.localeCompare(b.severity) ||
      (`${a.rule} ${a.object}` < `${b.rule} ${b.object}` ? -1 : 1),
  )
