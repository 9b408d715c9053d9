import type { KubeObject } from '../kube-api/api.ts'
import type { Container, EnvVar, Pod } from './types.ts'

export interface EnvironmentSources {
  secret(name: string): Promise<KubeObject | undefined>
  configMap(name: string): Promise<KubeObject | undefined>
}

/** A variable that cannot be resolved keeps its container from being created, as kubelet does (CreateContainerConfigError). */
export class ConfigError extends Error {}

/** The variables of a container: envFrom, then env in order, with `$(NAME)` expanded from what came before. */
export async function environmentOf(
  container: Container,
  pod: Pod,
  sources: EnvironmentSources,
): Promise<Record<string, string>> {
  const env: Record<string, string> = {}
  for (const { prefix = '', secretRef, configMapRef } of container.envFrom ?? []) {
    const ref = secretRef ?? configMapRef
    if (!ref) continue
    const source = secretRef ? await sources.secret(ref.name) : await sources.configMap(ref.name)
    if (!source && !ref.optional) throw new ConfigError(`${secretRef ? 'secret' : 'configmap'} "${ref.name}" not found`)
    for (const [key, value] of Object.entries(dataOf(source))) env[prefix + key] = value
  }
  for (const variable of container.env ?? []) {
    const value = await resolved(variable, pod, sources)
    if (value !== undefined) env[variable.name] = expand(value, env)
  }
  return env
}

export const dataOf = (object: KubeObject | undefined): Record<string, string> => {
  const data = (object?.['data'] ?? {}) as Record<string, string>
  if (object?.kind !== 'Secret') return data
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString('utf8')]),
  )
}

async function resolved(
  { value, valueFrom }: EnvVar,
  pod: Pod,
  sources: EnvironmentSources,
): Promise<string | undefined> {
  if (!valueFrom) return value ?? ''
  if (valueFrom.fieldRef) return fieldOf(pod, valueFrom.fieldRef.fieldPath)
  const ref = valueFrom.secretKeyRef ?? valueFrom.configMapKeyRef
  if (!ref) return undefined
  const kind = valueFrom.secretKeyRef ? 'secret' : 'configmap'
  const source = valueFrom.secretKeyRef ? await sources.secret(ref.name) : await sources.configMap(ref.name)
  const found = dataOf(source)[ref.key]
  if (found === undefined && !ref.optional) {
    throw new ConfigError(
      source
        ? `couldn't find key ${ref.key} in ${kind} ${pod.metadata.namespace}/${ref.name}`
        : `${kind} "${ref.name}" not found`,
    )
  }
  return found
}

function fieldOf({ metadata, spec }: Pod, path: string): string {
  const bracket = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path)
  if (bracket) return metadata[bracket[1] as 'labels' | 'annotations']?.[bracket[2]!] ?? ''
  const known: Record<string, string | undefined> = {
    'metadata.name': metadata.name,
    'metadata.namespace': metadata.namespace,
    'metadata.uid': metadata.uid,
    'spec.nodeName': spec?.nodeName,
    'spec.serviceAccountName': spec?.['serviceAccountName'] as string | undefined,
    'status.podIP': '127.0.0.1',
    'status.hostIP': '127.0.0.1',
  }
  if (!(path in known)) throw new ConfigError(`unsupported fieldPath: ${path}`)
  return known[path] ?? ''
}

/** `$(NAME)` → value, `$$(NAME)` → `$(NAME)`, an unknown name stays as written (Kubernetes third_party/forked/golang/expansion). */
export const expand = (text: string, env: Record<string, string>): string =>
  text.replace(/\$(\$|\(([^)]*)\))/g, (whole, escaped: string, name: string | undefined) =>
    escaped === '$' ? '$' : (env[name ?? ''] ?? whole),
  )
