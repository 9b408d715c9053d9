/** The API server's own account of who asked for what (kubernetes.io/docs/tasks/debug/debug-cluster/audit). */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface AuditEvent {
  stage: 'RequestReceived' | 'ResponseStarted' | 'ResponseComplete' | 'Panic'
  verb: string
  requestURI: string
  user: { username: string }
  /** Not there for what is no resource. */
  objectRef?: { apiGroup?: string; resource: string; subresource?: string; namespace?: string; name?: string }
  responseStatus?: { code: number }
  annotations?: Record<string, string>
}

export class AuditLog {
  readonly #file: string
  readonly #user: string
  readonly args: readonly string[]

  /** Of one user, in `folder`; `args` make a kube-apiserver write it. */
  constructor(folder: string, user: string) {
    const policy = join(folder, 'audit-policy.json')
    this.#file = join(folder, 'audit.log')
    this.#user = user
    writeFileSync(
      policy,
      JSON.stringify({
        apiVersion: 'audit.k8s.io/v1',
        kind: 'Policy',
        omitStages: ['RequestReceived'],
        rules: [{ level: 'Metadata', users: [user] }, { level: 'None' }],
      }),
    )
    this.args = ['--audit-policy-file', policy, '--audit-log-path', this.#file]
  }

  events(): AuditEvent[] {
    if (!existsSync(this.#file)) return []
    return readFileSync(this.#file, 'utf8')
      .split('\n')
      .filter(line => line.includes(this.#user))
      .map(line => JSON.parse(line) as AuditEvent)
  }
}

/** `group/resource verb` of what an authorizer was asked for a request. */
export function rightsOf({ objectRef, verb, responseStatus }: AuditEvent): string[] {
  if (!objectRef) return []
  const { apiGroup = '', resource, subresource } = objectRef
  const of = `${apiGroup}/${resource}${subresource ? `/${subresource}` : ''}`
  // An apply that made the object had to be allowed to create it, too.
  return verb === 'patch' && responseStatus?.code === 201 ? [`${of} patch`, `${of} create`] : [`${of} ${verb}`]
}

export const isRefused = ({ annotations }: AuditEvent): boolean =>
  annotations?.['authorization.k8s.io/decision'] === 'forbid'
