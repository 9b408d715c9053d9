import { randomUUID } from 'node:crypto'
import { parseGoDuration } from './duration.ts'
import type { ComponentResource, DaprResources, MetadataItem } from './resources.ts'

export interface Identity {
  appId: string
  namespace: string
  podName: string
  /** Variables of the sidecar, for `envRef`. */
  env: Readonly<Record<string, string>>
}

/** A component with every reference resolved. Holds secrets: never print it. */
export interface Component {
  name: string
  type: string
  version: string
  ignoreErrors: boolean
  initTimeout: number
  /** Set when a value used `{namespace}`, which makes Dapr prefix every topic with the namespace. */
  namespaceScoped: boolean
  /** A metadata value; names match without regard to case, as in Dapr. */
  get(name: string): string | undefined
  /** Changes exactly when the resolved component does. */
  fingerprint: string
}

const DEFAULT_INIT_TIMEOUT = 5000

export const isScopedTo = (scopes: readonly string[] | undefined, appId: string): boolean =>
  scopes === undefined || scopes.length === 0 || scopes.includes(appId)

/** Dapr's templates in metadata values (pkg/runtime/meta/meta.go). */
function expand(value: string, identity: Identity): string {
  return value
    .replaceAll('{uuid}', () => randomUUID())
    .replaceAll('{podName}', identity.podName)
    .replaceAll('{namespace}', `${identity.namespace}.${identity.appId}`)
    .replaceAll('{appID}', identity.appId)
}

function resolveItem(item: MetadataItem, resources: DaprResources, identity: Identity): string | undefined {
  if (item.secretKeyRef) {
    const { name, key } = item.secretKeyRef
    return resources.secret(name)?.[key || name]
  }
  if (item.envRef) return identity.env[item.envRef] ?? ''
  if (item.value === undefined || item.value === null) return undefined
  return expand(typeof item.value === 'string' ? item.value : JSON.stringify(item.value), identity)
}

function resolveOne(resource: ComponentResource, resources: DaprResources, identity: Identity): Component {
  const values = new Map<string, string>()
  const items = resource.spec.metadata ?? []
  for (const item of items) {
    const value = resolveItem(item, resources, identity)
    if (value !== undefined) values.set(item.name.toLowerCase(), value)
  }
  const { type, version } = resource.spec
  // `{uuid}` expands anew each time, so the fingerprint takes the raw text beside what references resolve to.
  const stable = items.map(item =>
    item.secretKeyRef || item.envRef ? values.get(item.name.toLowerCase()) : item.value,
  )
  return {
    name: resource.metadata.name,
    type,
    version,
    ignoreErrors: resource.spec.ignoreErrors ?? false,
    initTimeout: parseGoDuration(resource.spec.initTimeout ?? '') ?? DEFAULT_INIT_TIMEOUT,
    namespaceScoped: items.some(item => typeof item.value === 'string' && item.value.includes('{namespace}')),
    get: name => values.get(name.toLowerCase()),
    fingerprint: JSON.stringify([type, version, items.map(item => item.name), stable]),
  }
}

/**
 * The components this app may use, resolved.
 *
 * @throws Error when any component of the namespace names a Secret that does not exist, whether or not this app uses the
 *   component: Dapr's operator fails the whole list then (pkg/operator/api/components.go), and no app there loads any
 */
export function resolveComponents(resources: DaprResources, identity: Identity): Component[] {
  for (const { metadata, spec } of resources.components()) {
    const missing = spec.metadata?.find(item => item.secretKeyRef && !resources.secret(item.secretKeyRef.name))
    if (missing) {
      const secret = `${resources.namespace}/${missing.secretKeyRef?.name}`
      throw new Error(
        `error listing components: component ${metadata.name} needs Secret ${secret}, which does not exist`,
      )
    }
  }
  return resources
    .components()
    .filter(component => isScopedTo(component.scopes, identity.appId))
    .map(component => resolveOne(component, resources, identity))
}
