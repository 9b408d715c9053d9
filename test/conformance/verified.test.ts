import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DEFECTS } from './defects-list.ts'
import { verifiedPage } from './verified.ts'

const file = join(import.meta.dirname, '../../docs/verified.md')

test('docs/verified.md tells what the tables and recordings hold', () => {
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(file, verifiedPage())
  expect(readFileSync(file, 'utf8')).toBe(verifiedPage())
})

test.each(DEFECTS)('a defect is still one of the sources: $name', ({ file, find }) => {
  expect(readFileSync(join(import.meta.dirname, '../..', file), 'utf8')).toContain(find)
})
