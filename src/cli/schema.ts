import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import { breaks, type Contracts } from '../contracts/compat/check.ts'
import { EVENT_SCHEMAS, isEventType, schemaUri, topicOf } from '../contracts/events/index.ts'
import { DEFINITIONS, SCHEMA_VERSION } from '../contracts/events/schemas.ts'
import first from '../contracts/releases/1.0.json' with { type: 'json' }
import { EXIT, Exit } from './exit.ts'
import { type Format, structured, table, withOutput } from './output.ts'
import type { Terminal } from './terminal.ts'

/** Releases that this program knows by itself. */
const RELEASES = [first as unknown as Contracts]
const OURS: Contracts = { version: SCHEMA_VERSION, events: EVENT_SCHEMAS, definitions: DEFINITIONS }

/** `tep schema check|types`: the contracts of events, offline. */
export function schema(program: Command, terminal: Terminal): void {
  const command = program
    .command('schema')
    .description('Event schemas: list, show, check for breaks; needs no cluster.')
  const types = command
    .command('types')
    .argument('[type]', 'short type: task.created')
    .description('List all event types with their topics, or print the JSON Schema of one.')
    .action((type: string | undefined, { output }: { output: Format }) => runTypes(type, output, terminal))
  withOutput(types)
  const check = command
    .command('check')
    .argument('[file]', 'schemas to check, as `tep schema check --export` writes them; default: those of this release')
    .option('--export', 'print the schemas of this release, to change and check', false)
    .description('Check schemas against every release, both ways, with data that breaks (exit 1: breaks found).')
    .action((file: string | undefined, options: { export: boolean; output: Format }) =>
      options.export ? terminal.out(structured(OURS, 'json')) : runCheck(file, options.output, terminal),
    )
  withOutput(check)
}

/** @throws Exit TEP5015 for a type there is not */
function runTypes(given: string | undefined, output: Format, terminal: Terminal): void {
  if (given === undefined) {
    const all = Object.keys(EVENT_SCHEMAS).map(type => ({ type, topic: topicOf(type as keyof typeof EVENT_SCHEMAS) }))
    terminal.out(
      output === 'text'
        ? table([['TYPE', 'TOPIC'], ...all.map(({ type, topic }) => [type, topic])]).join('\n')
        : structured(all, output),
    )
    return
  }
  const type = given.replace(/^com\.taskmanager\./, '')
  if (!isEventType(type))
    throw new Exit('TEP5015', EXIT.usage, `there is no event type ${given}; "tep schema types" lists them`)
  const document = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: schemaUri(type),
    title: type,
    ...EVENT_SCHEMAS[type],
    $defs: DEFINITIONS,
  }
  terminal.out(structured(document, output === 'yaml' ? 'yaml' : 'json'))
}

function runCheck(file: string | undefined, output: Format, terminal: Terminal): void {
  const checked = file === undefined ? OURS : readContracts(file)
  const releases = file === undefined ? RELEASES : [...RELEASES, OURS]
  const found = breaks(checked, releases)
  if (output !== 'text') terminal.out(structured(found, output))
  else {
    for (const { type, writer, reader, violation, example } of found) {
      const field = violation.field ? `data.${violation.field} ` : ''
      terminal.out(`${type}: written by ${writer}, refused by ${reader}: ${field}${violation.message}`)
      if (example !== undefined) terminal.out(`  for example ${JSON.stringify(example).slice(0, 2_000)}`)
    }
    terminal.out(
      `${Object.keys(checked.events).length} types against ${releases.length} releases, both ways: ${found.length} breaks`,
    )
  }
  if (found.length === 0) return
  terminal.err('add a field or a type instead of changing one; a break needs a new type')
  terminal.exitCode = EXIT.found
}

/** @throws Exit TEP5005 for a file that is not there, TEP5015 for one that holds no schemas */
function readContracts(file: string): Contracts {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw new Exit('TEP5005', EXIT.usage, `${file} cannot be read: ${(error as Error).message}`)
  }
  try {
    const { version, events, definitions } = JSON.parse(text) as Partial<Contracts>
    if (typeof version === 'string' && typeof events === 'object' && typeof definitions === 'object')
      return { version: `${version} (${file})`, events, definitions }
  } catch (error) {
    throw new Exit('TEP5015', EXIT.usage, `${file} is no JSON: ${(error as Error).message}`)
  }
  throw new Exit(
    'TEP5015',
    EXIT.usage,
    `${file} holds no schemas: it needs version, events and definitions, as "tep schema check --export" writes them`,
  )
}
