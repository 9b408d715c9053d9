/** Writes every generated file from the schemas; with `--check` it only tells which are stale, and exits 1. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { argocdFiles } from './argocd.ts'
import { chartFiles } from './chart.ts'
import { errorFiles } from './errors.ts'
import { eventFiles } from './events.ts'
import { platformFiles } from './platform.ts'

const root = join(import.meta.dirname, '../../..')
const header = 'Generated from src/contracts by `make generate`; do not edit.'
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
const files = {
  ...platformFiles(header, version),
  ...eventFiles(header),
  ...chartFiles(header),
  ...errorFiles('Generated from docs/errors.md by `make generate`; do not edit.', join(root, 'docs/errors.md')),
  ...argocdFiles('Generated from resource_customizations/ by `make generate`; do not edit.'),
}

const read = (file: string): string | undefined => {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

const stale = Object.entries(files).filter(([file, text]) => read(join(root, file)) !== text)
if (process.argv.includes('--check')) {
  for (const [file] of stale) console.error(`${file} is stale: run make generate`)
  process.exitCode = stale.length ? 1 : 0
} else {
  for (const [file, text] of stale) {
    mkdirSync(dirname(join(root, file)), { recursive: true })
    writeFileSync(join(root, file), text)
    console.log(`wrote ${file}`)
  }
}
