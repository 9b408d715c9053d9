import type { Unit } from './units.ts'

/** Something a rule found; lines and columns begin at 1 and are those of the file. */
export interface Match {
  line: number
  column: number
  /** What is there, in a few words. */
  message: string
}

export interface Rule {
  /** For ever: `kafka-zookeeper`. */
  id: string
  severity: 'error' | 'warning'
  /** Why it is wrong, and what is true; the source in brackets. */
  why: string
  /** What to write instead. */
  fix: string
  find(unit: Unit): Match[]
}

export interface Finding extends Match {
  file: string
  rule: string
  severity: Rule['severity']
  why: string
  fix: string
}

/** A rule that looks at lines: one match for each line the pattern finds. */
export const lineRule = (
  rule: Omit<Rule, 'find'>,
  languages: readonly Unit['language'][],
  pattern: RegExp,
  message: (match: RegExpExecArray) => string = match => match[0].trim(),
): Rule => ({
  ...rule,
  find: ({ language, lines, start }) =>
    languages.includes(language)
      ? lines.flatMap((line, i) => {
          const match = pattern.exec(line)
          return match ? [{ line: start + i, column: match.index + 1, message: message(match) }] : []
        })
      : [],
})
