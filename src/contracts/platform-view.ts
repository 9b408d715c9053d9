import { createHmac } from 'node:crypto'

/**
 * What the operator tells a platform's console of that platform: `GET /platforms/<namespace>/<name>` on its port. Names,
 * states and paths of fields; no value of any field, so no secret either.
 */
export interface PlatformView {
  namespace: string
  name: string
  suspended: boolean
  deleting: boolean
  /** Of the spec, and of the spec that the status is about. */
  generation: number
  observed_generation: number | null
  versions: {
    operator: string
    /** In force for the services. */
    services: string
    /** The oldest release of the services that this operator runs. */
    oldest: string
    kafka: string | null
    /** Fields that the served CRD lacks; null: not known. */
    crd_lacks: readonly string[] | null
  }
  conditions: { type: string; status: string; reason: string; message: string; since: string }[]
  /** In the order in which they come up. */
  parts: PartView[]
  /** What would be written now, in order; of a suspended platform, what is withheld. */
  plan: StepView[]
}

export interface PartView {
  part: string
  ready: boolean
  /** Parts that have to be ready before and are not. */
  waits_for: string[]
  children: ChildView[]
}

export interface ChildView {
  kind: string
  /** Absent: the platform's own. */
  namespace?: string
  name: string
  state: 'ready' | 'not ready' | 'absent' | 'terminating' | 'no longer wanted'
  reason: string
  message: string
  /** Paths of fields that differ from what the spec asks for. */
  drift: string[]
}

export interface StepView {
  action: 'create' | 'update' | 'delete' | 'wait'
  kind: string
  name: string
  reason: string
  message: string
  /** Paths that change. */
  fields: string[]
}

export const viewPath = (namespace: string, name: string): string => `/platforms/${namespace}/${name}`

/**
 * What proves that a question comes from a platform's own backend: made of the token of its sidecars, which both sides have,
 * and good for nothing else should somebody listen.
 */
export const viewToken = (apiToken: string): string =>
  createHmac('sha256', apiToken).update('todo.events/platform-view').digest('base64url')
