/** A line of two texts side by side: in both, only before, only after. */
interface Line {
  sign: ' ' | '-' | '+'
  text: string
}

const CONTEXT = 3

/**
 * The differences of two texts as `diff -u` writes them (POSIX diff, unified format); empty when there are none. Lines are
 * matched by the longest common subsequence, whose table is what two objects of a few hundred lines cost. Pure.
 */
export function unifiedDiff(before: string, after: string, from: string, to: string): string[] {
  const lines = compare(before.split('\n'), after.split('\n'))
  if (lines.every(({ sign }) => sign === ' ')) return []
  const shown = lines.map((_, i) =>
    lines.slice(Math.max(0, i - CONTEXT), i + CONTEXT + 1).some(({ sign }) => sign !== ' '),
  )
  const out = [`--- ${from}`, `+++ ${to}`]
  const at = { before: 1, after: 1 }
  for (let i = 0; i < lines.length; ) {
    if (!shown[i]) {
      at.before++
      at.after++
      i++
      continue
    }
    const end = shown.indexOf(false, i)
    const hunk = lines.slice(i, end === -1 ? undefined : end)
    const olds = hunk.filter(({ sign }) => sign !== '+').length
    const news = hunk.filter(({ sign }) => sign !== '-').length
    out.push(`@@ -${range(at.before, olds)} +${range(at.after, news)} @@`, ...hunk.map(({ sign, text }) => sign + text))
    at.before += olds
    at.after += news
    i += hunk.length
  }
  return out
}

const range = (start: number, count: number): string => (count === 0 ? `${start - 1},0` : `${start},${count}`)

function compare(a: readonly string[], b: readonly string[]): Line[] {
  const longest = Array.from({ length: a.length + 1 }, () => new Uint32Array(b.length + 1))
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      longest[i]![j] = a[i] === b[j] ? longest[i + 1]![j + 1]! + 1 : Math.max(longest[i + 1]![j]!, longest[i]![j + 1]!)
  const lines: Line[] = []
  for (let i = 0, j = 0; i < a.length || j < b.length; ) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      lines.push({ sign: ' ', text: a[i++]! })
      j++
    } else if (j >= b.length || (i < a.length && longest[i + 1]![j]! >= longest[i]![j + 1]!))
      lines.push({ sign: '-', text: a[i++]! })
    else lines.push({ sign: '+', text: b[j++]! })
  }
  return lines
}
