import { readFileSync, writeFileSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import type { Command } from 'commander'
import { filesOf } from '../images/tar.ts'
import { BundleError, bundle as pack, sha256, verifyBundle } from '../offline/bundle.ts'
import { EXIT, Exit } from './exit.ts'
import { type Format, structured, withOutput } from './output.ts'
import { root } from './root.ts'
import type { Terminal } from './terminal.ts'

interface CreateOptions {
  images: string
  file?: string
  output: Format
}

/** `tep bundle create|verify`: chart, images and CRDs in one archive for a cluster without internet. */
export function bundle(program: Command, terminal: Terminal, version: string): void {
  const command = program
    .command('bundle')
    .description(
      'Chart, images and CRDs in one archive, for a cluster without internet: make it, look whether it is whole.',
    )
  const create = command
    .command('create')
    .description('Write the archive and its checksum, of the images that "make images" built.')
    .option('--images <folder>', 'where the images are', join(root, 'dist/images'))
    .option('-f, --file <path>', 'archive to write; default: <name>.tar')
    .action((options: CreateOptions) => made(options, terminal, version))
  withOutput(create)
  const verify = command
    .command('verify')
    .argument('<file>', 'archive to look at, without unpacking it')
    .description(
      'Compare an archive with its checksums: the one beside it, if it is there, and those of what it holds.',
    )
    .action((file: string, options: { output: Format }) => verified(file, options.output, terminal))
  withOutput(verify)
}

function made({ images, file: wanted, output }: CreateOptions, terminal: Terminal, version: string): void {
  const { name, archive } = guarded(() => pack({ root, images: resolve(images), version }))
  const file = wanted ?? `${name}.tar`
  const sum = sha256(archive)
  try {
    writeFileSync(file, archive)
    writeFileSync(`${file}.sha256`, `${sum}  ${basename(file)}\n`)
  } catch (error) {
    throw new Exit('TEP5003', EXIT.notWritable, `cannot write ${file}: ${(error as Error).message}`)
  }
  terminal.out(
    output === 'text'
      ? `${file}  ${(archive.length / 1e6).toFixed(1)} MB, and its checksum beside it\nthere: tar -xf ${basename(file)} && ${name}/load registry HOST:PORT (or kind, minikube, containerd)`
      : structured({ file, bytes: archive.length, sha256: sum }, output),
  )
}

function verified(file: string, output: Format, terminal: Terminal): void {
  const archive = read(file)
  if (!archive) throw new Exit('TEP5005', EXIT.usage, `${file} cannot be read`)
  const beside = read(`${file}.sha256`)?.toString('utf8').split(/\s/)[0]
  const faults = [
    ...(beside && beside !== sha256(archive) ? [`${file} does not fit ${file}.sha256`] : []),
    ...guarded(() => verifyBundle(filesOf(archive))),
  ]
  const result = { file, whole: faults.length === 0, beside: beside !== undefined, faults }
  terminal.out(
    output === 'text'
      ? [
          ...faults,
          `${file}: ${faults.length === 0 ? 'whole' : 'not whole'}${beside ? '' : '; no checksum lies beside it'}`,
        ].join('\n')
      : structured(result, output),
  )
  if (faults.length > 0) terminal.exitCode = EXIT.found
}

function read(file: string): Buffer | undefined {
  try {
    return readFileSync(file)
  } catch {
    return undefined
  }
}

function guarded<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof BundleError) throw new Exit(error.code, EXIT.usage, error.message.replace(/^\S+ /, ''))
    if (error instanceof RangeError) throw new Exit('TEP5401', EXIT.usage, `it is no bundle: ${error.message}`)
    throw error
  }
}
