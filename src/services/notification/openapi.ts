import { describe, id, json, object, ok, operators, problem, queryOf } from '../../kit/openapi.ts'
import { comingSchema } from './console.ts'
import { inboxSchema } from './routes.ts'
import { pushSchema, unsubscribeSchema, webhookSchema } from './targets.ts'

const text = { type: 'string' }
const time = { type: 'string', format: 'date-time' }
const uuid = { type: 'string', format: 'uuid' }
const many = (items: object) => ({ type: 'array', items })
const nothing = (description: string) => ({ 204: { description }, default: problem })

const notification = object({
  id: uuid,
  kind: text,
  title: text,
  body: { type: ['string', 'null'] },
  task_id: { type: ['string', 'null'], format: 'uuid' },
  reminder_id: { type: ['string', 'null'], format: 'uuid' },
  created_at: time,
  read_at: { type: ['string', 'null'], format: 'date-time' },
})

/** Where somebody may be notified: what is kept of it, and how it is added. */
const targets = (noun: string, schema: object, added: object) => ({
  list: {
    get: {
      summary: `${noun}s`,
      responses: {
        200: ok(object({ items: many(object({ id: uuid, url: text, created_at: time })) })),
        default: problem,
      },
    },
    post: {
      summary: `Add a ${noun.toLowerCase()}`,
      requestBody: { required: true, ...json(schema) },
      responses: { 201: ok(object(added), 'Created'), default: problem },
    },
  },
  one: { delete: { summary: `Forget a ${noun.toLowerCase()}`, parameters: [id], responses: nothing('Forgotten') } },
})
const push = targets('Push subscription', pushSchema, { id: uuid })
const webhooks = targets('Webhook', webhookSchema, {
  id: uuid,
  url: text,
  secret: { ...text, description: 'signs what is sent (Standard Webhooks); told once' },
})

/** OpenAPI of the inbox, and of the ways out of the platform. */
export const openapi = describe('Todo notifications', 'Inbox, push subscriptions and webhooks of the signed-in user.', {
  '/api/v1/notifications': {
    get: {
      summary: 'The inbox, newest first',
      parameters: queryOf(inboxSchema),
      responses: {
        200: ok(
          object({
            items: many(notification),
            unread: { type: 'integer', minimum: 0 },
            next_before: { type: ['string', 'null'], format: 'uuid' },
          }),
        ),
        default: problem,
      },
    },
  },
  '/api/v1/notifications/{id}/read': {
    post: { summary: 'Mark one as read', parameters: [id], responses: nothing('Read') },
  },
  '/api/v1/notifications/read-all': { post: { summary: 'Mark all as read', responses: nothing('Read') } },
  '/api/v1/notifications/unsubscribe': {
    get: { summary: 'Asks before it unsubscribes', security: [], responses: { 200: { description: 'A page' } } },
    post: {
      summary: 'No more mails (RFC 8058)',
      security: [],
      parameters: queryOf(unsubscribeSchema),
      responses: { 200: { description: 'Done, whether or not the token is known' }, default: problem },
    },
  },
  '/api/v1/push-subscriptions': push.list,
  '/api/v1/push-subscriptions/{id}': push.one,
  '/api/v1/push-subscriptions/key': {
    get: {
      summary: 'The application server key of browsers (VAPID)',
      security: [],
      responses: { 200: ok(object({ public_key: text })), default: problem },
    },
  },
  '/api/v1/webhooks': webhooks.list,
  '/api/v1/webhooks/{id}': webhooks.one,
  '/api/v1/console/reminders': {
    get: operators('Reminders that are still to ring, of everybody', { parameters: queryOf(comingSchema) }),
  },
})
