/** `make release VERSION=1.2.3`: the version in every place, and what was generated from it. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PLACES, type Place, ReleaseError, withVersion } from './versions.ts'

const root = join(import.meta.dirname, '../..')
const [, , version = ''] = process.argv
const epoch = process.env['SOURCE_DATE_EPOCH']
const date = (epoch ? new Date(Number(epoch) * 1_000) : new Date()).toISOString().slice(0, 10)

try {
  const texts = Object.fromEntries(PLACES.map(place => [place, readFileSync(join(root, place), 'utf8')]))
  const released = withVersion(texts as Record<Place, string>, version, date)
  for (const place of PLACES) writeFileSync(join(root, place), released[place])
  console.log(`${version} is set in ${PLACES.join(', ')}`)
} catch (error) {
  console.error(error instanceof ReleaseError ? error.message : error)
  process.exit(error instanceof ReleaseError ? 2 : 1)
}
