/** Images by the OCI image and image-layout specifications 1.1, as one archive that every runtime can load. */
import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { type Entry, tar } from './tar.ts'

export interface Layer {
  /** Digest of the archive before compression, which the configuration names. */
  diffId: string
  blob: Blob
}

export interface Blob {
  digest: string
  bytes: Buffer
}

export interface ImageConfig {
  architecture: 'amd64' | 'arm64'
  /** RFC 3339. */
  created: string
  user: string
  entrypoint: readonly string[]
  workingDirectory: string
  environment: Readonly<Record<string, string>>
  ports: readonly number[]
  labels: Readonly<Record<string, string>>
}

export interface Image {
  /** Repository and tag. */
  reference: string
  /** Digest of the manifest: what `image@…` names. */
  digest: string
  /** Bytes a pull fetches. */
  size: number
  layers: readonly Layer[]
  config: Blob
  manifest: Blob
}

export const sha256 = (bytes: Uint8Array | string): string =>
  `sha256:${createHash('sha256').update(bytes).digest('hex')}`
const blobOf = (bytes: Buffer): Blob => ({ digest: sha256(bytes), bytes })
const jsonBlob = (value: unknown): Blob => blobOf(Buffer.from(JSON.stringify(value)))

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json'

/**
 * A compressed layer. zlib writes neither a name nor a time, so that equal files are equal bytes. Its default level: the
 * highest takes twice as long and saves one part in a hundred.
 */
export async function layerOf(entries: readonly Entry[]): Promise<Layer> {
  const archive = tar(entries)
  return { diffId: sha256(archive), blob: blobOf(await promisify(gzip)(archive)) }
}

/** Pure: the same layers and configuration are the same digest. */
export function imageOf(reference: string, config: ImageConfig, layers: readonly Layer[]): Image {
  const { architecture, created, user, entrypoint, workingDirectory, environment, ports, labels } = config
  const configBlob = jsonBlob({
    created,
    architecture,
    os: 'linux',
    config: {
      User: user,
      ExposedPorts: Object.fromEntries(ports.map(port => [`${port}/tcp`, {}])),
      Env: Object.entries(environment).map(([name, value]) => `${name}=${value}`),
      Entrypoint: entrypoint,
      WorkingDir: workingDirectory,
      Labels: labels,
    },
    rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
    history: layers.map(() => ({ created, created_by: 'make images' })),
  })
  const manifest = jsonBlob({
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: descriptor('application/vnd.oci.image.config.v1+json', configBlob),
    layers: layers.map(({ blob }) => descriptor('application/vnd.oci.image.layer.v1.tar+gzip', blob)),
    annotations: labels,
  })
  const size = [configBlob, manifest, ...layers.map(({ blob }) => blob)].reduce(
    (sum, { bytes }) => sum + bytes.length,
    0,
  )
  return { reference, digest: manifest.digest, size, layers, config: configBlob, manifest }
}

const descriptor = (mediaType: string, { digest, bytes }: Blob): object => ({ mediaType, digest, size: bytes.length })

/**
 * The layout as one archive: for `ctr images import`, `podman load`, `skopeo copy oci-archive:`, and, by manifest.json, which
 * is Docker's own, for `docker load` of every age and `kind load image-archive`.
 */
export function imageArchive({ reference, config, manifest, layers }: Image): Buffer {
  const path = ({ digest }: Blob): string => `blobs/${digest.replace(':', '/')}`
  const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value))
  const index = {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.index.v1+json',
    manifests: [
      {
        ...descriptor(MANIFEST, manifest),
        annotations: {
          // The whole name for containerd, the tag alone for everybody else (image-spec, annotations).
          'io.containerd.image.name': reference,
          'org.opencontainers.image.ref.name': reference.slice(reference.lastIndexOf(':') + 1),
        },
      },
    ],
  }
  const forDocker = [{ Config: path(config), RepoTags: [reference], Layers: layers.map(({ blob }) => path(blob)) }]
  return tar([
    { path: 'oci-layout', content: json({ imageLayoutVersion: '1.0.0' }) },
    { path: 'index.json', content: json(index) },
    { path: 'manifest.json', content: json(forDocker) },
    ...[config, manifest, ...layers.map(({ blob }) => blob)].map(blob => ({ path: path(blob), content: blob.bytes })),
  ])
}
