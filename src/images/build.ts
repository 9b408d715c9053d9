/** Puts the two images together from what `make build` left in `dist/`. Reads files, and writes none. */
import { execFileSync } from 'node:child_process'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Architecture, baseEntries, type HostFile, librariesOf, NODE_PATH, USER } from './base.ts'
import { ImageError } from './errors.ts'
import { type Image, type ImageConfig, imageOf, layerOf } from './oci.ts'
import { type Metafile, type Part, packagesOf } from './packages.ts'
import type { Materials } from './sbom.ts'
import type { Entry } from './tar.ts'

export interface BuildOptions {
  /** Root of the repository. */
  root: string
  /** What comes before `/controller` and `/services` in their names. */
  repository: string
  version: string
  architecture: Architecture
  /** RFC 3339. */
  created: string
  commit?: string
}

export interface Built {
  name: ImageName
  image: Image
  materials: Materials
}

const IMAGES = {
  controller: {
    description: 'Controller of TodoEventPlatforms',
    bundles: ['controller'],
    files: ['controller.mjs'],
  },
  services: {
    description: 'Event services of a TodoEventPlatform: the first argument names one',
    bundles: ['services', 'app', 'worker'],
    files: ['services.mjs', 'web/*'],
  },
} as const
export type ImageName = keyof typeof IMAGES

/** @throws ImageError TEP5201 without a Node.js for Linux, TEP5202 without one of its libraries, TEP5203 before `make build` */
export async function buildImages(options: BuildOptions): Promise<Built[]> {
  const { root, architecture } = options
  const program = join(root, 'node_modules/node/bin/node')
  const libraries = librariesOf(nodeProgram(program, architecture), architecture)
  const base = baseEntries(program, libraries)
  const baseLayer = await layerOf(base)
  const baseParts = [nodePart(root), ...debianParts(libraries)]
  return Promise.all(
    (Object.keys(IMAGES) as ImageName[]).map(async name => {
      const { bundles, files } = IMAGES[name]
      const entries = files.flatMap(pattern => appFiles(root, pattern))
      const image = imageOf(`${options.repository}/${name}:${options.version}`, configOf(name, options), [
        baseLayer,
        await layerOf(entries),
      ])
      const metafiles = bundles.map(bundle => JSON.parse(built(root, `meta/${bundle}.json`).toString()) as Metafile)
      const { reference, digest } = image
      return {
        name,
        image,
        materials: {
          reference,
          digest,
          version: options.version,
          created: options.created,
          parts: [...baseParts, ...packagesOf(metafiles, root)],
          files: [...base, ...entries].filter(({ content }) => content),
        },
      }
    }),
  )
}

function nodeProgram(path: string, architecture: Architecture): Buffer {
  const program = existsSync(path) ? readFileSync(path) : Buffer.alloc(0)
  // e_machine of the ELF header: 62 is x86-64, 183 AArch64.
  const machine = program.subarray(0, 4).toString('latin1') === '\x7fELF' ? program.readUInt16LE(18) : 0
  if (machine === { amd64: 62, arm64: 183 }[architecture]) return program
  throw new ImageError(
    'TEP5201',
    `${path} is no Node.js for Linux on ${architecture}: an image holds the one of the machine that builds it, so run make images on such a machine`,
  )
}

function built(root: string, file: string): Buffer {
  const path = join(root, 'dist', file)
  if (existsSync(path)) return readFileSync(path)
  throw new ImageError('TEP5203', `dist/${file} is not there: run make build first`)
}

/** Without source maps: they are larger than everything else of ours, and no process in a pod reads them. */
function appFiles(root: string, pattern: string): Entry[] {
  const files = pattern.includes('*') ? globSync(pattern, { cwd: join(root, 'dist') }) : [pattern]
  return files.filter(file => !file.endsWith('.map')).map(file => ({ path: `app/${file}`, content: built(root, file) }))
}

function configOf(name: ImageName, { architecture, created, version, commit }: BuildOptions): ImageConfig {
  return {
    architecture,
    created,
    user: `${USER}:${USER}`,
    entrypoint: [`/${NODE_PATH}`, `/app/${name}.mjs`],
    workingDirectory: '/app',
    environment: {
      PATH: '/usr/local/bin',
      NODE_ENV: 'production',
      // V8 gives its heap no less than 256 MiB of itself, which is all that a pod of that size has.
      NODE_OPTIONS: '--max-old-space-size-percentage=50',
    },
    ports: [8080],
    labels: {
      'org.opencontainers.image.title': `todo-event-platform ${name}`,
      'org.opencontainers.image.description': IMAGES[name].description,
      'org.opencontainers.image.version': version,
      'org.opencontainers.image.licenses': 'Apache-2.0',
      'org.opencontainers.image.created': created,
      ...(commit && { 'org.opencontainers.image.revision': commit }),
    },
  }
}

function nodePart(root: string): Part {
  const { version } = JSON.parse(readFileSync(join(root, 'node_modules/node/package.json'), 'utf8')) as {
    version: string
  }
  return { type: 'application', name: 'node', version, purl: `pkg:generic/node@${version}`, license: 'MIT' }
}

/** The distribution's packages the libraries come from, where it can be asked. */
function debianParts(libraries: readonly HostFile[]): Part[] {
  const parts = libraries.map(({ path, source }): Part => {
    for (const file of [`/${path}`, source, source.replace(/^\/usr/, '')]) {
      const owner = ask('dpkg-query', '--search', file)?.split(':')[0]
      const version = owner && ask('dpkg-query', '--show', owner)?.split('\t')[1]
      if (owner && version)
        return {
          type: 'operating-system',
          name: owner,
          version,
          purl: `pkg:deb/debian/${owner}@${encodeURIComponent(version)}`,
          license: '',
        }
    }
    return { type: 'operating-system', name: path, version: '', purl: `pkg:generic/${path}`, license: '' }
  })
  return [...new Map(parts.map(part => [part.purl, part])).values()]
}

function ask(program: string, ...args: string[]): string | undefined {
  try {
    return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  } catch {
    return undefined
  }
}
