import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { librariesOf } from './base.ts'
import { buildImages } from './build.ts'
import { type ImageConfig, imageArchive, imageOf, layerOf, sha256 } from './oci.ts'
import { packagesOf } from './packages.ts'
import { provenance } from './provenance.ts'
import { cycloneDx, spdx } from './sbom.ts'
import { type Entry, tar } from './tar.ts'

const root = join(import.meta.dirname, '../..')
const CONFIG: ImageConfig = {
  architecture: 'amd64',
  created: '2026-01-01T00:00:00.000Z',
  user: '65532:65532',
  entrypoint: ['/usr/local/bin/node', '/app/controller.mjs'],
  workingDirectory: '/app',
  environment: { NODE_ENV: 'production' },
  ports: [8080],
  labels: { 'org.opencontainers.image.version': '1.0.0' },
}
const FILES: Entry[] = [
  { path: 'app/controller.mjs', content: Buffer.from('export {}') },
  { path: 'usr/local/bin/node', mode: 0o755, content: Buffer.from('node') },
  { path: 'tmp', mode: 0o1777 },
  { path: 'link', target: 'tmp' },
]

describe('an archive', () => {
  let folder = ''
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'images-'))
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))
  const unpacked = (archive: Buffer): string => {
    writeFileSync(join(folder, 'a.tar'), archive)
    execFileSync('tar', ['-xf', 'a.tar'], { cwd: folder })
    return folder
  }

  test('is the same bytes in whatever order its entries come, and tar reads back what went in', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(fc.stringMatching(/^[a-z]{1,40}(\/[a-z]{1,90}){0,2}\/f$/), fc.uint8Array()), {
          selector: ([path]) => path,
          maxLength: 8,
        }),
        files => {
          const entries = files.map(([path, content]) => ({ path, content }))
          const archive = tar(entries)
          expect(tar([...entries].reverse()).equals(archive)).toBe(true)
          expect(archive.length % 512).toBe(0)
        },
      ),
    )
    const long = `${'a'.repeat(90)}/${'b'.repeat(90)}/c`
    const where = unpacked(tar([...FILES, { path: long, content: Buffer.from('long') }]))
    expect(readFileSync(join(where, long), 'utf8')).toBe('long')
    const listed = execFileSync('tar', ['-tvf', 'a.tar', '--numeric-owner'], {
      cwd: where,
      encoding: 'utf8',
      env: { TZ: 'UTC' },
    })
    expect(listed).toMatch(/drwxrwxrwt\s+0\/0\s.*1970-01-01.*tmp\//)
    expect(listed).toMatch(/-rwxr-xr-x\s+0\/0\s.*usr\/local\/bin\/node/)
    expect(listed).toMatch(/link -> tmp/)
  })

  test('refuses a name that its header cannot hold', () => {
    expect(() => tar([{ path: 'x'.repeat(101), content: Buffer.alloc(0) }])).toThrow(RangeError)
  })

  test('of an image is a layout in which every digest is that of the bytes it names', async () => {
    const image = imageOf('example.com/a/controller:1.0.0', CONFIG, [await layerOf(FILES)])
    const where = unpacked(imageArchive(image))
    const json = (file: string) => JSON.parse(readFileSync(join(where, file), 'utf8'))
    const blob = (digest: string): Buffer => {
      const bytes = readFileSync(join(where, 'blobs', digest.replace(':', '/')))
      expect(sha256(bytes)).toBe(digest)
      return bytes
    }
    expect(json('oci-layout')).toEqual({ imageLayoutVersion: '1.0.0' })
    const [described] = json('index.json').manifests
    expect(described).toMatchObject({
      digest: image.digest,
      annotations: {
        'io.containerd.image.name': 'example.com/a/controller:1.0.0',
        'org.opencontainers.image.ref.name': '1.0.0',
      },
    })
    const manifest = JSON.parse(blob(described.digest).toString())
    const config = JSON.parse(blob(manifest.config.digest).toString())
    for (const layer of manifest.layers) expect(blob(layer.digest).length).toBe(layer.size)
    expect(config).toMatchObject({
      architecture: 'amd64',
      os: 'linux',
      config: { User: '65532:65532', Entrypoint: CONFIG.entrypoint, WorkingDir: '/app', Labels: CONFIG.labels },
    })
    expect(config.rootfs.diff_ids).toEqual([sha256(tar(FILES))])
    expect(json('manifest.json')).toEqual([
      {
        Config: `blobs/${manifest.config.digest.replace(':', '/')}`,
        RepoTags: ['example.com/a/controller:1.0.0'],
        Layers: manifest.layers.map((layer: { digest: string }) => `blobs/${layer.digest.replace(':', '/')}`),
      },
    ])
  })
})

test('two builds have the same digest, another byte another one', async () => {
  const build = async (files: Entry[]) => imageOf('a:1', CONFIG, [await layerOf(files)]).digest
  expect(await build([...FILES].reverse())).toBe(await build(FILES))
  expect(await build([...FILES, { path: 'app/more', content: Buffer.from('x') }])).not.toBe(await build(FILES))
})

