/** A search as SQL over `backend.tasks`. */
export interface Search {
  matches: string
  /** numeric, larger is better; the same for a row as long as its words are. */
  rank: string
}

/**
 * Words in title, tags and notes, as web searches are written: `milk -soy "oat drink" or tea`. The last word may be the
 * beginning of one, for people look while they type. Titles are also searched as they are: scripts without spaces have no
 * words to find.
 *
 * The words are a column, and no index of their own is kept: row-level security lets only leakproof conditions before its
 * own, which `@@` is not, so PostgreSQL would not use one. It reads the person's rows by their index instead.
 *
 * @param bind adds a value to the statement and returns its name
 */
export function searchFor(q: string, bind: (value: unknown) => string): Search {
  const { words, beginning } = split(q)
  const whole = `websearch_to_tsquery('simple', ${bind(words)})`
  const query = beginning ? `(${whole} && (quote_literal(${bind(beginning)}) || ':*')::tsquery)` : whole
  const inTitle = `title ILIKE ${bind(`%${q.trim().replace(/[\\%_]/g, '\\$&')}%`)}`
  return {
    matches: `(words @@ ${query} OR ${inTitle})`,
    rank: `round((ts_rank(words, ${query}) + CASE WHEN ${inTitle} THEN 1 ELSE 0 END)::numeric, 6)`,
  }
}

/** The word being typed, unless it is part of a phrase, left out, or an alternative. */
function split(q: string): { words: string; beginning?: string } {
  const [, words, last] = /^(.*?)([\p{L}\p{N}]+)$/su.exec(q) ?? []
  const inPhrase = (q.match(/"/g)?.length ?? 0) % 2 === 1
  if (!last || inPhrase || /[^\s]$|(^|\s)or\s+$/iu.test(words!)) return { words: q }
  return { words: words!, beginning: last.toLowerCase() }
}
