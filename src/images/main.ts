/** `make images`: both images as archives in `dist/images`, with their digests, bills of materials and provenance. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'
import { progress } from '../cli/progress.ts'
import { NODE_PATH } from './base.ts'
import { buildImages } from './build.ts'
import { ImageError } from './errors.ts'
import { imageArchive, sha256 } from './oci.ts'
import { provenance } from './provenance.ts'
import { cycloneDx, spdx } from './sbom.ts'

const root = join(import.meta.dirname, '../..')
const packageJson = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }

const options = new Command('images')
  .description('Builds the images of the controller and of the services, without a container engine.')
  // What values.yaml says by default: the chart finds loaded images without being told.
  .option('--repository <prefix>', 'what comes before /controller and /services', 'ghcr.io/todo-event-platform')
  .option('--tag <version>', 'tag of both', packageJson.version)
  .option('--folder <path>', 'where they are written', 'dist/images')
  .parse()
  .opts<{ repository: string; tag: string; folder: string }>()

const git = (...args: string[]): string | undefined => {
  try {
    return execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  } catch {
    return undefined
  }
}

/** The time of the sources, not of the build (reproducible-builds.org/specs/source-date-epoch): else no two builds were equal. */
const seconds = Number(process.env['SOURCE_DATE_EPOCH'] ?? git('log', '-1', '--format=%ct') ?? 0)
const created = new Date(seconds * 1_000).toISOString()
const commit = git('rev-parse', 'HEAD')
const architecture = process.arch === 'arm64' ? 'arm64' : 'amd64'

async function main(): Promise<void> {
  const tell = progress('text')
  const folder = join(root, options.folder)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const write = (file: string, content: Buffer | object): void =>
    writeFileSync(join(folder, file), Buffer.isBuffer(content) ? content : `${JSON.stringify(content, null, 2)}\n`)

  tell.step(`packing images for linux/${architecture} (about a minute) …`)
  const built = await buildImages({
    root,
    repository: options.repository,
    version: options.tag,
    architecture,
    created,
    ...(commit && { commit }),
  })
  for (const { name, image, materials } of built) {
    const file = `${name}-${options.tag}-${architecture}.tar`
    write(file, imageArchive(image))
    write(`${name}.cdx.json`, cycloneDx(materials))
    write(`${name}.spdx.json`, spdx(materials))
    tell.step(`${image.reference}  ${(image.size / 1e6).toFixed(1)} MB  ${join(options.folder, file)}`)
  }
  writeFileSync(
    join(folder, 'digests.txt'),
    built.map(({ image: { digest, reference } }) => `${digest}  ${reference}\n`).join(''),
  )
  const [{ materials }] = built as [(typeof built)[number]]
  const node = materials.files.find(({ path }) => path === NODE_PATH)!
  const hex = (content: Uint8Array): string => sha256(content).slice('sha256:'.length)
  write(
    'provenance.json',
    provenance({
      images: built.map(({ image }) => image),
      ...(commit && { commit }),
      dirty: Boolean(git('status', '--porcelain')),
      version: options.tag,
      architecture,
      materials: [
        { name: 'package-lock.json', sha256: hex(readFileSync(join(root, 'package-lock.json'))) },
        { name: 'node', sha256: hex(node.content!) },
      ],
    }),
  )
  tell.step(`load them with: docker load -i FILE, kind load image-archive FILE, or ctr -n k8s.io images import FILE`)
}

try {
  await main()
} catch (error) {
  console.error(error instanceof ImageError ? error.message : error)
  process.exit(error instanceof ImageError ? 9 : 1)
}
