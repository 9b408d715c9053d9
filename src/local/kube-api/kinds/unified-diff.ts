/** A unified diff of two texts with three lines of context, without file names. */

const CONTEXT = 3

interface Edit {
  readonly kind: ' ' | '-' | '+'
  readonly line: string
}

/** The lines of both in order, by their longest common subsequence. */
function edits(before: readonly string[], after: readonly string[]): Edit[] {
  const longest = Array.from({ length: before.length + 1 }, () => new Uint32Array(after.length + 1))
  for (let i = before.length - 1; i >= 0; i--)
    for (let j = after.length - 1; j >= 0; j--)
      longest[i]![j] =
        before[i] === after[j] ? longest[i + 1]![j + 1]! + 1 : Math.max(longest[i + 1]![j]!, longest[i]![j + 1]!)
  const result: Edit[] = []
  let [i, j] = [0, 0]
  while (i < before.length || j < after.length)
    if (i < before.length && j < after.length && before[i] === after[j]) {
      result.push({ kind: ' ', line: before[i]! })
      i++
      j++
    } else if (i < before.length && (j === after.length || longest[i + 1]![j]! >= longest[i]![j + 1]!))
      result.push({ kind: '-', line: before[i++]! })
    else result.push({ kind: '+', line: after[j++]! })
  return result
}

const range = (start: number, length: number): string =>
  length === 1 ? String(start + 1) : `${length === 0 ? start : start + 1},${length}`

export function unifiedDiff(before: string, after: string): string {
  const all = edits(before.split('\n'), after.split('\n'))
  const near = all.map((_, index) =>
    all.slice(Math.max(0, index - CONTEXT), index + CONTEXT + 1).some(edit => edit.kind !== ' '),
  )
  const lines: string[] = []
  let [old, fresh] = [0, 0]
  for (let index = 0; index < all.length; ) {
    if (!near[index]) {
      old++
      fresh++
      index++
      continue
    }
    const end = near.indexOf(false, index)
    const hunk = all.slice(index, end < 0 ? all.length : end)
    const [removed, added] = [
      hunk.filter(edit => edit.kind !== '+').length,
      hunk.filter(edit => edit.kind !== '-').length,
    ]
    lines.push(`@@ -${range(old, removed)} +${range(fresh, added)} @@`, ...hunk.map(edit => `${edit.kind}${edit.line}`))
    old += removed
    fresh += added
    index += hunk.length
  }
  return lines.map(line => `${line}\n`).join('')
}
