/** `make bundle`: chart, images and CRDs in one archive, in `dist/`. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { BundleError, bundle, sha256 } from './bundle.ts'

const root = join(import.meta.dirname, '../..')
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }

try {
  const { name, archive } = bundle({ root, images: join(root, 'dist/images'), version })
  const file = `${name}.tar`
  writeFileSync(join(root, 'dist', file), archive)
  writeFileSync(join(root, 'dist', `${file}.sha256`), `${sha256(archive)}  ${file}\n`)
  console.log(`dist/${file}  ${(archive.length / 1e6).toFixed(1)} MB, and its checksum beside it`)
  console.log(`there: tar -xf ${file} && ${name}/load registry HOST:PORT (or kind, minikube, containerd)`)
} catch (error) {
  console.error(error instanceof BundleError ? error.message : error)
  process.exit(error instanceof BundleError ? 9 : 1)
}
