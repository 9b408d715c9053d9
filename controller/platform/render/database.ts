import type { Desired } from '../desired.ts'
import { childName } from '../names.ts'
import { KINDS } from '../platform.ts'
import { type Context, child } from './context.ts'

/** The Secret and key that hold the connection URI. CloudNativePG names its Secret `<cluster>-app`. */
export function databaseSecret({ platform, effective }: Pick<Context, 'platform' | 'effective'>): {
  name: string
  key: string
} {
  return effective.database.secretRef ?? { name: `${childName(platform.metadata.name, 'db')}-app`, key: 'uri' }
}

export function renderDatabase(context: Context): Desired[] {
  const wanted = context.effective.database.cloudnativepg
  if (!wanted) return []
  const production = context.effective.profile === 'Production'
  return [
    child(context, {
      kind: KINDS.postgres,
      name: childName(context.platform.metadata.name, 'db'),
      component: 'database',
      part: 'database',
      stateful: true,
      body: {
        spec: {
          // Each service works under a role of its own, which the migrations create.
          managed: { roles: [{ name: 'app', ensure: 'present', login: true, createrole: true }] },
          instances: wanted.instances ?? (production ? 3 : 1),
          storage: {
            size: wanted.storage?.size ?? (production ? '10Gi' : '1Gi'),
            ...(wanted.storage?.class && { storageClass: wanted.storage.class }),
          },
        },
      },
    }),
  ]
}
