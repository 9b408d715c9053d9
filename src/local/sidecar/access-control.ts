import type { AccessControl } from './resources.ts'

export interface Caller {
  appId: string
  namespace: string
  trustDomain: string
}

type Policy = NonNullable<AccessControl['policies']>[number]

const allows = (action: string): boolean => action.toLowerCase() === 'allow'

/** The most specific operation of a policy that names the path: exact, or the longest prefix ending in `*` (dapr pkg/config trie). */
function operationFor(policy: Policy, path: string): NonNullable<Policy['operations']>[number] | undefined {
  const matching = (policy.operations ?? []).filter(({ name }) => {
    const pattern = (name.startsWith('/') ? name : `/${name}`).toLowerCase()
    if (pattern === path) return true
    return pattern.endsWith('/*') && path.startsWith(pattern.slice(0, -1)) && path.length >= pattern.length
  })
  const specificity = (name: string): number => (name.includes('*') ? name.length : Number.POSITIVE_INFINITY)
  return matching.sort((a, b) => specificity(b.name) - specificity(a.name))[0]
}

/**
 * Whether the access control of the callee's Configuration lets the caller in (dapr pkg/acl/acl.go).
 *
 * @returns undefined when it does, else why not
 */
export function refusal(
  control: AccessControl | undefined,
  caller: Caller,
  verb: string,
  path: string,
): string | undefined {
  if (!control || (!control.trustDomain && !control.defaultAction && !control.policies?.length)) return undefined
  const operationPath = (path.startsWith('/') ? path : `/${path}`).toLowerCase()
  let action = control.defaultAction || (control.policies?.length ? 'deny' : 'allow')
  const policy = control.policies?.find(
    one => one.appId === caller.appId && one.namespace === caller.namespace && one.trustDomain === caller.trustDomain,
  )
  if (policy) {
    action = policy.defaultAction || action
    const operation = operationFor(policy, operationPath)
    const verbs = operation?.httpVerb ?? []
    if (operation && (verbs.includes(verb) || verbs.includes('*'))) action = operation.action
  }
  if (allows(action)) return undefined
  const id = `spiffe://${caller.trustDomain}/ns/${caller.namespace}/${caller.appId}`
  return `access control policy has denied access to id: ${id} operation: ${path} verb: ${verb}`
}

/** @throws Error as daprd refuses to start with such a policy */
export function checkAccessControl(control: AccessControl | undefined): void {
  const policies = control?.policies ?? []
  const lacking = (field: 'trustDomain' | 'namespace') =>
    policies.filter(policy => !policy[field]).map(policy => policy.appId ?? '')
  const nameless = policies.some(policy => !policy.appId)
  const [domains, namespaces] = [lacking('trustDomain'), lacking('namespace')]
  if (domains.length === 0 && namespaces.length === 0 && !nameless) return
  throw new Error(
    `invalid access control spec. missing trustdomain for apps: [${domains.join(' ')}], missing namespace for apps: [${namespaces.join(' ')}], missing app name on at least one of the app policies: ${nameless}`,
  )
}
