/** What the server warns of in a Secret that it takes (kubernetes pkg/registry/core/secret/strategy.go; Go's tls.X509KeyPair). */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { child, type JsonObject, show } from '../json.ts'
import type { ResourceType } from './registry.ts'

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----[\s\S]*?-----END \1-----/g

/** Why certificate and key are no pair, as Go says it; `undefined` for a pair. */
function pairProblem(certificate: string, key: string): string | undefined {
  const blocks = (text: string) => [...text.matchAll(BLOCK)].map(([block, kind = '']) => ({ block, kind }))
  const certificates = blocks(certificate)
  const found = certificates.find(({ kind }) => kind === 'CERTIFICATE')
  const isKey = (kind: string) => kind === 'PRIVATE KEY' || kind.endsWith(' PRIVATE KEY')
  if (!found) {
    if (certificates.length === 0) return 'tls: failed to find any PEM data in certificate input'
    if (certificates.length === 1 && isKey(certificates[0]!.kind))
      return 'tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched'
    return `tls: failed to find "CERTIFICATE" PEM block in certificate input after skipping PEM blocks of the following types: [${certificates.map(({ kind }) => kind).join(' ')}]`
  }
  const keys = blocks(key)
  const secret = keys.find(({ kind }) => isKey(kind))
  if (!secret) {
    if (keys.length === 0) return 'tls: failed to find any PEM data in key input'
    if (keys.length === 1 && keys[0]!.kind === 'CERTIFICATE')
      return 'tls: found a certificate rather than a key in the PEM for the private key'
    return `tls: failed to find PEM block with type ending in "PRIVATE KEY" in key input after skipping PEM blocks of the following types: [${keys.map(({ kind }) => kind).join(' ')}]`
  }
  try {
    const matches = new X509Certificate(found.block).checkPrivateKey(createPrivateKey(secret.block))
    return matches ? undefined : 'tls: private key does not match public key'
  } catch {
    return 'tls: failed to parse private key'
  }
}

export function warningsOf(object: JsonObject, type: ResourceType): string[] {
  if (type.table !== '/secrets' || object['type'] !== 'kubernetes.io/tls') return []
  const [certificate, key] = ['tls.crt', 'tls.key'].map(name =>
    Buffer.from(show(child(object, 'data')[name] ?? ''), 'base64').toString(),
  ) as [string, string]
  const problem = pairProblem(certificate, key)
  return problem === undefined ? [] : [problem]
}
