import { NUMBER, numberOf } from './numbers.ts'
import type { Span } from './text.ts'

export interface SpokenReminder {
  span: Span
  /** ISO 8601 durations before the due time. */
  before: readonly string[]
}

const LENGTH = `(?:half\\s+an\\s+hour|${NUMBER}\\s*(?:minutes?|mins?|m|hours?|hrs?|h|days?|d|weeks?|w))`
const BEFORE = new RegExp(
  `(?:\\b(?:and\\s+|with\\s+(?:an?\\s+)?)?remind(?:er)?(?:\\s+me)?:?\\s+)(?<lengths>${LENGTH}(?:(?:\\s*,\\s*|\\s+and\\s+)${LENGTH})*)\\s+(?:before(?:hand)?|earlier|ahead|in\\s+advance)\\b`,
  'i',
)
const PREFIX = /^\s*(?:please\s+)?remind\s+me\s+(?:to\s+)?/i
const ABSOLUTE = /(?:\band\s+)?\bremind(?:er)?(?:\s+me)?:?\s+(?=(?:at|on|tomorrow|today|tonight|in)\b)/i

/** "Remind me 1 day and 30 minutes before." */
export function findBefore(text: string): SpokenReminder | undefined {
  const match = BEFORE.exec(text)
  if (!match) return undefined
  const lengths = match.groups!['lengths']!.match(new RegExp(LENGTH, 'gi')) ?? []
  const before = [...new Set(lengths.map(durationOf))]
  // A reminder is at most a year early.
  if (
    before.some(
      length => Number(/^P(\d+)W$/.exec(length)?.[1] ?? 0) > 52 || Number(/^P(\d+)D$/.exec(length)?.[1] ?? 0) > 366,
    )
  )
    return undefined
  return {
    span: { start: match.index, end: match.index + match[0].length, kind: 'reminder' },
    before,
  }
}

/** "Remind me to …": a reminder when it is due. */
export const findPrefix = (text: string): Span | undefined => {
  const match = PREFIX.exec(text)
  return match ? { start: 0, end: match[0].length, kind: 'reminder' } : undefined
}

/** Where "… remind me at 8" begins; what follows is for the reader of dates. */
export const findAbsolute = (text: string): { start: number; end: number } | undefined => {
  const match = ABSOLUTE.exec(text)
  return match ? { start: match.index, end: match.index + match[0].length } : undefined
}

function durationOf(length: string): string {
  if (/^half/i.test(length)) return 'PT30M'
  const [, number = '', unit = ''] = /^(\d+|[a-z]+?)\s*(m|h|d|w)[a-z]*$/i.exec(length.trim().replace(/\s+/g, ' ')) ?? []
  const count = numberOf(number)
  const letter = unit.toUpperCase()
  return letter === 'M' || letter === 'H' ? `PT${count}${letter}` : `P${count}${letter}`
}
