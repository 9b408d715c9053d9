import type { Desired } from '../desired.ts'
import { childName } from '../names.ts'
import { KINDS } from '../platform.ts'
import { type Context, child } from './context.ts'
import { PORT } from './pods.ts'

/** Event streams stay open for ever; any other request that does is a fault. */
const STREAMS = '/api/v1/events'

/** The way in, to the web service alone: an HTTPRoute where a Gateway is named, else an Ingress. */
export function renderIngress(context: Context): Desired[] {
  const { ingress } = context.platform.spec
  const web = context.effective.services.some(({ contract }) => contract.service === 'web')
  if (!ingress || !web) return []
  const { host, className, tlsSecretName, gatewayRef, annotations } = ingress
  const backend = childName(context.platform.metadata.name, 'web')
  const common = { name: backend, component: 'web', part: 'services', ...(annotations && { annotations }) } as const
  if (gatewayRef) {
    const rule = (path: string, more: object = {}): object => ({
      matches: [{ path: { type: 'PathPrefix', value: path } }],
      backendRefs: [{ name: backend, port: PORT }],
      ...more,
    })
    return [
      child(context, {
        ...common,
        kind: KINDS.httpRoute,
        body: {
          spec: {
            parentRefs: [gatewayRef],
            ...(host && { hostnames: [host] }),
            rules: [rule(STREAMS, { timeouts: { request: '0s' } }), rule('/')],
          },
        },
      }),
    ]
  }
  return [
    child(context, {
      ...common,
      kind: KINDS.ingress,
      body: {
        spec: {
          ...(className && { ingressClassName: className }),
          ...(tlsSecretName && { tls: [{ ...(host && { hosts: [host] }), secretName: tlsSecretName }] }),
          rules: [
            {
              ...(host && { host }),
              http: {
                paths: [
                  { path: '/', pathType: 'Prefix', backend: { service: { name: backend, port: { name: 'http' } } } },
                ],
              },
            },
          ],
        },
      },
    }),
  ]
}

/** The address people use: that of the way in, else the Service's inside the cluster. No slash at the end. */
export function publicAddress({ platform }: Pick<Context, 'platform'>): string {
  const { name, namespace } = platform.metadata
  const { ingress } = platform.spec
  if (!ingress?.host) return `http://${childName(name, 'web')}.${namespace}.svc:${PORT}`
  // Behind a Gateway its listener decides over TLS; one without is not for the open.
  return `${ingress.tlsSecretName || ingress.gatewayRef ? 'https' : 'http'}://${ingress.host}`
}
