import type { Context } from './context.ts'

/** What every container of ours may do: nothing but its work. */
export const SECURITY = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] },
}
export const POD_SECURITY = {
  runAsNonRoot: true,
  runAsUser: 65_532,
  runAsGroup: 65_532,
  fsGroup: 65_532,
  seccompProfile: { type: 'RuntimeDefault' },
}

/** The services' image of the version in force. */
export const servicesImage = ({ settings, effective }: Context): string =>
  `${settings.servicesImage}:${effective.version}`
