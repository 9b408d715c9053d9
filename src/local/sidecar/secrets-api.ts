/** `/v1.0/secrets`: the `kubernetes` store, with the secret scopes of the Configuration (dapr pkg/api/universal/secrets.go). */
import type { Components } from './components.ts'
import { secrets as errors } from './errors.ts'
import { json, type Reply } from './http.ts'
import type { ConfigurationResource, DaprResources } from './resources.ts'

export interface SecretsContext {
  components: Components
  resources: DaprResources
  configuration: () => ConfigurationResource | undefined
}

function mayRead(context: SecretsContext, store: string, key: string): boolean {
  const scope = context.configuration()?.spec?.secrets?.scopes?.find(one => one.storeName === store)
  if (scope === undefined) return true
  if (scope.allowedSecrets?.length) return scope.allowedSecrets.includes(key)
  if (scope.deniedSecrets?.includes(key)) return false
  return scope.defaultAccess?.toLowerCase() !== 'deny'
}

/** A sidecar reads the Secrets of its own namespace only: its service account has no rights elsewhere. */
function checkNamespace(context: SecretsContext, store: string, key: string, namespace: string | undefined): void {
  if (namespace === undefined || namespace === context.resources.namespace) return
  throw errors.failed(key, store, `secrets "${key}" is forbidden in the namespace "${namespace}"`)
}

export function getSecret(context: SecretsContext, store: string, key: string, namespace: string | undefined): Reply {
  if (!context.components.hasSecretStore(store)) throw errors.notFound(store)
  if (!mayRead(context, store, key)) throw errors.denied(key, store)
  checkNamespace(context, store, key, namespace)
  const data = context.resources.secret(key)
  if (data === undefined) throw errors.failed(key, store, `secrets "${key}" not found`)
  return json(data)
}

export function getBulkSecret(context: SecretsContext, store: string, namespace: string | undefined): Reply {
  if (!context.components.hasSecretStore(store)) throw errors.notFound(store)
  checkNamespace(context, store, '*', namespace)
  const names = context.resources.secretNames().filter(name => mayRead(context, store, name))
  return json(Object.fromEntries(names.map(name => [name, context.resources.secret(name)])))
}
