import type { KubeObject } from '../../controller/kube/objects.ts'
import type { KubeApi } from '../../src/local/kube-api/index.ts'

/** Applies an object with `fieldValidation=Strict`. @returns why the API server refuses it, or nothing */
export async function strictly(api: KubeApi, object: KubeObject): Promise<string | undefined> {
  const { apiVersion, kind, metadata } = object
  const base = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`
  const discovery = await api.handle({ method: 'GET', url: base, headers: {} })
  if (discovery.kind !== 'object' || discovery.status >= 300) return `${apiVersion} is not served`
  const { resources } = discovery.body as unknown as {
    resources: { name: string; kind: string; namespaced: boolean }[]
  }
  const resource = resources.find(({ kind: served, name }) => served === kind && !name.includes('/'))
  if (!resource) return `${kind} of ${apiVersion} is not served`
  const scope = resource.namespaced ? `/namespaces/${metadata.namespace}` : ''
  const answer = await api.handle({
    method: 'PATCH',
    url: `${base}${scope}/${resource.name}/${metadata.name}?fieldManager=test&force=true&fieldValidation=Strict`,
    headers: { 'content-type': 'application/apply-patch+yaml' },
    // By JSON text: CEL takes no arrays of another realm, which structuredClone makes under jest.
    body: JSON.parse(JSON.stringify(object)),
  })
  return answer.status < 300 ? undefined : JSON.stringify(answer.kind === 'object' ? answer.body : answer)
}
