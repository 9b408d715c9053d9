/**
 * Writes `generated/definitions.json`: the schemas of the built-in kinds, taken from the models of
 * `@kubernetes/client-node` (which are generated from the API server's own OpenAPI document). Run it after an upgrade
 * of that package: `node src/local/kube-api/kinds/generate-definitions.ts`.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { atomicMaps, keyedLists, sets } from './list-keys.ts'
import { kinds } from './table.ts'

interface Property {
  [keyword: string]: unknown
}
interface Definition {
  description: string
  type: 'object'
  required?: string[]
  'x-kubernetes-map-type'?: string
  properties: Record<string, Property>
}

const models = join(dirname(createRequire(import.meta.url).resolve('@kubernetes/client-node')), 'gen', 'models')

/** As `kubectl explain` shows it. */
const descriptionOf = (text: string): string =>
  text
    .replaceAll(/\\(['"])/g, '$1')
    .replaceAll(/\s+/g, ' ')
    .trim()

function property(type: string, format: string, found: (model: string) => void): Property {
  const list = /^Array<(.*)>$/.exec(type)
  if (list) return { type: 'array', items: property(list[1]!, format, found) }
  const map = /^\{ \[key: string\]: (.*); \}$/.exec(type)
  if (map) return { type: 'object', additionalProperties: property(map[1]!, format, found) }
  if (type === 'string') return format ? { type: 'string', format } : { type: 'string' }
  if (type === 'boolean') return { type: 'boolean' }
  if (type === 'number')
    return format === 'double' ? { type: 'number' } : { type: 'integer', format: format || 'int32' }
  if (type === 'Date') return { type: 'string', format: 'date-time' }
  if (type === 'V1MicroTime') return { type: 'string', format: 'date-time-micro' }
  if (type === 'IntOrString') return { 'x-kubernetes-int-or-string': true }
  if (type === 'any') return { 'x-kubernetes-preserve-unknown-fields': true }
  found(type)
  return { $ref: type }
}

/** Structs without fields, which the library's models leave open. */
const emptyStructs = new Set(['V1CustomResourceSubresources.status'])

const quantityMaps = new Set(['limits', 'requests', 'capacity', 'allocatable', 'hard', 'used', 'allocatedResources'])

function definition(model: string, found: (model: string) => void): Definition {
  const code = readFileSync(join(models, `${model}.js`), 'utf8')
  const types = readFileSync(join(models, `${model}.d.ts`), 'utf8')
  const attributes = JSON.parse(/attributeTypeMap = (\[[\s\S]*?\n\]|\[\]);/.exec(code)![1]!) as {
    baseName: string
    type: string
    format: string
  }[]
  const required: string[] = []
  const properties: Record<string, Property> = {}
  for (const { baseName, type, format } of attributes) {
    const escaped = baseName.replaceAll('$', '_')
    const declared = new RegExp(
      `(?:/\\*\\*\\s*\\n\\s*\\* ((?:(?!\\*/)[\\s\\S])*?)\\n\\s*\\*/\\s*)?'${escaped}'(\\??):`,
    ).exec(types)
    const schema = emptyStructs.has(`${model}.${baseName}`) ? { type: 'object' } : property(type, format, found)
    if (quantityMaps.has(baseName) && schema['additionalProperties'])
      schema['additionalProperties'] = { type: 'string', format: 'quantity', 'x-kubernetes-int-or-string': true }
    if (declared?.[1]) schema['description'] = descriptionOf(declared[1])
    const field = `${model}.${baseName}`
    const keys = keyedLists[field] ?? (baseName === 'conditions' && model.endsWith('Status') ? ['type'] : undefined)
    if (keys) {
      schema['x-kubernetes-list-type'] = 'map'
      schema['x-kubernetes-list-map-keys'] = keys
      schema['x-kubernetes-patch-merge-key'] = keys[0]
      schema['x-kubernetes-patch-strategy'] = 'merge'
    } else if (sets.has(field)) {
      schema['x-kubernetes-list-type'] = 'set'
      schema['x-kubernetes-patch-strategy'] = 'merge'
    } else if (schema['type'] === 'array') schema['x-kubernetes-list-type'] = 'atomic'
    if (atomicMaps.has(field)) schema['x-kubernetes-map-type'] = 'atomic'
    // A key of a list needs its default known without the kind's own defaulting (`+default="TCP"`).
    if (field === 'V1ContainerPort.protocol' || field === 'V1ServicePort.protocol') schema['default'] = 'TCP'
    if (declared && declared[2] === '') required.push(baseName)
    properties[baseName] = schema
  }
  const description = descriptionOf(
    /\/\*\*\n\* ([\s\S]*?)\n\*\//.exec(code.slice(code.indexOf('*/') + 2))?.[1] ?? model,
  )
  return {
    description,
    type: 'object',
    ...(required.length > 0 ? { required } : {}),
    ...(atomicMaps.has(model) ? { 'x-kubernetes-map-type': 'atomic' } : {}),
    properties,
  }
}

/** The definitions of all built-in kinds and everything they refer to, by model name, sorted. */
export function generateDefinitions(): Record<string, Definition> {
  const done = new Map<string, Definition>()
  const queue = kinds.map(kind => kind.model)
  for (let model = queue.pop(); model !== undefined; model = queue.pop()) {
    if (done.has(model)) continue
    done.set(
      model,
      definition(model, next => queue.push(next)),
    )
  }
  return Object.fromEntries([...done].sort(([a], [b]) => (a < b ? -1 : 1)))
}

export const definitionsFile = join(import.meta.dirname, '..', 'generated', 'definitions.json')
export const formatDefinitions = () =>
  `${JSON.stringify(generateDefinitions(), null, 0).replaceAll(/("V\d\w+":\{|"CoreV1|"EventsV1|"DiscoveryV1)/g, '\n$1')}\n`

if (process.argv[1] === import.meta.filename) writeFileSync(definitionsFile, formatDefinitions())
