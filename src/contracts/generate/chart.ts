import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { load } from 'js-yaml'
import { platformSchema } from '../platform/schema.ts'

const root = join(import.meta.dirname, '../../..')

interface ValueSchema {
  type?: string
  description?: string
  maxLength?: number
  enum?: readonly unknown[]
  properties?: Record<string, ValueSchema>
  items?: ValueSchema
}
type Values = Record<string, unknown>

const read = (file: string): string => readFileSync(join(root, file), 'utf8')

/** Path → text of what is generated for the chart: the schema of the platform sub-chart, and the page of all values. */
export function chartFiles(header: string): Record<string, string> {
  const platform = platformValues(header)
  const platformText = `${JSON.stringify(platform, null, 2)}\n`
  return {
    'charts/platform/values.schema.json': platformText,
    'docs/values.md': valuesPage(header, [
      { title: 'The operator', prefix: '', folder: '.', schema: JSON.parse(read('values.schema.json')) },
      { title: 'A platform beside it', prefix: 'platform.', folder: 'charts/platform', schema: platform },
      {
        title: 'Alerts and dashboards',
        prefix: 'observability.',
        folder: 'charts/observability',
        schema: JSON.parse(read('charts/observability/values.schema.json')),
      },
    ]),
  }
}

/** Helm refuses what the API server would: the spec's own schema, without what only an API server understands. */
function platformValues(header: string): ValueSchema & Values {
  const { profile, ...rest } = platformSchema.properties!['spec']!.properties as Record<string, Values>
  const spec = jsonSchema({
    type: 'object',
    description: 'The rest of the spec, as in `kubectl explain tep.spec`.',
    properties: rest,
  })
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $comment: header,
    title: 'Values of the platform sub-chart',
    type: 'object',
    additionalProperties: false,
    properties: {
      global: { type: 'object', description: 'Values shared with the parent chart.' },
      enabled: { type: 'boolean', description: 'Whether the platform is rendered.' },
      name: { type: 'string', maxLength: 40, description: 'Name of the TodoEventPlatform; empty: the release’s.' },
      profile: jsonSchema(profile!) as ValueSchema,
      spec: spec as ValueSchema,
    },
  }
}

/** A structural schema as JSON Schema: objects are closed where the API server would prune. */
function jsonSchema(schema: Values): Values {
  const open = schema['x-kubernetes-preserve-unknown-fields'] === true
  const kept = Object.entries(schema).filter(([key]) => !key.startsWith('x-kubernetes-'))
  const out = Object.fromEntries(
    kept.map(([key, value]) => {
      if (key === 'properties')
        return [
          key,
          Object.fromEntries(Object.entries(value as Values).map(([name, of]) => [name, jsonSchema(of as Values)])),
        ]
      if ((key === 'items' || key === 'additionalProperties') && typeof value === 'object')
        return [key, jsonSchema(value as Values)]
      return [key, value]
    }),
  )
  if (schema['x-kubernetes-int-or-string']) return { ...out, type: ['integer', 'string'] }
  const closed = out['properties'] && !out['additionalProperties'] && !open
  return closed ? { ...out, additionalProperties: false } : out
}

interface Chart {
  title: string
  prefix: string
  folder: string
  schema: ValueSchema
}

function valuesPage(header: string, charts: readonly Chart[]): string {
  const sections = charts.map(({ title, prefix, folder, schema }) => {
    const defaults = load(read(join(folder, 'values.yaml'))) as Values
    const rows = Object.entries(schema.properties ?? {})
      .filter(([name]) => name !== 'global')
      .flatMap(([name, value]) => rowsOf(`${prefix}${name}`, value, defaults[name]))
    return `## ${title}\n\n| value | default | what |\n|---|---|---|\n${rows.join('\n')}\n`
  })
  return `# Values of the chart\n\n<!-- ${header} -->\n\nHelm refuses any other value. \`helm show values .\` prints the defaults with their reasons.\n\n${sections.join('\n')}`
}

/** The spec has its own reference, and two levels are what a page can show. */
const CLOSED = ['platform', 'platform.spec', 'observability', 'resources']

function rowsOf(path: string, schema: ValueSchema, value: unknown): string[] {
  if (schema.properties && !CLOSED.includes(path))
    return Object.entries(schema.properties).flatMap(([name, below]) =>
      rowsOf(`${path}.${name}`, below, (value as Values | undefined)?.[name]),
    )
  const choices = schema.enum ? ` (${schema.enum.map(each => `\`${String(each)}\``).join(', ')})` : ''
  const shown = value === undefined || value === '' ? '' : `\`${JSON.stringify(value)}\``
  return [`| \`${path}\` | ${shown} | ${(schema.description ?? '').replaceAll('|', '\\|')}${choices} |`]
}
