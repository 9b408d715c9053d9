import { type Desired, hashOf } from '../desired.ts'
import { childName } from '../names.ts'
import { KINDS } from '../platform.ts'
import { type Context, child } from './context.ts'
import { databaseSecret } from './database.ts'
import { CONTAINER_SECURITY, databaseUrl, image, podAnnotations, podLabels, podSpec, SCRATCH_MOUNT } from './pods.ts'

export const MIGRATIONS = 'migrations'

const RESOURCES = { requests: { cpu: '20m', memory: '96Mi' }, limits: { memory: '256Mi' } }

/** A Job's name is a label of its pods. */
const LONGEST_NAME = 63

/**
 * Brings the database to the schema of this version, once. A Job's template cannot change, so the name carries the version
 * and a digest of the template and of the database's address: another database, or other pods, are another Job.
 */
export function renderMigrations(context: Context): Desired[] {
  const { platform, effective, facts } = context
  const template = {
    metadata: {
      labels: podLabels(context, MIGRATIONS),
      annotations: podAnnotations(context),
    },
    spec: {
      ...podSpec(context),
      restartPolicy: 'OnFailure',
      containers: [
        {
          name: 'migrate',
          image: image(context),
          args: ['migrate'],
          env: [databaseUrl(context)],
          resources: RESOURCES,
          securityContext: CONTAINER_SECURITY,
          volumeMounts: [SCRATCH_MOUNT],
        },
      ],
    },
  }
  const digest = hashOf([template, facts.databaseDigest ?? '']).slice(0, 8)
  const version = effective.version.replace(/[^a-z0-9]+/gi, '-').toLowerCase()
  const start = childName(platform.metadata.name, `migrate-${version}`).slice(0, LONGEST_NAME - digest.length - 1)
  return [
    child(context, {
      kind: KINDS.job,
      name: `${start.replace(/-+$/, '')}-${digest}`,
      component: MIGRATIONS,
      part: 'migrations',
      waiting: facts.databaseDigest
        ? undefined
        : `Secret ${databaseSecret(context).name} with the database address is not there yet`,
      body: { spec: { backoffLimit: 6, template } },
    }),
  ]
}
