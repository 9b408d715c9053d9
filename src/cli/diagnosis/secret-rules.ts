import type { KubeObject } from '../../../controller/kube/objects.ts'
import type { Platform } from '../../../controller/platform/platform.ts'
import { type Finding, inLayer } from './finding.ts'
import type { Observation } from './observe.ts'

const secretLayer = inLayer('secrets')

/** A place of the spec that names a Secret. */
interface Reference {
  field: string
  name: string
  /** Keys it has to have. */
  keys: string[]
}

/** Keys of Secrets that are named without one: docs of the fields. */
const KEYS: Record<string, string[]> = {
  smtpSecretRef: ['url', 'from'],
  vapidSecretRef: ['publicKey', 'privateKey', 'subject'],
  apiKeySecretRef: ['apiKey'],
  certificateSecretRef: ['tls.crt', 'tls.key'],
  objectStoreSecretRef: ['ACCESS_KEY_ID', 'ACCESS_SECRET_KEY'],
  userSecretRefs: ['username', 'password'],
  tlsSecretName: ['tls.crt', 'tls.key'],
  imagePullSecrets: ['.dockerconfigjson'],
}

/** Every Secret the spec names is there, with its keys, and says what can be used. Values are looked at and never told. */
export function secretRules({ platforms, objects }: Observation): Finding[] {
  return platforms.flatMap(platform => {
    const { namespace } = platform.metadata
    const secrets = objects.filter(each => each.kind === 'Secret' && each.metadata.namespace === namespace)
    return referencesIn(platform.spec).flatMap(reference => {
      const secret = secrets.find(({ metadata }) => metadata.name === reference.name)
      return secret ? keyRules(platform, secret, reference) : [missing(platform, reference)]
    })
  })
}

/** Walks a spec; the path as `kubectl explain` has it. */
function referencesIn(value: unknown, path: string[] = ['spec']): Reference[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, below]): Reference[] => {
    const here = [...path, name]
    const field = here.join('.')
    if (name === 'tlsSecretName' && typeof below === 'string') return [{ field, name: below, keys: KEYS[name]! }]
    if (name === 'imagePullSecrets' && Array.isArray(below))
      return below.map((each: { name: string }) => ({ field, name: each.name, keys: KEYS[name]! }))
    if (name === 'userSecretRefs')
      return Object.entries(below as Record<string, { name: string }>).map(([app, each]) => ({
        field: `${field}.${app}`,
        name: each.name,
        keys: KEYS[name]!,
      }))
    if (/[sS]ecretRef$/.test(name)) {
      const { name: secret, key } = below as { name: string; key?: string }
      return [{ field, name: secret, keys: key ? [key] : (KEYS[name] ?? []) }]
    }
    return referencesIn(below, here)
  })
}

const isDatabase = (field: string): boolean => field === 'spec.database.secretRef'

function create({ metadata: { namespace } }: Platform, { field, name, keys }: Reference): string {
  if (keys.includes('tls.crt')) return `kubectl create secret tls ${name} -n ${namespace} --cert=tls.crt --key=tls.key`
  if (keys.includes('.dockerconfigjson'))
    return `kubectl create secret docker-registry ${name} -n ${namespace} --docker-server=REGISTRY --docker-username=USER --docker-password=PASSWORD`
  const value = (key: string): string =>
    isDatabase(field) ? `--from-literal=${key}=postgres://USER:PASSWORD@HOST:5432/todo` : `--from-file=${key}=FILE`
  return `kubectl create secret generic ${name} -n ${namespace} ${keys.map(value).join(' ')}`.trimEnd()
}

const OPTIONAL = /notifications|imagePullSecrets|chat/

const missing = (platform: Platform, reference: Reference): Finding =>
  secretLayer(
    'secret-missing',
    `Secret ${platform.metadata.namespace}/${reference.name}`,
    `${reference.field} names it, and it is not there`,
    create(platform, reference),
    OPTIONAL.test(reference.field) ? 'warning' : 'error',
  )

function keyRules(platform: Platform, secret: KubeObject, reference: Reference): Finding[] {
  const data = (secret['data'] ?? {}) as Record<string, string>
  const lost = reference.keys.filter(key => !data[key])
  if (lost.length > 0)
    return [
      secretLayer(
        'secret-key',
        secret,
        `${reference.field} needs the key ${lost.join(', ')}; it has ${Object.keys(data).join(', ') || 'none'}`,
        `${create(platform, reference)} --dry-run=client -o yaml | kubectl apply -f -`,
      ),
    ]
  const [key = ''] = reference.keys
  if (isDatabase(reference.field) && !isPostgresUri(data[key]!))
    return [
      secretLayer(
        'database-uri',
        secret,
        `its key ${key} is no URI of PostgreSQL (postgres://user:password@host:5432/name)`,
        `${create(platform, reference)} --dry-run=client -o yaml | kubectl apply -f -`,
      ),
    ]
  if (/caSecretRef$/.test(reference.field) && !decoded(data[key]!).includes('-----BEGIN CERTIFICATE-----'))
    return [
      secretLayer(
        'ca-no-pem',
        secret,
        `its key ${key} holds no certificate in PEM`,
        `kubectl create secret generic ${reference.name} -n ${platform.metadata.namespace} --from-file=${key}=ca.crt --dry-run=client -o yaml | kubectl apply -f -`,
      ),
    ]
  return []
}

const decoded = (base64: string): string => Buffer.from(base64, 'base64').toString('utf8')

function isPostgresUri(base64: string): boolean {
  try {
    const { protocol, hostname } = new URL(decoded(base64).trim())
    return /^postgres(ql)?:$/.test(protocol) && hostname !== ''
  } catch {
    return false
  }
}
