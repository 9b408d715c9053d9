import { API_VERSION, KIND } from '../../src/contracts/platform/names.ts'
import { errorFromStatus, KubeError, type StatusBody } from '../kube/errors.ts'
import { readJson } from '../kube/lines.ts'
import type { Transport } from '../kube/transport.ts'
import type { FieldSchema } from './missing-fields.ts'

const PATH = `/openapi/v3/apis/${API_VERSION}`

interface Document {
  components?: { schemas?: Record<string, FieldSchema & { 'x-kubernetes-group-version-kind'?: { kind?: string }[] }> }
}

/**
 * The schema of TodoEventPlatform that the API server serves. It is read from OpenAPI v3, which `system:discovery` opens to
 * every ServiceAccount, and not from the CustomResourceDefinition, which would take a ClusterRole
 * (https://kubernetes.io/docs/reference/access-authn-authz/rbac/#discovery-roles).
 * @throws KubeError NotFound while the CRD is not there; by HTTP status otherwise
 */
export async function servedSchema(transport: Transport, signal?: AbortSignal): Promise<FieldSchema> {
  const answer = await transport({ method: 'GET', path: PATH, ...(signal && { signal }) })
  const body = await readJson(answer.body)
  if (answer.status >= 400) throw errorFromStatus(answer.status, body as StatusBody, `GET ${PATH}`)
  const found = Object.values((body as Document).components?.schemas ?? {}).find(schema =>
    schema['x-kubernetes-group-version-kind']?.some(({ kind }) => kind === KIND),
  )
  if (!found) throw new KubeError('NotFound', `GET ${PATH}: the document has no schema of ${KIND}`, 'backoff')
  return found
}
