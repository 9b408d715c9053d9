import type { Cache } from '../../kube/cache.ts'
import { KINDS } from '../platform.ts'

/** One value of a Secret as text; `undefined` when the Secret or the key is not there. */
export function secretText(cache: Cache, namespace: string, name: string, key: string): string | undefined {
  const value = cache.get(KINDS.secret, namespace, name)?.['data']?.[key] as string | undefined
  return value === undefined ? undefined : Buffer.from(value, 'base64').toString('utf8')
}
