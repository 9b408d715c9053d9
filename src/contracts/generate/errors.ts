import { readFileSync } from 'node:fs'

export interface ErrorEntry {
  code: string
  what: string
  wayOut: string
}

/** The rows of the tables of docs/errors.md: the code comes first, what it means and the way out come last. */
export function errorsOf(page: string): ErrorEntry[] {
  return page.split('\n').flatMap(line => {
    const [code, ...cells] = line.split(/(?<!\\)\|/).slice(1, -1)
    if (!code?.trim().startsWith('TEP')) return []
    const [what, wayOut] = cells.slice(-2).map(cell => cell.trim())
    return [{ code: code.trim(), what: what!, wayOut: wayOut! }]
  })
}

/** The codes as `tep explain` has them with it, offline. */
export const errorFiles = (header: string, page: string): Record<string, string> => ({
  'src/cli/generated/errors.ts': `// ${header}\nexport const ERRORS = ${JSON.stringify(errorsOf(readFileSync(page, 'utf8')), null, 2)}\n`,
})
