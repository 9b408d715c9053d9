import { type Acl, authorize, isAllowed, type Operation, type Principal, type ResourceType } from './acl.ts'
import { LogError } from './errors.ts'

export interface Credentials {
  username: string
  password: string
}

/** What a cluster's options say of who may do what. */
export interface Authorization {
  /** Kafka's simple authorization: what no ACL allows is refused. */
  authorization?: boolean
  superUsers?: readonly string[]
}

/** Who may connect to a cluster, and what they may do there. */
export class Principals {
  readonly #known = new Map<string, Principal & { password: string | undefined }>()

  /** `password: undefined` is a principal that cannot authenticate with one (TLS users). */
  set(name: string, { password, acls }: { password?: string | undefined; acls: readonly Acl[] }): void {
    this.#known.set(name, { name, password, acls })
  }

  /** False when there was none. */
  remove(name: string): boolean {
    return this.#known.delete(name)
  }

  clear(): void {
    this.#known.clear()
  }

  /** The name that the credentials prove. @throws LogError `SaslAuthenticationException` */
  authenticate(credentials: Credentials | undefined): string {
    const known = this.#known.get(credentials?.username ?? '')
    if (credentials === undefined || known?.password === undefined || known.password !== credentials.password) {
      const message =
        'Authentication failed during authentication due to invalid credentials with SASL mechanism SCRAM-SHA-512'
      throw new LogError('SaslAuthenticationException', message)
    }
    return known.name
  }

  /** @throws LogError `TopicAuthorizationException` or `GroupAuthorizationException` */
  check(by: Authorization, name: string, operation: Operation, type: ResourceType, resource: string): void {
    if (!isFree(by, name)) authorize(this.#of(name), operation, type, resource)
  }

  may(by: Authorization, name: string, operation: Operation, type: ResourceType, resource: string): boolean {
    return isFree(by, name) || isAllowed(this.#of(name), operation, type, resource)
  }

  #of(name: string): Principal {
    return this.#known.get(name) ?? { name, acls: [] }
  }
}

const isFree = ({ authorization, superUsers }: Authorization, name: string): boolean =>
  !authorization || superUsers?.includes(name) === true
