/** How an image came about: an in-toto statement with SLSA's provenance (https://slsa.dev/spec/v1.0/provenance). */
export interface Origin {
  images: readonly { reference: string; digest: string }[]
  /** Commit the tree was at; `undefined` outside a repository. */
  commit?: string
  /** Whether the tree differed from it. */
  dirty: boolean
  version: string
  architecture: string
  /** What went in, by name and SHA-256 in hexadecimal. */
  materials: readonly { name: string; sha256: string }[]
}

/** Unsigned: whoever publishes the images signs it. It names no machine and no account, for it travels with them. */
export function provenance({ images, commit, dirty, version, architecture, materials }: Origin): object {
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: images.map(({ reference, digest }) => ({
      name: reference.slice(0, reference.lastIndexOf(':')),
      digest: { sha256: digest.slice('sha256:'.length) },
    })),
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {
      buildDefinition: {
        buildType: 'https://todo.events/build/make-images/v1',
        externalParameters: { version, architecture },
        internalParameters: { dirty },
        resolvedDependencies: [
          ...(commit ? [{ name: 'source', digest: { gitCommit: commit } }] : []),
          ...materials.map(({ name, sha256 }) => ({ name, digest: { sha256 } })),
        ],
      },
      runDetails: { builder: { id: 'https://todo.events/build/make-images' } },
    },
  }
}
