import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Entry, tar } from '../images/tar.ts'
import { packChart } from './chart.ts'

export interface BundleOptions {
  /** Root of the repository. */
  root: string
  /** Where `make images` has written. */
  images: string
  version: string
}

/** Why no bundle could be made; the message begins with its code (docs/errors.md). */
export class BundleError extends Error {
  readonly code = 'TEP5401'

  constructor(message: string) {
    super(`TEP5401: ${message}`)
    this.name = 'BundleError'
  }
}

const CHART = 'todo-event-platform'
/** What an archive has to hold; the chart lists the same for Artifact Hub. */
export const IMAGES = ['controller', 'services'] as const

/**
 * One archive for a cluster without internet: chart, images with their bills of materials, CRDs, checksums of all, and the
 * scripts `verify` and `load`. Equal inputs are equal bytes.
 * @returns its name without ending, and its bytes
 * @throws BundleError TEP5401 when the images of this version are not there
 */
export function bundle({ root, images, version }: BundleOptions): { name: string; archive: Buffer } {
  const found = existsSync(images) ? readdirSync(images).sort() : []
  const archives = found.filter(file => file.endsWith('.tar'))
  for (const image of IMAGES)
    if (!archives.some(file => file.startsWith(`${image}-${version}-`)))
      throw new BundleError(`${join(images, `${image}-${version}-*.tar`)} is not there: run make images first`)
  const architecture = archives[0]!.slice(`controller-${version}-`.length, -'.tar'.length)
  const name = `${CHART}-${version}-linux-${architecture}`
  const from = (folder: string, files: readonly string[], into: string): Entry[] =>
    files.map(file => ({ path: `${into}/${file}`, content: readFileSync(join(folder, file)) }))
  const script = (file: string): Entry => ({
    path: file,
    mode: 0o755,
    content: readFileSync(join(root, 'src/offline/scripts', `${file}.sh`)),
  })
  const content: Entry[] = [
    { path: `chart/${CHART}-${version}.tgz`, content: packChart(root, CHART) },
    ...from(images, found, 'images'),
    ...from(join(root, 'crds'), readdirSync(join(root, 'crds')).sort(), 'crds'),
    { path: 'VERSION', content: Buffer.from(`${version}\n`) },
    script('load'),
  ]
  // `verify` is not among them: whoever could change it could change the sums as well.
  const sums = content.map(({ path, content: bytes }) => `${sha256(bytes!)}  ${path}\n`).sort(byPath)
  const entries = [...content, script('verify'), { path: 'SHA256SUMS', content: Buffer.from(sums.join('')) }]
  return { name, archive: tar(entries.map(entry => ({ ...entry, path: `${name}/${entry.path}` }))) }
}

const byPath = (a: string, b: string): number => (a.slice(66) < b.slice(66) ? -1 : 1)

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/**
 * What is wrong with the files of a bundle: changed, missing, or not listed. Empty: it is whole.
 * @throws BundleError TEP5401 when these are not the files of a bundle
 */
export function verifyBundle(files: ReadonlyMap<string, Uint8Array>): string[] {
  const sums = [...files.keys()].find(path => /^[^/]+\/SHA256SUMS$/.test(path))
  if (!sums) throw new BundleError('it has no SHA256SUMS')
  const name = sums.slice(0, sums.indexOf('/'))
  const lines = Buffer.from(files.get(sums)!).toString('utf8').split('\n').filter(Boolean)
  const wanted = new Map(lines.map(line => [`${name}/${line.slice(66)}`, line.slice(0, 64)]))
  const differing = [...wanted].flatMap(([path, sum]) => {
    const bytes = files.get(path)
    return bytes ? (sha256(bytes) === sum ? [] : [`${path} is not as it was packed`]) : [`${path} is missing`]
  })
  const known = [sums, `${name}/verify`]
  const added = [...files.keys()].filter(path => !wanted.has(path) && !known.includes(path))
  return [...differing, ...added.map(path => `${path} was not packed`)]
}
