/** Bills of materials of an image: CycloneDX 1.6 and SPDX 2.3, as JSON. */
import { createHash } from 'node:crypto'
import type { Part } from './packages.ts'
import type { Entry } from './tar.ts'

export interface Materials {
  /** Repository and tag. */
  reference: string
  version: string
  /** Digest of the image. */
  digest: string
  /** RFC 3339. */
  created: string
  parts: readonly Part[]
  /** Every file of the image. */
  files: readonly Entry[]
}

const hashOf = (algorithm: 'sha1' | 'sha256', { content }: Entry): string =>
  createHash(algorithm).update(content!).digest('hex')

const imagePurl = ({ reference, digest }: Materials): string => {
  const repository = reference.slice(0, reference.lastIndexOf(':'))
  const name = repository.slice(repository.lastIndexOf('/') + 1)
  return `pkg:oci/${name}@${encodeURIComponent(digest)}?repository_url=${repository}`
}

/** https://cyclonedx.org/docs/1.6/json */
export function cycloneDx(materials: Materials): object {
  const { reference, version, digest, created, parts, files } = materials
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: {
      timestamp: created,
      component: {
        type: 'container',
        'bom-ref': imagePurl(materials),
        name: reference,
        version,
        purl: imagePurl(materials),
        hashes: [{ alg: 'SHA-256', content: digest.slice('sha256:'.length) }],
      },
    },
    components: [
      ...parts.map(({ type, name, version: own, purl, license, sha512 }) => ({
        type: type === 'operating-system' ? 'library' : type,
        'bom-ref': purl,
        name,
        version: own,
        purl,
        ...(license && { licenses: [/ /.test(license) ? { expression: license } : { license: { name: license } }] }),
        ...(sha512 && { hashes: [{ alg: 'SHA-512', content: sha512 }] }),
      })),
      ...files.map(file => ({
        type: 'file',
        'bom-ref': `file:/${file.path}`,
        name: `/${file.path}`,
        hashes: [{ alg: 'SHA-256', content: hashOf('sha256', file) }],
      })),
    ],
    dependencies: [{ ref: imagePurl(materials), dependsOn: parts.map(({ purl }) => purl) }],
  }
}

/** https://spdx.github.io/spdx-spec/v2.3 */
export function spdx(materials: Materials): object {
  const { reference, version, digest, created, parts, files } = materials
  const id = (kind: string, index: number): string => `SPDXRef-${kind}-${index}`
  const unknown = { downloadLocation: 'NOASSERTION', filesAnalyzed: false, copyrightText: 'NOASSERTION' }
  const described = {
    SPDXID: 'SPDXRef-image',
    name: reference,
    versionInfo: version,
    ...unknown,
    licenseConcluded: 'NOASSERTION',
    licenseDeclared: 'NOASSERTION',
    primaryPackagePurpose: 'CONTAINER',
    checksums: [{ algorithm: 'SHA256', checksumValue: digest.slice('sha256:'.length) }],
    externalRefs: [locator(imagePurl(materials))],
  }
  const contains = (relatedSpdxElement: string): object => ({
    spdxElementId: described.SPDXID,
    relationshipType: 'CONTAINS',
    relatedSpdxElement,
  })
  return {
    spdxVersion: 'SPDX-2.3',
    dataLicense: 'CC0-1.0',
    SPDXID: 'SPDXRef-DOCUMENT',
    name: reference,
    documentNamespace: `https://spdx.org/spdxdocs/todo-event-platform-${digest.slice('sha256:'.length)}`,
    creationInfo: { created, creators: ['Tool: make-images'] },
    packages: [
      described,
      ...parts.map(({ name, version: own, purl, license, sha512 }, index) => ({
        SPDXID: id('part', index),
        name,
        versionInfo: own,
        ...unknown,
        licenseConcluded: 'NOASSERTION',
        licenseDeclared: license || 'NOASSERTION',
        ...(sha512 && { checksums: [{ algorithm: 'SHA512', checksumValue: sha512 }] }),
        externalRefs: [locator(purl)],
      })),
    ],
    files: files.map((file, index) => ({
      SPDXID: id('file', index),
      fileName: `./${file.path}`,
      checksums: [
        { algorithm: 'SHA1', checksumValue: hashOf('sha1', file) },
        { algorithm: 'SHA256', checksumValue: hashOf('sha256', file) },
      ],
      licenseConcluded: 'NOASSERTION',
      copyrightText: 'NOASSERTION',
    })),
    relationships: [
      { spdxElementId: 'SPDXRef-DOCUMENT', relationshipType: 'DESCRIBES', relatedSpdxElement: described.SPDXID },
      ...parts.map((_, index) => contains(id('part', index))),
      ...files.map((_, index) => contains(id('file', index))),
    ],
  }
}

const locator = (purl: string): object => ({
  referenceCategory: 'PACKAGE-MANAGER',
  referenceType: 'purl',
  referenceLocator: purl,
})
