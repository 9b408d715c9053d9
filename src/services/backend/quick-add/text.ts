/** What a span of the sentence was taken for. */
export type Kind = 'date' | 'time' | 'priority' | 'tag' | 'recurrence' | 'reminder'

/** A part of the sentence, as UTF-16 offsets: `text.slice(start, end)`. */
export interface Span {
  start: number
  end: number
  kind: Kind
}

/** What stands where something was understood already: no letter, no white space, so that nothing is read across it. */
const TAKEN = '\uFFFC'

/** Hides a span from the readers that come later, leaving every other offset as it is. */
export const hide = (text: string, { start, end }: Span): string =>
  text.slice(0, start) + TAKEN.repeat(end - start) + text.slice(end)

/** All matches of a pattern, each with its span; groups by name. */
export function matches(text: string, pattern: RegExp): { start: number; end: number; groups: Groups }[] {
  return [...text.matchAll(pattern)].map(match => ({
    start: match.index,
    end: match.index + match[0].length,
    groups: match.groups ?? {},
  }))
}

export type Groups = Readonly<Record<string, string | undefined>>

/** The words between the spans. Empty when everything was understood. */
export function rest(text: string, spans: readonly Span[]): string {
  const left = [...spans].sort((a, b) => b.start - a.start).reduce(remove, text)
  return left
    .replace(/\s+/g, ' ')
    .replace(/\s+([,.;:])/g, '$1')
    .replace(/^[\s,;:–-]+|[\s,;:–-]+$/g, '')
}

const remove = (text: string, { start, end }: Span): string => `${text.slice(0, start)} ${text.slice(end)}`
