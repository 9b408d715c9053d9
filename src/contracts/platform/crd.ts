import { GROUP, KIND, PLURAL, VERSION } from './names.ts'
import { platformSchema } from './schema.ts'

const condition = (type: string): string => `.status.conditions[?(@.type=="${type}")]`

/** The CustomResourceDefinition, as committed in `crds/`. Defaults are kept out of it on purpose: see `status.effective`. */
export const platformCrd = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `${PLURAL}.${GROUP}` },
  spec: {
    group: GROUP,
    names: {
      kind: KIND,
      listKind: `${KIND}List`,
      plural: PLURAL,
      singular: KIND.toLowerCase(),
      shortNames: ['tep'],
      categories: ['all', 'todo'],
    },
    scope: 'Namespaced',
    versions: [
      {
        name: VERSION,
        served: true,
        storage: true,
        subresources: { status: {} },
        additionalPrinterColumns: [
          { name: 'Ready', type: 'string', jsonPath: `${condition('Ready')}.status` },
          { name: 'Kafka', type: 'string', jsonPath: `${condition('KafkaReady')}.status` },
          { name: 'Services', type: 'string', jsonPath: '.status.services.ready' },
          { name: 'Events', type: 'string', jsonPath: `${condition('EventsFlowing')}.status` },
          { name: 'Version', type: 'string', jsonPath: '.status.version' },
          { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
          { name: 'Message', type: 'string', priority: 1, jsonPath: `${condition('Ready')}.message` },
        ],
        schema: { openAPIV3Schema: platformSchema },
      },
    ],
  },
}
