/** `status`, which the operator alone writes. */
import { boolean, choice, keyed, list, object, open, string } from './schema-builder.ts'

const condition = object(
  'What is so, and why.',
  {
    type: string('Which aspect.', { maxLength: 316 }),
    status: choice('Whether it is so.', ['True', 'False', 'Unknown']),
    reason: string('One word.'),
    message: string('For people.', { maxLength: 32_768 }),
    lastTransitionTime: string('When the status changed last.', { format: 'date-time' }),
    observedGeneration: { type: 'integer', format: 'int64', description: 'Generation of the spec this is about.' },
  },
  { required: ['type', 'status', 'reason', 'message', 'lastTransitionTime'] },
)

export const status = object('What is.', {
  observedGeneration: {
    type: 'integer',
    format: 'int64',
    description: 'Generation of the spec that this status is about.',
  },
  lastHandledReconcileAt: string('Token of the last reconcile asked for by annotation.'),
  conditions: keyed('Aspects of the platform.', condition, ['type'], 32),
  effective: open('The spec with the defaults in force.'),
  components: list(
    'Every part, and why one waits.',
    object(
      'A part.',
      {
        kind: string('Kind.'),
        name: string('Name.'),
        ready: boolean('Whether it is ready.'),
        reason: string('One word.'),
        message: string('For people.', { maxLength: 32_768 }),
      },
      { required: ['kind', 'name', 'ready'] },
    ),
  ),
  endpoints: object('Addresses.', {
    web: string('The web app.'),
    api: string('The API.'),
    mcp: string('The MCP server.'),
  }),
  kafka: object('The Kafka in use.', {
    bootstrapServers: string('Addresses.', { maxLength: 4096 }),
    version: string('Version.'),
  }),
  services: object('How many services are ready.', { ready: string('ready/wanted') }),
  version: string('Release of the services in force.'),
  inventory: list(
    'Every child, for pruning and deletion.',
    object(
      'A child.',
      { group: string('API group.'), kind: string('Kind.'), namespace: string('Namespace.'), name: string('Name.') },
      { required: ['kind', 'name'] },
    ),
  ),
})
