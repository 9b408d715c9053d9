import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { extname, join } from 'node:path'
import { type Command, Option } from 'commander'
import { load } from 'js-yaml'
import { EXIT, Exit } from './exit.ts'
import type { Terminal } from './terminal.ts'
import { check } from './validate/check.ts'
import { github, sarif } from './validate/report.ts'
import type { Finding } from './validate/rule.ts'

const KNOWN = ['.yaml', '.yml', '.md', '.txt', '.py', '.ts', '.js', '.mjs', '.sh', '.json']
/** Not of the project's own, or wrong on purpose (`testdata`, as Go has it). */
const SKIPPED = new Set(['node_modules', '.git', 'dist', '.tep', 'testdata'])

/** `tep validate [files]`: manifests, code and documents against what Kubernetes, Strimzi and Dapr truly take; offline. */
export function validate(program: Command, terminal: Terminal, version: string): void {
  program
    .command('validate')
    .argument('[paths...]', `files or folders (${KNOWN.join(' ')})`, ['.'])
    .description(
      'Check manifests, code and documents: line, column, rule, and what to write instead (exit 1: errors found).',
    )
    .option('--strict', 'warnings fail, too', false)
    .addOption(
      new Option('-o, --output <format>', 'for people or for programs')
        .choices(['text', 'json', 'sarif', 'github'])
        .default('text'),
    )
    .action(async (paths: string[], { output, strict }: { output: string; strict: boolean }) => {
      const files = paths.flatMap(path => filesOf(path))
      const findings = await check(
        files.map(file => ({ file, text: readFileSync(file, 'utf8') })),
        version,
      )
      if (output === 'json') terminal.out(JSON.stringify(findings, null, 2))
      else if (output === 'sarif') terminal.out(sarif(findings, version))
      else if (output === 'github') terminal.out(github(findings))
      else terminal.out(text(findings, files.length, terminal))
      if (findings.some(({ severity }) => strict || severity === 'error')) terminal.exitCode = EXIT.found
    })
}

/** @throws Exit TEP5005 for a path that is not there */
function filesOf(path: string): string[] {
  let isFolder: boolean
  try {
    isFolder = statSync(path).isDirectory()
  } catch {
    throw new Exit('TEP5005', EXIT.usage, `there is no file ${path}`)
  }
  if (!isFolder) return [path]
  const patches = patchesOf(path)
  return readdirSync(path, { withFileTypes: true })
    .filter(({ name }) => !SKIPPED.has(name) && !patches.has(name))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap(entry =>
      entry.isDirectory()
        ? filesOf(join(path, entry.name))
        : entry.isFile() && KNOWN.includes(extname(entry.name))
          ? [join(path, entry.name)]
          : [],
    )
}

/** Files that a kustomization beside them lays over other ones: parts of a resource, which nobody takes as they are. */
function patchesOf(folder: string): ReadonlySet<string> {
  const file = join(folder, 'kustomization.yaml')
  if (!existsSync(file)) return new Set()
  try {
    const { patches = [] } = (load(readFileSync(file, 'utf8')) ?? {}) as { patches?: { path?: string }[] }
    return new Set(patches.flatMap(({ path }) => path ?? []))
  } catch {
    // The check of this very file says what is wrong with it.
    return new Set()
  }
}

function text(findings: readonly Finding[], files: number, { style }: Terminal): string {
  const lines = findings.map(({ file, line, column, severity, rule, message, why, fix }) =>
    [
      `${style('bold', `${file}:${line}:${column}`)} ${style(severity === 'error' ? 'red' : 'yellow', severity)} ${message}  [${rule}]`,
      `    ${why}`,
      `    ${style('cyan', `→ ${fix}`)}`,
    ].join('\n'),
  )
  const errors = findings.filter(({ severity }) => severity === 'error').length
  return [...lines, `${files} files: ${errors} errors, ${findings.length - errors} warnings`].join('\n')
}
