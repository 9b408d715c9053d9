import { LogError } from './errors.ts'

export type Operation = 'Read' | 'Write' | 'Describe' | 'Create' | 'Delete' | 'Alter' | 'All' | (string & {})
export type ResourceType = 'topic' | 'group'

/** One rule of a KafkaUser's `spec.authorization.acls`. */
export interface Acl {
  type?: 'allow' | 'deny'
  resource: { type: string; name?: string; patternType?: 'literal' | 'prefix' }
  operations: readonly Operation[]
}

export interface Principal {
  name: string
  acls: readonly Acl[]
}

/** Kafka grants Describe to whoever may read, write, delete or alter (AclAuthorizer.matchingAclExists). */
const IMPLY_DESCRIBE = ['Read', 'Write', 'Delete', 'Alter']

function names(acl: Acl, type: ResourceType, name: string): boolean {
  if (acl.resource.type !== type) return false
  const pattern = acl.resource.name ?? ''
  if (acl.resource.patternType === 'prefix') return name.startsWith(pattern)
  return pattern === '*' || pattern === name
}

function covers(acl: Acl, operation: Operation): boolean {
  if (acl.operations.includes(operation) || acl.operations.includes('All')) return true
  return operation === 'Describe' && acl.type !== 'deny' && acl.operations.some(one => IMPLY_DESCRIBE.includes(one))
}

/** Whether the rules let the principal do it: a matching deny outranks every allow, and nothing matching means no. */
export function isAllowed(principal: Principal, operation: Operation, type: ResourceType, name: string): boolean {
  const matching = principal.acls.filter(acl => names(acl, type, name) && covers(acl, operation))
  return matching.length > 0 && matching.every(acl => acl.type !== 'deny')
}

/** @throws LogError `TopicAuthorizationException` or `GroupAuthorizationException`, worded as Kafka's clients word them */
export function authorize(principal: Principal, operation: Operation, type: ResourceType, name: string): void {
  if (isAllowed(principal, operation, type, name)) return
  throw type === 'topic'
    ? new LogError('TopicAuthorizationException', `Not authorized to access topics: [${name}]`)
    : new LogError('GroupAuthorizationException', `Not authorized to access group: ${name}`)
}
