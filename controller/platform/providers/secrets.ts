import type { Cache } from '../../kube/cache.ts'
import type { KubeObject } from '../../kube/objects.ts'
import { KINDS } from '../platform.ts'

/**
 * A Secret that an operator made counts while its owner lives. A watch that lags still shows the Secret of an owner that
 * has been deleted and made again: its password would roll every pod, and its successor would roll them once more.
 * An owner we do not watch (somebody else's database) cannot be judged, so its Secret counts.
 */
export function secretOf(cache: Cache, namespace: string, name: string): KubeObject | undefined {
  const secret = cache.get(KINDS.secret, namespace, name)
  const ownedByOneGone = secret?.metadata.ownerReferences?.some(owner => {
    const live = cache.get(owner, namespace, owner.name)
    return live !== undefined && live.metadata.uid !== owner.uid
  })
  return ownedByOneGone ? undefined : secret
}

/** One value of a Secret as text; `undefined` when the Secret or the key is not there. */
export const secretText = (cache: Cache, namespace: string, name: string, key: string): string | undefined =>
  textIn(secretOf(cache, namespace, name), key)

/** One value of a Secret as text. */
export function textIn(secret: KubeObject | undefined, key: string): string | undefined {
  const value = secret?.['data']?.[key] as string | undefined
  return value === undefined ? undefined : Buffer.from(value, 'base64').toString('utf8')
}
