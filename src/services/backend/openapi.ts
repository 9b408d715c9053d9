import { describe, id, json, ok, operators, problem, queryOf, ref } from '../../kit/openapi.ts'
import { batchSchema } from './batch.ts'
import { listSchema, purgeSchema, replaySchema } from './dead-letters.ts'
import { filterProperties } from './letters.ts'
import { consolePaths } from './openapi-console.ts'
import { action, idempotency, ifMatch, letter, seriesChange } from './openapi-parts.ts'
import { planningPaths } from './openapi-planning.ts'
import {
  createTaskSchema,
  exceptionSchema,
  listQuerySchema,
  patchTaskSchema,
  preferencesSchema,
  previewQuerySchema,
  previewSchema,
  scopeSchema,
} from './schemas.ts'

/** OpenAPI 3.1 of the backend, from the very schemas that validate. */
export const openapi = describe(
  'Todo tasks',
  'Tasks, reminders, series and preferences of the signed-in user.',
  {
    '/api/v1/tasks': {
      get: {
        summary: 'List tasks',
        parameters: queryOf(listQuerySchema),
        responses: { 200: ok(ref('TaskPage')), default: problem },
      },
      post: {
        summary: 'Create a task',
        parameters: [idempotency],
        requestBody: { required: true, ...json(createTaskSchema) },
        responses: { 201: ok(ref('Task'), 'Created'), default: problem },
      },
    },
    '/api/v1/tasks/batch': {
      post: {
        summary: 'Up to 100 operations, all or none',
        parameters: [idempotency],
        requestBody: { required: true, ...json(batchSchema) },
        responses: { 200: ok({ type: 'object' }), default: problem },
      },
    },
    '/api/v1/tasks/{id}': {
      get: { summary: 'One task', parameters: [id], responses: { 200: ok(ref('Task')), default: problem } },
      patch: {
        summary: 'Change a task (merge patch)',
        parameters: [id, ifMatch, idempotency, ...queryOf(scopeSchema)],
        requestBody: {
          required: true,
          content: {
            'application/merge-patch+json': { schema: patchTaskSchema },
            'application/json': { schema: patchTaskSchema },
          },
        },
        responses: { 200: ok(ref('Task')), default: problem },
      },
      delete: {
        summary: 'Delete a task; it can be restored',
        parameters: [id, ifMatch],
        responses: { 204: { description: 'Deleted' }, default: problem },
      },
    },
    '/api/v1/tasks/{id}/complete': action('Complete a task'),
    '/api/v1/tasks/{id}/reopen': action('Reopen a task'),
    '/api/v1/tasks/{id}/restore': action('Restore a deleted task'),
    '/api/v1/tasks/{id}/skip': action('Move an open occurrence on to the next one'),
    ...planningPaths,
    ...consolePaths,
    '/api/v1/series/{id}': {
      get: {
        summary: 'A series and its tasks',
        parameters: [id],
        responses: { 200: ok({ type: 'object' }), default: problem },
      },
    },
    '/api/v1/series/preview': {
      post: {
        summary: 'The first occurrences of a rule',
        requestBody: { required: true, ...json(previewSchema) },
        responses: { 200: ok(ref('Occurrences')), default: problem },
      },
    },
    '/api/v1/series/{id}/preview': {
      get: {
        summary: 'The next occurrences of a series',
        parameters: [id, ...queryOf(previewQuerySchema)],
        responses: { 200: ok(ref('Occurrences')), default: problem },
      },
    },
    '/api/v1/series/{id}/pause': { post: seriesChange('Pause a series') },
    '/api/v1/series/{id}/resume': {
      post: seriesChange('Let a paused series go on with its first occurrence from now'),
    },
    '/api/v1/series/{id}/exceptions': {
      post: {
        ...seriesChange('Leave out one occurrence that is still to come'),
        requestBody: { required: true, ...json(exceptionSchema) },
      },
    },
    '/api/v1/me/export': {
      get: { summary: 'Everything kept about the user', responses: { 200: ok({ type: 'object' }), default: problem } },
    },
    '/api/v1/me': {
      get: { summary: 'Who the token says one is', responses: { 200: ok({ type: 'object' }), default: problem } },
      delete: { summary: 'Erase the user', responses: { 204: { description: 'Erased' }, default: problem } },
    },
    '/api/v1/dead-letters': {
      get: operators('Dead letters, newest first', { parameters: queryOf(listSchema) }),
    },
    '/api/v1/dead-letters/reasons': {
      get: operators('How many failed why', { parameters: queryOf({ properties: filterProperties }) }),
    },
    '/api/v1/dead-letters/replays': {
      get: operators('The latest replays'),
      post: {
        ...operators('Publish many again, at a rate; a dry run unless told otherwise'),
        requestBody: { required: true, ...json(replaySchema) },
      },
    },
    '/api/v1/dead-letters/replays/{id}': { get: operators('How far a replay is', { parameters: [id] }) },
    '/api/v1/dead-letters/replays/{id}/stop': { post: operators('Stop a replay', { parameters: [id] }) },
    '/api/v1/dead-letters/purge': {
      post: {
        ...operators('Forget letters; a dry run unless told otherwise'),
        requestBody: { required: true, ...json(purgeSchema) },
      },
    },
    '/api/v1/dead-letters/{id}': {
      get: operators('One dead letter, beside its schema', { parameters: [letter] }),
    },
    '/api/v1/dead-letters/{id}/replay': {
      post: operators('Publish a dead letter again', { parameters: [letter] }),
    },
    '/api/v1/preferences': {
      get: { summary: 'Preferences', responses: { 200: ok(ref('Preferences')), default: problem } },
      patch: {
        summary: 'Change preferences',
        requestBody: { required: true, ...json(preferencesSchema) },
        responses: { 200: ok(ref('Preferences')), default: problem },
      },
    },
  },
  {
    Task: {
      type: 'object',
      required: ['id', 'version', 'title', 'status', 'created_at', 'updated_at'],
      properties: {
        id: { type: 'string', format: 'uuid' },
        version: { type: 'integer' },
        ...patchTaskSchema.properties,
        completed_at: { type: ['string', 'null'], format: 'date-time' },
        created_at: { type: 'string', format: 'date-time' },
        updated_at: { type: 'string', format: 'date-time' },
        deleted_at: { type: ['string', 'null'], format: 'date-time' },
      },
    },
    TaskPage: {
      type: 'object',
      required: ['items', 'next_cursor'],
      properties: { items: { type: 'array', items: ref('Task') }, next_cursor: { type: ['string', 'null'] } },
    },
    Occurrences: {
      type: 'object',
      required: ['now', 'tzid', 'items'],
      properties: {
        now: { type: 'string', format: 'date-time' },
        tzid: { type: 'string' },
        items: {
          type: 'array',
          items: {
            type: 'object',
            required: ['index', 'local', 'at'],
            properties: {
              index: { type: 'integer' },
              local: { type: 'string', description: 'on the wall clock of tzid' },
              at: { type: 'string', format: 'date-time' },
            },
          },
        },
      },
    },
    Preferences: { type: 'object', properties: preferencesSchema.properties },
  },
)
