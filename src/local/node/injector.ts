import type { Pod, PodSpec } from './types.ts'

export const SIDECAR = 'daprd'
export const SIDECAR_IMAGE = 'daprio/daprd:1.18.3'

/** What Dapr's sidecar injector reads from a pod's annotations (dapr pkg/injector/patcher/sidecar.go); names and defaults are Dapr's. */
export interface SidecarSettings {
  appId: string
  appPort?: number
  configuration?: string
  /** Variables of the sidecar: NAME → Secret and key. */
  envFromSecret: Record<string, { name: string; key: string }>
  apiTokenSecret?: string
  appTokenSecret?: string
  healthCheck?: { path: string; intervalSeconds: number; timeoutMilliseconds: number; threshold: number }
  gracefulShutdownSeconds?: number
  /** False: the app is not asked for subscriptions of its own. */
  askSubscriptions: boolean
}

export function sidecarSettings({ metadata }: Pod): SidecarSettings | undefined {
  const annotation = (name: string): string | undefined => metadata.annotations?.[`dapr.io/${name}`]
  if (annotation('enabled') !== 'true') return undefined
  const port = annotation('app-port')
  const configuration = annotation('config')
  const grace = Number(annotation('graceful-shutdown-seconds') ?? -1)
  const apiTokenSecret = annotation('api-token-secret')
  const appTokenSecret = annotation('app-token-secret')
  return {
    appId: annotation('app-id') ?? metadata.name,
    ...(port && { appPort: Number(port) }),
    ...(configuration && { configuration }),
    ...(apiTokenSecret && { apiTokenSecret }),
    ...(appTokenSecret && { appTokenSecret }),
    ...(grace >= 0 && { gracefulShutdownSeconds: grace }),
    envFromSecret: envFromSecret(annotation('env-from-secret') ?? ''),
    ...(annotation('enable-app-health-check') === 'true' && {
      healthCheck: {
        path: annotation('app-health-check-path') ?? '/healthz',
        intervalSeconds: Number(annotation('app-health-probe-interval') ?? 5),
        timeoutMilliseconds: Number(annotation('app-health-probe-timeout') ?? 500),
        threshold: Number(annotation('app-health-threshold') ?? 3),
      },
    }),
    askSubscriptions: !(annotation('disable-init-endpoints') ?? '').split(',').includes('subscribe'),
  }
}

/** `NAME=secret:key,…`; without a key, the key has the secret's name. */
function envFromSecret(text: string): SidecarSettings['envFromSecret'] {
  const entries = text
    .split(',')
    .map(part => part.trim())
    .filter(Boolean)
    .map(part => {
      const [name = '', ref = ''] = part.split('=')
      const [secret = '', key = secret] = ref.split(':')
      return [name, { name: secret, key }] as const
    })
  return Object.fromEntries(entries)
}

/** The pod spec with the sidecar's container beside the app's, as the injector's webhook adds it. */
export function injected(spec: PodSpec, annotations: Record<string, string> | undefined): PodSpec {
  if (annotations?.['dapr.io/enabled'] !== 'true' || spec.containers.some(container => container.name === SIDECAR))
    return spec
  return { ...spec, containers: [...spec.containers, { name: SIDECAR, image: SIDECAR_IMAGE }] }
}
