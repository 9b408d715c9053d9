import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { verifiedPage } from './verified.ts'

const file = join(import.meta.dirname, '../../docs/verified.md')

test('docs/verified.md tells what the tables and recordings hold', () => {
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(file, verifiedPage())
  expect(readFileSync(file, 'utf8')).toBe(verifiedPage())
})