const onLinux = process.platform === 'linux' ? test : test.skip
if (process.platform !== 'linux') console.log('skipped: shared libraries are read from a Linux program')

onLinux('every library that Node.js is linked with comes along, under the path where the linker looks', () => {
  const architecture = process.arch === 'arm64' ? 'arm64' : 'amd64'
  const node = readFileSync(join(root, 'node_modules/node/bin/node'))
  const names = librariesOf(node, architecture).map(({ path }) => path.slice(path.lastIndexOf('/') + 1))
  for (const name of ['libc.so.6', 'libm.so.6', 'libstdc++.so.6', 'libgcc_s.so.1']) expect(names).toContain(name)
  expect(names.some(name => name.startsWith('ld-linux'))).toBe(true)
  expect(() => librariesOf(node, architecture, ['/nowhere'])).toThrow(
    expect.objectContaining({ code: 'TEP5202', message: expect.stringContaining('/nowhere') }),
  )
})

test('a Node.js for another system is refused with the way out', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'images-'))
  const options = {
    root: folder,
    repository: 'a',
    version: '1',
    architecture: 'amd64',
    created: CONFIG.created,
  } as const
  await expect(buildImages(options)).rejects.toMatchObject({ code: 'TEP5201' })
  rmSync(folder, { recursive: true })
})

describe('a bill of materials', () => {
  const inputs = (...paths: string[]) => ({
    outputs: { 'dist/x.mjs': { inputs: Object.fromEntries(paths.map(path => [path, { bytesInOutput: 1 }])) } },
  })
  const parts = packagesOf(
    [
      inputs('src/a.ts', 'node_modules/fastify/fastify.js', 'node_modules/fastify/lib/reply.js'),
      inputs('node_modules/@kubernetes/client-node/dist/config.js'),
      { outputs: { y: { inputs: { 'node_modules/pg/lib/index.js': { bytesInOutput: 0 } } } } },
    ],
    root,
  )
  const materials = {
    reference: 'example.com/a/controller:1.0.0',
    digest: sha256('x'),
    version: '1.0.0',
    created: CONFIG.created,
    parts,
    files: FILES.filter(({ content }) => content),
  }

  test('names each package that has bytes in a bundle, once, as package-lock.json has it', () => {
    const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages
    expect(parts.map(({ name }) => name)).toEqual(['@kubernetes/client-node', 'fastify'])
    expect(parts[0]).toMatchObject({
      purl: `pkg:npm/%40kubernetes/client-node@${lock['node_modules/@kubernetes/client-node'].version}`,
      license: 'Apache-2.0',
    })
    for (const { name, sha512 } of parts)
      expect(`sha512-${Buffer.from(sha512!, 'hex').toString('base64')}`).toBe(lock[`node_modules/${name}`].integrity)
  })

  test('names every file of the image with its digest, in both formats', () => {
    const digests = Object.fromEntries(
      materials.files.map(({ path, content }) => [path, sha256(content!).slice('sha256:'.length)]),
    )
    // biome-ignore lint/suspicious/noExplicitAny: two formats, read as they are written
    const [cdx, spdxDocument] = [cycloneDx(materials), spdx(materials)] as any[]
    const filesOfCdx = cdx.components.filter((each: { type: string }) => each.type === 'file')
    expect(
      Object.fromEntries(
        filesOfCdx.map((each: { name: string; hashes: { content: string }[] }) => [
          each.name.slice(1),
          each.hashes[0]!.content,
        ]),
      ),
    ).toEqual(digests)
    expect(
      Object.fromEntries(
        spdxDocument.files.map((each: { fileName: string; checksums: { checksumValue: string }[] }) => [
          each.fileName.slice(2),
          each.checksums[1]!.checksumValue,
        ]),
      ),
    ).toEqual(digests)
    const contained = spdxDocument.relationships.filter(
      (each: { relationshipType: string }) => each.relationshipType === 'CONTAINS',
    )
    expect(contained).toHaveLength(parts.length + materials.files.length)
    const purls = cdx.components.flatMap(({ purl }: { purl?: string }) => purl ?? [])
    expect(purls).toEqual(parts.map(({ purl }) => purl))
  })
})

test('provenance names what was built and from what, and no machine', () => {
  const statement = provenance({
    images: [{ reference: 'example.com/a/controller:1.0.0', digest: sha256('x') }],
    commit: 'c0ffee',
    dirty: false,
    version: '1.0.0',
    architecture: 'amd64',
    materials: [{ name: 'node', sha256: '00' }],
  })
  expect(statement).toMatchObject({
    subject: [{ name: 'example.com/a/controller', digest: { sha256: sha256('x').slice(7) } }],
    predicate: {
      buildDefinition: {
        resolvedDependencies: [
          { name: 'source', digest: { gitCommit: 'c0ffee' } },
          { name: 'node', digest: { sha256: '00' } },
        ],
      },
    },
  })
})
