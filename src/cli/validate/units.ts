import { extname } from 'node:path'
import { loadAll } from 'js-yaml'
import type { KubeObject } from '../../../controller/kube/objects.ts'

export type Language = 'yaml' | 'code' | 'shell' | 'json' | 'prose'

/** A piece of a file in one language: the file itself, or a fenced block of a document. */
export interface Unit {
  language: Language
  lines: string[]
  /** Line of the file its first line is. */
  start: number
  /** The manifests of a YAML unit, each with where it begins. */
  objects: Manifest[]
  /** Why a YAML unit could not be read. */
  fault?: { line: number; message: string }
}

export interface Manifest {
  object: KubeObject
  /** Line of the file the manifest begins at. */
  start: number
  lines: string[]
}

const BY_NAME: Record<string, Language> = {
  yaml: 'yaml',
  yml: 'yaml',
  python: 'code',
  py: 'code',
  typescript: 'code',
  javascript: 'code',
  ts: 'code',
  js: 'code',
  mjs: 'code',
  go: 'code',
  java: 'code',
  cs: 'code',
  bash: 'shell',
  sh: 'shell',
  shell: 'shell',
  console: 'shell',
  json: 'json',
}

/** Cuts a file into units. Documents (.md, .txt) are their prose and their fenced blocks (CommonMark §4.5). */
export function unitsOf(file: string, text: string): Unit[] {
  const language = BY_NAME[extname(file).slice(1).toLowerCase()]
  const lines = text.split(/\r?\n/)
  if (language) return [unit(language, lines, 1, false)]
  const units: Unit[] = []
  let fence: { mark: string; language: Language; from: number } | undefined
  const prose: string[] = []
  for (const [i, line] of lines.entries()) {
    const mark = /^\s*(`{3,}|~{3,})\s*([\w+-]*)/.exec(line)
    if (!fence && mark) fence = { mark: mark[1]!, language: BY_NAME[mark[2]!.toLowerCase()] ?? 'prose', from: i + 1 }
    else if (fence && mark && mark[1]!.startsWith(fence.mark) && !mark[2]) {
      units.push(unit(fence.language, lines.slice(fence.from, i), fence.from + 1, true))
      fence = undefined
    }
    // Lines of blocks stand empty among the prose, so that its lines keep their numbers.
    prose.push(fence || mark ? '' : line)
  }
  return [unit('prose', prose, 1, false), ...units]
}

function unit(language: Language, lines: string[], start: number, block: boolean): Unit {
  const base = { language, lines, start, objects: [] as Manifest[] }
  if (language !== 'yaml') return base
  let fault: Unit['fault']
  for (const piece of pieces(lines, block)) {
    try {
      for (const object of loadAll(piece.lines.join('\n')))
        if (isManifest(object)) base.objects.push({ object, start: start + piece.at, lines: piece.lines })
    } catch (error) {
      const { mark, reason, message } = error as { mark?: { line: number }; reason?: string; message: string }
      // A block of a document may be a part of a file; a file has to be YAML.
      if (!block) fault ??= { line: start + piece.at + (mark?.line ?? 0), message: reason ?? message.split('\n')[0]! }
    }
  }
  return { ...base, ...(fault && { fault }) }
}

const isManifest = (value: unknown): value is KubeObject =>
  typeof value === 'object' && value !== null && 'kind' in value && typeof value.kind === 'string'

/** The documents of a stream; in a block of prose a second apiVersion begins one, too: "wrong: … right: …". */
function pieces(lines: readonly string[], block: boolean): { at: number; lines: string[] }[] {
  const found: { at: number; lines: string[] }[] = [{ at: 0, lines: [] }]
  for (const [i, line] of lines.entries()) {
    const current = found.at(-1)!
    const again = block && /^apiVersion:/.test(line) && current.lines.some(each => /^apiVersion:/.test(each))
    if (/^---(\s|$)/.test(line) || again) found.push({ at: again ? i : i + 1, lines: again ? [line] : [] })
    else current.lines.push(line)
  }
  return found
}

/**
 * Where a path of a manifest stands: `['spec', 'metadata', 1, 'value']`. Block style is followed by its indentation; inside
 * flow style it is the first place the last name appears. What is not there is told at its nearest parent.
 */
export function locate(
  { lines, start }: Manifest,
  path: readonly (string | number)[],
): { line: number; column: number } {
  let at = 0
  let end = lines.length
  let indent = -1
  let best = { line: 0, column: 0 }
  for (const step of path) {
    const found = typeof step === 'number' ? itemAt(lines, at, end, step) : keyAt(lines, at, end, indent, step)
    if (!found) {
      const column = lines[best.line]?.search(new RegExp(`[{,\\s]${escaped(String(step))}['"]?\\s*:`)) ?? -1
      if (typeof step === 'string' && column >= 0) best = { line: best.line, column: column + 1 }
      continue
    }
    best = { line: found.line, column: found.column }
    at = found.line
    end = endOf(lines, found.line, found.column, end)
    indent = found.column
  }
  return { line: start + best.line, column: best.column + 1 }
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
const column = (line: string): number => line.search(/[^\s]/)
const isBlank = (line: string): boolean => /^\s*(#|$)/.test(line)

/** Deeper than its parent, with the smallest indentation there is; `- name: x` has its key behind the dash. */
function keyAt(
  lines: readonly string[],
  from: number,
  end: number,
  parent: number,
  key: string,
): { line: number; column: number } | undefined {
  const pattern = new RegExp(`^(\\s*(?:- +)*)['"]?${escaped(key)}['"]?\\s*:`)
  let level: number | undefined
  for (let i = from; i < end; i++) {
    const line = lines[i]!
    if (isBlank(line)) continue
    const here = line.search(/[^\s-]/)
    if (here > parent && (level === undefined || here < level)) level = here
    const match = pattern.exec(line)
    if (match && match[1]!.length > parent && match[1]!.length === level) return { line: i, column: match[1]!.length }
  }
  return undefined
}

function itemAt(
  lines: readonly string[],
  from: number,
  end: number,
  index: number,
): { line: number; column: number } | undefined {
  let seen = -1
  let level: number | undefined
  for (let i = from + 1; i < end; i++) {
    const line = lines[i]!
    if (isBlank(line) || !/^\s*- ?/.test(line)) continue
    level ??= column(line)
    if (column(line) === level && ++seen === index) return { line: i, column: level }
  }
  return undefined
}

/** The first line that is no deeper than what begins at `from`. */
function endOf(lines: readonly string[], from: number, indent: number, end: number): number {
  for (let i = from + 1; i < end; i++) {
    const line = lines[i]!
    if (
      !isBlank(line) &&
      column(line) <= indent &&
      !(column(line) === indent && /^\s*-/.test(line) && !/^\s*-/.test(lines[from]!))
    )
      return i
  }
  return end
}
