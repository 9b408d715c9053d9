import type { Platform } from '../../../controller/platform/platform.ts'
import { platformCrd } from '../../contracts/platform/crd.ts'
import { KIND, PLURAL } from '../../contracts/platform/names.ts'
import { type KubeApi, openKubeApi } from '../../local/kube-api/index.ts'
import { renderOffline } from '../render.ts'
import type { Finding } from './rule.ts'
import { locate, type Manifest } from './units.ts'

interface Status {
  message?: string
  details?: { causes?: { field?: string; message?: string }[] }
}

const SCHEMA = {
  rule: 'platform-schema',
  severity: 'error' as const,
  why: 'the API server refuses it: schema and CEL rules of the CRD',
}

/** Holds TodoEventPlatforms to their CRD as the API server does: structure, unknown fields, CEL; and to what render refuses. */
export class PlatformCheck {
  readonly #api: KubeApi
  readonly #version: string

  private constructor(api: KubeApi, version: string) {
    this.#api = api
    this.#version = version
  }

  static async open(version: string): Promise<PlatformCheck> {
    const api = await openKubeApi({ store: 'memory' })
    // By JSON text: what is applied must be nobody else's object.
    await api.client.apply(JSON.parse(JSON.stringify(platformCrd)), { fieldManager: 'tep' })
    return new PlatformCheck(api, version)
  }

  close(): void {
    this.#api.close()
  }

  async findings(manifest: Manifest, file: string): Promise<Finding[]> {
    const { object } = manifest
    if (object.kind !== KIND) return []
    const answer = (await this.#api.handle({
      method: 'POST',
      url: `/apis/${object.apiVersion}/namespaces/default/${PLURAL}?dryRun=All&fieldValidation=Strict`,
      headers: { 'content-type': 'application/json' },
      body: JSON.parse(JSON.stringify({ ...object, metadata: { ...object.metadata, namespace: 'default' } })),
    })) as { status: number; body?: Status }
    if (answer.status < 300) return this.#refused(manifest, file)
    // `<nil>` says that there is more to say once the rest is right.
    const causes = (answer.body?.details?.causes ?? []).filter(({ field }) => field !== '<nil>')
    const strict = [...(answer.body?.message ?? '').matchAll(/unknown field "([^"]+)"/g)].map(([message, field]) => ({
      field: field!,
      message,
    }))
    const all = causes.length > 0 ? causes : strict.length > 0 ? strict : [{ message: answer.body?.message ?? '' }]
    return all.map(({ field = '', message = '' }: { field?: string; message?: string }) => ({
      ...SCHEMA,
      file,
      ...locate(manifest, pathOf(field)),
      message: field && !message.includes(field) ? `${field}: ${message}` : message,
      fix: `tep explain ${
        pathOf(field)
          .filter(step => typeof step === 'string')
          .slice(0, -1)
          .join('.') || 'spec'
      }`,
    }))
  }

  /** What the schema takes and Kafka cannot do. */
  #refused(manifest: Manifest, file: string): Finding[] {
    const { object } = manifest
    const metadata = { ...object.metadata, namespace: object.metadata.namespace ?? 'default' }
    const settings = { version: this.#version, servicesImage: 'services' }
    const { refused } = renderOffline({ ...object, metadata } as Platform, settings)
    return refused.map(({ code, field, message }) => ({
      rule: code,
      severity: 'error' as const,
      file,
      ...locate(manifest, pathOf(field)),
      message: `${field}: ${message}`,
      why: 'the operator leaves it out, and says so in status',
      fix: `tep explain ${code}`,
    }))
  }
}

/** `spec.topics[0].name` as steps; a list that is keyed (`[name=x]`) is told at its field. */
const pathOf = (field: string): (string | number)[] =>
  field
    .replace(/\[(\d+)\]/g, '.$1')
    .replace(/\[[^\]]*\]/g, '')
    .split('.')
    .filter(Boolean)
    .map(step => (/^\d+$/.test(step) ? Number(step) : step))
