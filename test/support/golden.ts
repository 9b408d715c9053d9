import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dump } from 'js-yaml'

/** Compares with a committed file; `UPDATE_GOLDEN=1` writes it anew, for a person to read the difference. */
export function expectGolden(file: string, objects: unknown[]): void {
  const text = objects.map(object => dump(object, { noRefs: true, lineWidth: 160, sortKeys: true })).join('---\n')
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(file, text)
  if (!existsSync(file)) throw new Error(`${file} is missing: run with UPDATE_GOLDEN=1 and read what it writes`)
  expect(text).toBe(readFileSync(file, 'utf8'))
}
