import { GROUP, KIND, PLURAL, VERSION } from './names.ts'
import { platformSchema } from './schema.ts'

const condition = (type: string): string => `.status.conditions[?(@.type=="${type}")]`

/** Of which release a CRD in a cluster is: an older operator does not overwrite it. */
export const RELEASE_ANNOTATION = 'todo.events/release'

/** The CustomResourceDefinition of a release, as committed in `crds/`; whoever removes the chart keeps it, and with it every platform. */
export const crdOf = (release: string) => ({
  ...platformCrd,
  metadata: {
    ...platformCrd.metadata,
    annotations: { 'helm.sh/resource-policy': 'keep', [RELEASE_ANNOTATION]: release },
  },
})

/** The CustomResourceDefinition. Defaults are kept out of it on purpose: see `status.effective`. */
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
