import type { Command } from 'commander'
import type { Schema } from '../contracts/platform/schema-builder.ts'
import { EXIT, Exit } from './exit.ts'
import { ERRORS } from './generated/errors.ts'
import { type Format, structured, withOutput } from './output.ts'
import { fieldsOf, schemaOf } from './schema-field.ts'
import type { Terminal } from './terminal.ts'

/** `tep explain spec.kafka` or `tep explain TEP4105`: every field of the resource and every error code, offline. */
export function explain(program: Command, terminal: Terminal): void {
  const command = program
    .command('explain')
    .argument('[field or code]', 'path of a field (spec.kafka.strimzi), or an error code (TEP4105)', 'spec')
    .description('Explain a field of TodoEventPlatform, or an error code; needs no cluster.')
    .option('--recursive', 'all fields below', false)
    .action((what: string, { recursive, output }: { recursive: boolean; output: Format }) => {
      const answer =
        /^tep-?[0-9a-z]/i.test(what) && !what.includes('.') ? explainCode(what) : explainField(what, recursive)
      terminal.out(output === 'text' ? answer.text : structured(answer.value, output))
    })
  withOutput(command)
}

interface Answer {
  text: string
  value: unknown
}

/** @throws Exit TEP5014 for a code nobody has */
function explainCode(given: string): Answer {
  const code = given.toUpperCase()
  const entry = ERRORS.find(each => each.code === code)
  if (!entry) {
    const near = ERRORS.filter(each => each.code.startsWith(code.slice(0, 5))).map(each => each.code)
    throw new Exit(
      'TEP5014',
      EXIT.usage,
      `there is no code ${given}${near.length ? `; there is ${near.join(', ')}` : ''}`,
    )
  }
  return { value: entry, text: `${code}\n\n  What     ${entry.what}\n  Way out  ${entry.wayOut}` }
}

/** @throws Exit TEP5014 for a field that is not there; names those that are */
function explainField(given: string, recursive: boolean): Answer {
  const path = given.split('.').filter(Boolean)
  // Also as kubectl has it: tep.spec.kafka, todoeventplatform.spec.
  if (/^(tep|todoeventplatforms?)$/i.test(path[0] ?? '')) path.shift()
  const schema = schemaOf(path)
  const name = path.join('.') || 'TodoEventPlatform'
  const lines = [`${name} <${typeOf(schema)}>`, '', ...facts(schema).map(line => `  ${line}`)]
  const fields = fieldLines(schema, recursive, '  ')
  if (fields.length > 0) lines.push('', 'Fields:', ...fields)
  return { value: { field: name, schema }, text: lines.join('\n') }
}

function typeOf({ type, items, additionalProperties, ...schema }: Schema): string {
  if (schema['x-kubernetes-int-or-string']) return 'integer or string'
  if (type === 'array') return `list of ${items ? typeOf(items) : 'anything'}`
  if (type === 'object' && additionalProperties) return `map of ${typeOf(additionalProperties)}`
  return type ?? 'anything'
}

/** What the schema says beside the type: the words, the bounds, and the rules that span fields. */
function facts(schema: Schema): string[] {
  const { minimum, maximum, minLength, maxLength, minItems, maxItems, pattern, required } = schema
  const span = (low: number | undefined, high: number | undefined, unit: string): string[] =>
    low === undefined && high === undefined ? [] : [`From ${low ?? 0} to ${high ?? '…'}${unit}.`]
  return [
    ...(schema.description ? [schema.description] : []),
    ...(schema.enum ? [`One of: ${schema.enum.join(', ')}.`] : []),
    ...span(minimum, maximum, ''),
    ...span(minLength, maxLength, ' characters'),
    ...span(minItems, maxItems, ' items'),
    ...(pattern ? [`Pattern: ${pattern}`] : []),
    ...(required?.length ? [`Required: ${required.join(', ')}.`] : []),
    ...(schema['x-kubernetes-validations'] ?? []).map(({ rule, message }) => `Rule: ${message} (${rule})`),
  ]
}

function fieldLines(schema: Schema, recursive: boolean, indent: string): string[] {
  const required = schema.required ?? schema.items?.required ?? []
  return Object.entries(fieldsOf(schema) ?? {}).flatMap(([name, field]) => [
    `${indent}${name} <${typeOf(field)}>${required.includes(name) ? ' required' : ''}  ${field.description ?? ''}`.trimEnd(),
    ...(recursive ? fieldLines(field, true, `${indent}  `) : []),
  ])
}
