/** Writes docs/cli.md from the program itself; with `--check` it only tells whether it is stale, and ends with 1. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command, Option } from 'commander'
import { EXIT } from './exit.ts'
import { tepProgram } from './program.ts'
import { processTerminal } from './terminal.ts'

const EXITS: Record<keyof typeof EXIT, string> = {
  found:
    'any other failure; or what was looked for is there: differences, findings, faults, a platform that is not ready',
  usage: 'an option, argument or file is wrong, or the cluster cannot be read',
  running: 'the folder runs already',
  portTaken: 'a port is taken',
  notWritable: 'a folder cannot be written',
  notReady: 'not ready in time',
  changes: '`plan --exit-code`: something would change',
  refused: 'a part of the spec is refused; or a file would be written over',
}

const EXAMPLES = `\`\`\`sh tested
tep validate examples
tep render -f examples/platform.yaml
tep graph -f examples/platform.yaml -o mermaid
tep explain spec.kafka.strimzi
tep explain TEP4104
tep schema types task.created
tep schema check
tep version --client
tep completion bash
tep events publish --type task.deleted --data '{"task_id":"0f8fad5b-d9cb-469f-a165-70867728950e","user_id":"anna","version":2}'
\`\`\`
`

/** The page. Pure. */
export function pageOf(program: Command): string {
  const codes = Object.entries(EXIT).map(([name, code]) => `| ${code} | ${EXITS[name as keyof typeof EXIT]} |`)
  return [
    '<!-- Generated from src/cli by `make generate`; do not edit. -->',
    '# The command line',
    '',
    'After `make build`, with `dist` in the `PATH`, it is `tep`, and `kubectl tep` is the same. Verbs that look at a cluster take `-n`, `--context` and',
    '`--kubeconfig` as kubectl does; without them, what runs in `./.tep`. Verbs that talk to the platform take `--server` and `--token`, or',
    '`TEP_SERVER` and `TEP_TOKEN`, or what `./.tep` says. Colour is for terminals alone; `NO_COLOR` is respected. What changes events or',
    'letters is a dry run until `--yes`. Errors begin with a [code](errors.md): `tep explain CODE`.',
    '',
    '| exit | when |',
    '|---|---|',
    '| 0 | done, and nothing was found that should not be |',
    ...codes,
    '',
    EXAMPLES,
    ...leaves(program).flatMap(section),
  ].join('\n')
}

const leaves = (command: Command): Command[] =>
  command.commands.length > 0 ? command.commands.flatMap(leaves) : [command]

function section(command: Command): string[] {
  const names: string[] = []
  for (let each: Command | null = command; each; each = each.parent) names.unshift(each.name())
  const args = command.registeredArguments.map(each => {
    const name = each.name() + (each.variadic ? '...' : '')
    return each.required ? `<${name}>` : `[${name}]`
  })
  const cell = (text: string): string => text.replaceAll('|', '\\|')
  const rows = [
    ...command.registeredArguments
      .filter(each => each.description)
      .map(each => [each.name(), each.description, each.defaultValue] as const),
    ...command.options.map(each => [each.flags, withChoices(each), each.defaultValue] as const),
  ]
  return [
    `## ${[...names, ...args].join(' ')}`,
    '',
    command.description(),
    '',
    ...(rows.length > 0 ? ['| | | default |', '|---|---|---|'] : []),
    ...rows.map(([name, about, usual]) => `| \`${cell(name)}\` | ${cell(about)} | ${shown(usual)} |`),
    '',
  ]
}

const withChoices = ({ description, argChoices }: Option): string =>
  argChoices ? `${description}: ${argChoices.join(', ')}` : description

/** A default of this machine's own is none to print. */
const shown = (value: unknown): string =>
  value === undefined || value === false || (typeof value === 'string' && value.startsWith('/'))
    ? ''
    : `\`${String(value)}\``

if (process.argv[1] === import.meta.filename) {
  const file = join(import.meta.dirname, '../../docs/cli.md')
  const page = pageOf(tepProgram(processTerminal()))
  if (!process.argv.includes('--check')) writeFileSync(file, page)
  else if (readFileSync(file, 'utf8') !== page) {
    console.error('docs/cli.md is stale: run make generate')
    process.exitCode = 1
  }
}
