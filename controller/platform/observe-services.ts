import type { Cache } from '../kube/cache.ts'
import { kindKey } from '../kube/objects.ts'
import type { Facts } from './facts.ts'
import { CHILD_KINDS, KINDS, type Platform, platformKey } from './platform.ts'
import { BY_PLATFORM, type Cached } from './project.ts'

const AUTOSCALERS: readonly string[] = [KINDS.podAutoscaler.kind, KINDS.scaledObject.kind]

/** Which kinds there are, how many pods each Deployment of the platform has, and what scales them. */
export function observeScaling(
  cache: Cache,
  { metadata }: Platform,
): Pick<Facts, 'absentKinds' | 'scales' | 'autoscalers'> {
  const children = cache.byIndex(BY_PLATFORM, platformKey(metadata.namespace, metadata.name)) as Cached[]
  return {
    absentKinds: CHILD_KINDS.filter(kind => !cache.isServed(kind)).map(kindKey),
    scales: Object.fromEntries(children.flatMap(({ metadata: { name }, scale }) => (scale ? [[name, scale]] : []))),
    autoscalers: children
      .filter(({ kind }) => AUTOSCALERS.includes(kind))
      .map(child => `${child.kind}/${child.metadata.name}`)
      .sort(),
  }
}

const DEFAULT_PORTS: Record<string, string> = {
  'postgres:': '5432',
  'postgresql:': '5432',
  'smtp:': '587',
  'smtps:': '465',
}

/** Host and port of addresses that only Secrets know. What cannot be read as a URL has none. */
export function observeAddresses(urls: Record<'database' | 'smtp', string | undefined>): Facts['addresses'] {
  return Object.fromEntries(
    Object.entries(urls).flatMap(([what, url]) => {
      if (url === undefined || !URL.canParse(url)) return []
      const { hostname, port, protocol } = new URL(url)
      const known = port || DEFAULT_PORTS[protocol]
      return hostname && known ? [[what, `${hostname}:${known}`]] : []
    }),
  )
}
