/** `spec.database`. */
import { integer, object, string } from './schema-builder.ts'
import { exactlyOne, secretKeyRef, secretRef, storage } from './schema-common.ts'

export const database = object(
  'Where tasks are kept: any PostgreSQL by its URI, or a CloudNativePG cluster.',
  {
    secretRef: secretKeyRef('Secret with the connection URI.'),
    cloudnativepg: object('A cluster of CloudNativePG.', {
      instances: integer('Number of servers.', 1, 9),
      storage,
      backup: object(
        'Backups: to an object store through the Barman Cloud plugin, or as snapshots of the volumes.',
        {
          schedule: string('Cron expression of five fields, or of six with seconds first.', {
            maxLength: 100,
            pattern: '^\\S+( +\\S+){4,5}$',
          }),
          destinationPath: string(
            'Where in the object store, such as s3://backups/todo; without it, volume snapshots.',
            {
              pattern: '^[a-z][a-z0-9+.-]*://.+$',
            },
          ),
          endpointUrl: string('Address of an S3-compatible store that is not Amazon’s.', { pattern: '^https?://' }),
          objectStoreSecretRef: secretRef(
            'Secret with ACCESS_KEY_ID and ACCESS_SECRET_KEY; default: the pods’ own identity.',
          ),
          retention: string('How long backups are kept, such as 30d.', {
            maxLength: 16,
            pattern: '^[1-9][0-9]*[dwm]$',
          }),
        },
        {
          required: ['schedule'],
          rules: [
            {
              rule: 'has(self.destinationPath) || !(has(self.endpointUrl) || has(self.objectStoreSecretRef) || has(self.retention))',
              message:
                'endpointUrl, objectStoreSecretRef and retention are about an object store: set destinationPath, or remove them',
            },
          ],
        },
      ),
    }),
  },
  {
    rules: [
      {
        rule: exactlyOne(['secretRef', 'cloudnativepg']),
        message: 'exactly one of secretRef, cloudnativepg must be set',
      },
    ],
  },
)
