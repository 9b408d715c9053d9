export interface FieldChange {
  /** For people: `spec.template.spec.containers[name=app].image`. */
  path: string
  /** Absent: the field is not there. Values of Secrets are never told. */
  from?: unknown
  to?: unknown
}

export interface Change {
  action: 'create' | 'update' | 'delete'
  kind: string
  namespace?: string
  name: string
  /** Why: the code that the write will carry. */
  reason: string
  /** What has to happen before; absent: it is written at once. */
  after?: string
  /** Of an update; a creation sets every field. */
  fields: FieldChange[]
}
