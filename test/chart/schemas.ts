/** JSON schemas of kinds as files, in the layout that kubeconform looks for: from Kubernetes' own OpenAPI document, and from CRDs. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { KubeObject } from '../../controller/kube/objects.ts'
import { openKubeApi } from '../../src/local/kube-api/index.ts'
import type { Json, JsonObject } from '../../src/local/kube-api/json.ts'

/** What kubeconform puts a kind's names into. */
export const LAYOUT = '{{ .ResourceKind }}_{{ .Group }}_{{ .ResourceAPIVersion }}.json'

interface GroupVersionKind {
  group: string
  version: string
  kind: string
}

/** Writes one file for each kind that an API server with these CRDs serves. */
export async function writeSchemas(folder: string, crds: readonly KubeObject[]): Promise<void> {
  mkdirSync(folder, { recursive: true })
  const api = await openKubeApi({ store: 'memory' })
  try {
    for (const crd of crds) await api.client.apply(crd as never, { fieldManager: 'lint' })
    const read = async (url: string): Promise<JsonObject> => {
      const answer = await api.handle({ method: 'GET', url, headers: {} })
      if (answer.kind !== 'object' || answer.status >= 300) throw new Error(`no OpenAPI document at ${url}`)
      return answer.body as JsonObject
    }
    const { paths } = (await read('/openapi/v3')) as { paths: Record<string, { serverRelativeURL: string }> }
    for (const { serverRelativeURL } of Object.values(paths)) {
      const { schemas } =
        ((await read(serverRelativeURL)) as { components?: { schemas?: JsonObject } }).components ?? {}
      for (const [name, schema] of Object.entries(schemas ?? {}))
        for (const gvk of kindsOf(schema as JsonObject))
          writeFileSync(join(folder, fileOf(gvk)), JSON.stringify(document(name, schemas!)))
    }
  } finally {
    api.close()
  }
}

const kindsOf = (schema: JsonObject): GroupVersionKind[] =>
  (schema['x-kubernetes-group-version-kind'] as unknown as GroupVersionKind[] | undefined) ?? []

/** kubeconform writes kinds in small letters, and for want of a group the version. */
const fileOf = ({ group, version, kind }: GroupVersionKind): string =>
  LAYOUT.replace('{{ .ResourceKind }}', kind.toLowerCase())
    .replace('{{ .Group }}', group || version)
    .replace('{{ .ResourceAPIVersion }}', version)

/** A schema that stands by itself, and lets nothing pass that it does not name. */
const document = (name: string, schemas: JsonObject): Json => ({
  $schema: 'http://json-schema.org/draft-07/schema#',
  $ref: `#/components/schemas/${name}`,
  components: { schemas: closed(schemas) },
})

function closed(value: Json): Json {
  if (Array.isArray(value)) return value.map(closed)
  if (typeof value !== 'object' || value === null) return value
  const copy: JsonObject = Object.fromEntries(Object.entries(value).map(([key, each]) => [key, closed(each)]))
  const isOpen = copy['additionalProperties'] !== undefined || copy['x-kubernetes-preserve-unknown-fields'] === true
  const properties = copy['properties']
  if (typeof properties === 'object' && properties !== null && !isOpen && copy['type'] === 'object')
    copy['additionalProperties'] = false
  return copy
}
