/** Which npm packages are in a bundle: those whose bytes esbuild says it put there. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** What a bill of materials says of one part. */
export interface Part {
  type: 'library' | 'application' | 'operating-system'
  name: string
  version: string
  /** Package URL (purl-spec). */
  purl: string
  /** SPDX expression; empty when the package tells none. */
  license: string
  /** SHA-512 of the published package in hexadecimal, from package-lock.json. */
  sha512?: string
}

/** The part of esbuild's metafile that is read. */
export interface Metafile {
  outputs: Record<string, { inputs: Record<string, { bytesInOutput: number }> }>
}

type Lock = { packages: Record<string, { integrity?: string }> }

/** Sorted by name and version, each once. */
export function packagesOf(metafiles: readonly Metafile[], root: string): Part[] {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as Lock
  const folders = new Set(
    metafiles
      .flatMap(({ outputs }) => Object.values(outputs))
      .flatMap(({ inputs }) => Object.entries(inputs))
      .filter(([path, { bytesInOutput }]) => bytesInOutput > 0 && path.includes('node_modules/'))
      .map(([path]) => packageFolder(path)),
  )
  const parts = [...folders].map(folder => partOf(join(root, folder), lock, folder))
  return [...new Map(parts.map(part => [part.purl, part])).values()].sort((a, b) => (a.purl < b.purl ? -1 : 1))
}

/** `…/node_modules/a/node_modules/@scope/b/lib/c.js` is of `…/node_modules/a/node_modules/@scope/b`. */
function packageFolder(path: string): string {
  const start = path.lastIndexOf('node_modules/') + 'node_modules/'.length
  const [first = '', second = ''] = path.slice(start).split('/')
  return path.slice(0, start) + (first.startsWith('@') ? `${first}/${second}` : first)
}

function partOf(folder: string, lock: Lock, path: string): Part {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    name: string
    version: string
    license?: string
  }
  const integrity = lock.packages[path.slice(path.indexOf('node_modules/'))]?.integrity
  return {
    type: 'library',
    name,
    version,
    purl: `pkg:npm/${name.replace('@', '%40')}@${version}`,
    license: typeof license === 'string' ? license : '',
    ...(integrity?.startsWith('sha512-') && {
      sha512: Buffer.from(integrity.slice('sha512-'.length), 'base64').toString('hex'),
    }),
  }
}
