/** What several parts of the schema are made of. */
import { object, open, type Schema, string } from './schema-builder.ts'

export const name = { maxLength: 63, pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$' }
export const quantity = { maxLength: 32, pattern: '^[0-9]+(\\.[0-9]+)?(Ei|Pi|Ti|Gi|Mi|Ki|E|P|T|G|M|k)?$' }
export const duration = { maxLength: 16, pattern: '^[1-9][0-9]*(ms|s|m|h|d)$' }

export const secretKeyRef = (description: string): Schema =>
  object(
    description,
    { name: string('Name of the Secret.', name), key: string('Key in the Secret.', { minLength: 1, maxLength: 253 }) },
    { required: ['name', 'key'] },
  )

export const secretRef = (description: string): Schema =>
  object(description, { name: string('Name of the Secret.', name) }, { required: ['name'] })

export const clusterRef = (what: string): Schema =>
  object(
    `A ${what} that exists already.`,
    {
      name: string(`Name of the ${what}.`, name),
      namespace: string('Its namespace; default: that of this resource.', name),
    },
    { required: ['name'] },
  )

export const storage = object(
  'The volume of one node.',
  {
    size: string('Size of the volume, such as 100Gi.', quantity),
    class: string('StorageClass; default: the cluster’s.', { maxLength: 253 }),
  },
  { required: ['size'] },
)

export const resources = object('Requests and limits, as in a container.', {
  requests: open('Guaranteed amounts by resource name.'),
  limits: open('Upper bounds by resource name.'),
})

/** A rule of CEL. */
export const exactlyOne = (fields: string[]): string =>
  `[${fields.map(field => `has(self.${field})`).join(', ')}].filter(x, x).size() == 1`
