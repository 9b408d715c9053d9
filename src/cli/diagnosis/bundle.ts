import type { KubeObject } from '../../../controller/kube/objects.ts'
import type { Observation } from './observe.ts'

const HIDDEN = '(redacted)'
const SECRET_NAME =
  /password|passwd|secret|token|credential|connection_?string|database_?url|api_?key|private_?key|\buri\b/i
/** `scheme://user:password@host`. */
const IN_URL = /(\b[a-z][a-z0-9+.-]*:\/\/[^\s:/@]*):[^\s@/]+@/gi

/** What was seen, by file, without any value of a Secret or of a variable whose name says that it is secret. Pure. */
export function bundleOf({
  platforms,
  objects,
  operators,
  absent,
  unseen,
  flow,
}: Observation): Record<string, unknown> {
  const kinds = Map.groupBy(objects, ({ kind }) => kind.toLowerCase())
  return {
    'platforms.yaml': platforms.map(redacted),
    'operators.yaml': operators.map(redacted),
    ...Object.fromEntries([...kinds].map(([kind, all]) => [`${kind}.yaml`, all.map(redacted)])),
    'cluster.yaml': { absent, unseen, ...(flow && { flow }) },
  }
}

function redacted(object: KubeObject): unknown {
  const { managedFields: _managed, ...metadata } = object.metadata
  const annotations = { ...metadata.annotations }
  // It holds the whole object once more.
  delete annotations['kubectl.kubernetes.io/last-applied-configuration']
  const clean: KubeObject = { ...object, metadata: { ...metadata, annotations } }
  for (const field of ['data', 'stringData'])
    if (object.kind === 'Secret' && clean[field])
      clean[field] = Object.fromEntries(Object.keys(clean[field]).map(key => [key, HIDDEN]))
  return walk(clean)
}

/** References stay: they say where a secret is, not what it is. */
function walk(value: unknown): unknown {
  if (typeof value === 'string') return value.replace(IN_URL, `$1:${HIDDEN}@`)
  if (Array.isArray(value)) return value.map(walk)
  if (typeof value !== 'object' || value === null) return value
  const { name, value: held } = value as { name?: unknown; value?: unknown }
  const secret = typeof name === 'string' && SECRET_NAME.test(name) && typeof held === 'string'
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, secret && key === 'value' ? HIDDEN : walk(each)]),
  )
}
