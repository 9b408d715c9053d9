import type { Cache } from '../kube/cache.ts'
import { keyOf } from '../kube/objects.ts'
import type { Desired } from './desired.ts'
import type { Refusal } from './errors.ts'
import { PLATFORM_LABEL, PLATFORM_NAMESPACE_LABEL, type Platform } from './platform.ts'
import type { Cached } from './project.ts'

/**
 * Names that somebody else has: another platform (on one shared Kafka, under the same prefix), or a person. Applying would
 * take the object over and change what they rely on; so it is left alone, waits, and is refused in status. An object whose
 * labels were stripped is ours all the same when we have fields in it. Two of our own children of one name would write
 * over each other for ever: the first has it.
 */
export function refuseTaken(
  desired: readonly Desired[],
  platform: Platform,
  cache: Cache,
): { desired: Desired[]; refused: Refusal[] } {
  const refused: Refusal[] = []
  const names = new Map<string, Desired>()
  for (const each of desired) {
    const other = names.get(keyOf(each.object))
    const { kind, metadata } = each.object
    if (!other) names.set(keyOf(each.object), each)
    else {
      const message = `${kind} ${metadata.namespace}/${metadata.name} is made for ${componentOf(other)} already, so that ${componentOf(each)} goes without; rename one of the two`
      refused.push({ code: 'TEP-SPEC-NAME-TAKEN', field: 'spec', message, kind, name: metadata.name })
    }
  }
  const left = [...names.values()].map(each => {
    const { apiVersion, kind, metadata } = each.object
    const live = cache.get({ apiVersion, kind }, metadata.namespace, metadata.name) as Cached | undefined
    const owner = live && ownerOf(live, platform)
    if (!owner) return each
    const way = `set spec.kafka.prefix to one of its own, or rename or remove the other`
    const message = `${kind} ${metadata.namespace}/${metadata.name} belongs to ${owner}; ${way}`
    refused.push({ code: 'TEP-SPEC-NAME-TAKEN', field: 'spec.kafka.prefix', message, kind, name: metadata.name })
    return { ...each, waiting: `it belongs to ${owner}` }
  })
  return { desired: left, refused }
}

const componentOf = ({ object }: Desired): string =>
  object.metadata.labels?.['app.kubernetes.io/component'] ?? 'another'

/** Whose it is, in words; `undefined` when it is ours. */
function ownerOf({ metadata, owned }: Cached, platform: Platform): string | undefined {
  const name = metadata.labels?.[PLATFORM_LABEL]
  const namespace = metadata.labels?.[PLATFORM_NAMESPACE_LABEL]
  if (name === undefined || namespace === undefined) return owned ? undefined : 'somebody else'
  const ours = name === platform.metadata.name && namespace === platform.metadata.namespace
  return ours ? undefined : `TodoEventPlatform ${namespace}/${name}`
}
