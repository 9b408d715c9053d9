import { PLATFORM_LABEL } from '../platform.ts'
import type { Context } from './context.ts'
import { databaseSecret } from './database.ts'

export const PORT = 8080

export type Env = { name: string; value?: string; valueFrom?: object }

/** Every container of ours: what the Pod Security Standard `restricted` asks for, and nothing to write but /tmp. */
export const CONTAINER_SECURITY = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] },
}
const POD_SECURITY = {
  runAsNonRoot: true,
  runAsUser: 65_532,
  runAsGroup: 65_532,
  fsGroup: 65_532,
  seccompProfile: { type: 'RuntimeDefault' },
}

/** For containers whose volumes have the name below; small, for nothing of worth is kept there. */
export const SCRATCH_MOUNT = { name: 'tmp', mountPath: '/tmp' }
const SCRATCH = { name: SCRATCH_MOUNT.name, emptyDir: { sizeLimit: '64Mi' } }

/** What a Deployment selects its pods by; it can never change. */
export const selector = ({ platform }: Context, component: string): Record<string, string> => ({
  'app.kubernetes.io/instance': platform.metadata.name,
  'app.kubernetes.io/component': component,
})

/**
 * What network policies and monitors select pods by: `instance` alone could be the label of a Helm release that happens to
 * have the platform's name.
 */
export const podSelector = ({ platform }: Context, component?: string): Record<string, string> => ({
  [PLATFORM_LABEL]: platform.metadata.name,
  ...(component && { 'app.kubernetes.io/component': component }),
})

/** Labels of a pod: the user's, then ours, which they cannot override. */
export const podLabels = (context: Context, component: string): Record<string, string> => ({
  ...context.platform.spec.podTemplate?.labels,
  ...selector(context, component),
  ...podSelector(context),
  'app.kubernetes.io/name': 'todo-event-platform',
})

/** Marks that decide over a pod's rights: what image the sidecar has, what it mounts, how it is confined. */
const NOT_THE_USERS = [
  'dapr.io/',
  'todo.events/',
  'container.apparmor.security',
  'seccomp.security',
  'container.seccomp',
]

/**
 * The cluster autoscaler takes no node away from under a disk-backed emptyDir unless its pod names that volume
 * (cluster-autoscaler/utils/drain, HasBlockingLocalStorage). Budgets hold all the same, unlike with `safe-to-evict`.
 */
const MAY_BE_MOVED = { 'cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes': SCRATCH_MOUNT.name }

/** Annotations of every pod of ours: the user's, without those that would give a pod more rights than the platform does. */
export const podAnnotations = ({ platform }: Context): Record<string, string> => ({
  ...MAY_BE_MOVED,
  ...Object.fromEntries(
    Object.entries(platform.spec.podTemplate?.annotations ?? {}).filter(
      ([key]) => !NOT_THE_USERS.some(start => key.startsWith(start)),
    ),
  ),
})

/** The part of a pod's spec that every pod of ours has. */
export function podSpec({ platform }: Context): Record<string, unknown> {
  const { podTemplate = {} } = platform.spec
  return {
    automountServiceAccountToken: false,
    securityContext: POD_SECURITY,
    ...(podTemplate.imagePullSecrets && { imagePullSecrets: podTemplate.imagePullSecrets }),
    ...(podTemplate.nodeSelector && { nodeSelector: podTemplate.nodeSelector }),
    ...(podTemplate.tolerations && { tolerations: podTemplate.tolerations }),
    ...(podTemplate.affinity && { affinity: podTemplate.affinity }),
    ...(podTemplate.priorityClassName && { priorityClassName: podTemplate.priorityClassName }),
    volumes: [SCRATCH],
  }
}

export const image = ({ settings, effective }: Context): string => `${settings.servicesImage}:${effective.version}`

export const databaseUrl = (context: Context): Env => ({
  name: 'DATABASE_URL',
  valueFrom: { secretKeyRef: databaseSecret(context) },
})
