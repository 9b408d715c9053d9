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

const BARMAN_PLUGIN = 'barman-cloud.cloudnative-pg.io'

export function renderDatabase(context: Context): Desired[] {
  const wanted = context.effective.database.cloudnativepg
  if (!wanted) return []
  const production = context.effective.profile === 'Production'
  return [
    ...renderObjectStore(context),
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
          ...archiving(context),
        },
      },
    }),
    ...renderSchedule(context),
  ]
}

const storeName = ({ platform }: Context): string => childName(platform.metadata.name, 'db-backups')

/** Whether there is a place for backups: a plugin that is not installed would keep the whole cluster from coming up. */
const hasPlugin = ({ facts }: Context): boolean => !facts.absentKinds.includes('ObjectStore.barmancloud.cnpg.io')

function renderObjectStore(context: Context): Desired[] {
  const backup = context.effective.database.cloudnativepg?.backup
  if (!backup?.destinationPath) return []
  const { destinationPath, endpointUrl, objectStoreSecretRef, retention } = backup
  const key = (field: string): object => ({ name: objectStoreSecretRef?.name, key: field })
  return [
    child(context, {
      kind: KINDS.objectStore,
      name: storeName(context),
      component: 'database',
      part: 'database',
      body: {
        spec: {
          ...(retention && { retentionPolicy: retention }),
          configuration: {
            destinationPath,
            ...(endpointUrl && { endpointURL: endpointUrl }),
            s3Credentials: objectStoreSecretRef
              ? { accessKeyId: key('ACCESS_KEY_ID'), secretAccessKey: key('ACCESS_SECRET_KEY') }
              : { inheritFromIAMRole: true },
            wal: { compression: 'gzip' },
            data: { compression: 'gzip' },
          },
        },
      },
    }),
  ]
}

/** The log goes to the store continuously, so that any moment between two backups can be restored. */
function archiving(context: Context): object {
  const backup = context.effective.database.cloudnativepg?.backup
  if (!backup) return {}
  if (!backup.destinationPath) return { backup: { volumeSnapshot: {} } }
  if (!hasPlugin(context)) return {}
  return {
    plugins: [{ name: BARMAN_PLUGIN, isWALArchiver: true, parameters: { barmanObjectName: storeName(context) } }],
  }
}

function renderSchedule(context: Context): Desired[] {
  const backup = context.effective.database.cloudnativepg?.backup
  if (!backup || (backup.destinationPath && !hasPlugin(context))) return []
  const fields = backup.schedule.trim().split(/ +/)
  return [
    child(context, {
      kind: KINDS.scheduledBackup,
      name: childName(context.platform.metadata.name, 'db'),
      component: 'database',
      part: 'database',
      body: {
        spec: {
          // CloudNativePG counts from the seconds on, cron from the minutes.
          schedule: (fields.length === 5 ? ['0', ...fields] : fields).join(' '),
          immediate: true,
          cluster: { name: childName(context.platform.metadata.name, 'db') },
          // Kept as long as the data is, not as long as the schedule.
          backupOwnerReference: 'cluster',
          ...(backup.destinationPath
            ? { method: 'plugin', pluginConfiguration: { name: BARMAN_PLUGIN } }
            : { method: 'volumeSnapshot' }),
        },
      },
    }),
  ]
}
