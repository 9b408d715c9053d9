import { operators, queryOf } from '../../kit/openapi.ts'
import { eventsSchema } from './console/routes.ts'

/** OpenAPI of the console's routes. */
export const consolePaths = {
  '/api/v1/console/flow': {
    get: operators('Who publishes and consumes what, how fast, and who is behind'),
  },
  '/api/v1/console/platform': {
    get: operators(
      'What the operator knows of this platform: its parts, conditions, drift, and what it would write now',
    ),
  },
  '/api/v1/console/events': {
    get: operators('Events of the last day, what people wrote hidden', { parameters: queryOf(eventsSchema) }),
  },
  '/api/v1/console/events/{id}': {
    get: operators('What became of an event', {
      parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }],
    }),
  },
}
