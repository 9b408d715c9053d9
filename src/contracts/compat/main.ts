/**
 * `node src/contracts/compat/main.ts` compares the event schemas with those of every release kept beside it and ends with 1
 * when one cannot read what another writes; `--release` keeps the present ones as those of SCHEMA_VERSION.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DEFINITIONS, EVENT_SCHEMAS, SCHEMA_VERSION } from '../events/schemas.ts'
import { breaks, type Contracts } from './check.ts'

const folder = join(import.meta.dirname, '../releases')
const current: Contracts = { version: SCHEMA_VERSION, events: EVENT_SCHEMAS, definitions: DEFINITIONS }

if (process.argv.includes('--release')) {
  const file = join(folder, `${SCHEMA_VERSION}.json`)
  writeFileSync(file, `${JSON.stringify(current, null, 1)}\n`)
  console.log(`kept as the schemas of ${SCHEMA_VERSION}: ${file}`)
} else {
  const releases = readdirSync(folder)
    .filter(file => file.endsWith('.json'))
    .map(file => JSON.parse(readFileSync(join(folder, file), 'utf8')) as Contracts)
  const found = breaks(current, releases)
  for (const { type, writer, reader, violation, example } of found) {
    const field = violation.field ? `data.${violation.field} ` : ''
    console.error(`${type}: written by ${writer}, refused by ${reader}: ${field}${violation.message}`)
    if (example !== undefined) console.error(`  for example ${JSON.stringify(example).slice(0, 2_000)}`)
  }
  const types = Object.keys(EVENT_SCHEMAS).length
  console.log(`${types} types against ${releases.length} releases, both ways: ${found.length} breaks`)
  if (found.length) {
    console.error('Add a field or a type instead of changing one; a break needs a new type.')
    process.exitCode = 1
  }
}
