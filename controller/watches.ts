import type { Cache } from './kube/cache.ts'
import type { Watched } from './kube/manager.ts'
import type { KubeObject } from './kube/objects.ts'
import { CHILD_KINDS, KINDS, PLATFORM_LABEL, PLATFORM_NAMESPACE_LABEL, platformKey } from './platform/platform.ts'
import { BY_NAMESPACE, BY_READER } from './platform/project.ts'
import type { PodInput } from './platform/providers/inputs.ts'

/** Kinds whose objects may be inputs of a platform though they are nobody's children: they are watched without a selector. */
const INPUT_KINDS: string[] = [
  KINDS.secret,
  KINDS.kafka,
  KINDS.topic,
  KINDS.user,
  KINDS.redpanda,
  KINDS.redpandaTopic,
  KINDS.redpandaUser,
].map(({ kind }) => kind)
/** Of these, a change concerns every platform that reads the namespace; of the others only their owner. */
const SHARED_INPUTS: string[] = [KINDS.secret, KINDS.kafka, KINDS.redpanda].map(({ kind }) => kind)

/** What the controller watches, in the namespaces given or in all, and which platforms a change concerns. */
export function watchesOf(namespaces: string[], cache: () => Cache): Watched[] {
  const keysOf = (object: KubeObject): string[] => platformsOf(object, cache())
  return (namespaces.length > 0 ? namespaces : [undefined]).flatMap(namespace => [
    { ...KINDS.platform, keysOf, ...(namespace && { namespace }) },
    // Pods of the services come and go, and are asked, not reconciled, but for those that cannot become of use.
    { ...KINDS.pod, keysOf, ...(namespace && { namespace }), labelSelector: PLATFORM_LABEL },
    ...[...CHILD_KINDS, KINDS.redpanda].map(kind => ({
      ...kind,
      keysOf,
      ...(namespace && { namespace }),
      ...(!INPUT_KINDS.includes(kind.kind) && { labelSelector: PLATFORM_LABEL }),
    })),
  ])
}

function ownerOf({ metadata: { labels } }: KubeObject): string | undefined {
  const platform = labels?.[PLATFORM_LABEL]
  const home = labels?.[PLATFORM_NAMESPACE_LABEL]
  return platform && home ? platformKey(home, platform) : undefined
}

/** A child leads to its platform by label; Secrets and Kafkas of others may be inputs of any platform that refers to them. */
function platformsOf(object: KubeObject, cache: Cache): string[] {
  const { namespace, name } = object.metadata
  if (object.kind === KINDS.platform.kind)
    return cache
      .byIndex(BY_NAMESPACE, `${object.kind}/${namespace}`)
      .map(other => platformKey(namespace!, other.metadata.name))
      .concat(platformKey(namespace!, name))
  const owner = ownerOf(object)
  if (owner) return [owner]
  if (object.kind === KINDS.pod.kind) {
    const platform = object.metadata.labels?.[PLATFORM_LABEL]
    return platform && (object['input'] as PodInput | undefined)?.missesSidecar
      ? [platformKey(namespace!, platform)]
      : []
  }
  if (!SHARED_INPUTS.includes(object.kind)) return []
  // Strimzi names the Secret of a KafkaUser after it. Beside a shared Kafka there are thousands, and each has one reader.
  const user = object.kind === KINDS.secret.kind && cache.get(KINDS.user, namespace, name)
  const reader = user && ownerOf(user)
  if (reader) return [reader]
  return cache.byIndex(BY_READER, namespace!).map(({ metadata }) => platformKey(metadata.namespace!, metadata.name))
}
