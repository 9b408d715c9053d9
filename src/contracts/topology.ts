/**
 * Who publishes and who consumes what. The controller renders topics, ACLs, scopes and subscriptions from this table,
 * and the services serve the routes it names; neither repeats it.
 */
export type ServiceName = 'backend' | 'recurring' | 'notification' | 'audit' | 'realtime' | 'analytics' | 'web'

export interface TopicContract {
  name: string
  partitions: number
  /** Milliseconds an event is kept. */
  retentionMs: number
}

export interface Consumption {
  topic: string
  /** Only these CloudEvents types; absent: all. Anything else is acknowledged on the ignore route. */
  types?: readonly string[]
}

export interface ServiceContract {
  service: ServiceName
  appId: string
  /** Topics this app's sidecar may publish to. The relay of the shared outbox runs in the backend, so it publishes for all. */
  publishes: readonly string[]
  consumes: readonly Consumption[]
  /** Short types it has a handler for (`task.completed`); the rest of what it consumes it lets pass. */
  handles: readonly string[] | 'all'
  pubsub: 'kafka-pubsub' | 'realtime-pubsub'
  /** Whether failed events go to `<topic>.<app-id>.dlq`; real time is a view and keeps none. */
  deadLetters: boolean
  usesDatabase: boolean
  /** Apps whose HTTP methods this app calls through its sidecar. */
  invokes: readonly string[]
}

const day = 24 * 60 * 60 * 1000

export const PUBSUB = 'kafka-pubsub'
export const REALTIME_PUBSUB = 'realtime-pubsub'
export const STATE_STORE = 'statestore'
export const TYPE_PREFIX = 'com.taskmanager.'

export const TOPICS: readonly TopicContract[] = [
  { name: 'task-events', partitions: 6, retentionMs: 7 * day },
  { name: 'reminders', partitions: 6, retentionMs: 3 * day },
  { name: 'task-updates', partitions: 6, retentionMs: day },
  { name: 'notifications', partitions: 6, retentionMs: 3 * day },
]

export const DEAD_LETTER_PARTITIONS = 3
export const DEAD_LETTER_RETENTION_MS = 14 * day

const none = { publishes: [], consumes: [], handles: [], invokes: [] } as const

/** Publishes the outbox of all services, and the canaries. */
export const RELAY_SERVICE: ServiceName = 'backend'

export const SERVICES: readonly ServiceContract[] = [
  {
    ...none,
    service: 'backend',
    appId: 'backend-service',
    publishes: TOPICS.map(topic => topic.name),
    consumes: [{ topic: 'task-events', types: [`${TYPE_PREFIX}recurrence.triggered`, `${TYPE_PREFIX}canary.sent`] }],
    handles: ['recurrence.triggered'],
    pubsub: PUBSUB,
    deadLetters: true,
    usesDatabase: true,
  },
  {
    ...none,
    service: 'recurring',
    appId: 'recurring-service',
    consumes: [{ topic: 'task-events' }],
    handles: ['task.completed', 'user.erased'],
    pubsub: PUBSUB,
    deadLetters: true,
    usesDatabase: true,
  },
  {
    ...none,
    service: 'notification',
    appId: 'notification-service',
    consumes: [{ topic: 'task-events' }, { topic: 'reminders' }],
    handles: [
      'reminder.scheduled',
      'reminder.rescheduled',
      'reminder.snoozed',
      'reminder.cancelled',
      'reminder.triggered',
      'task.completed',
      'task.deleted',
      'user.preferences_changed',
      'user.erased',
    ],
    pubsub: PUBSUB,
    deadLetters: true,
    usesDatabase: true,
  },
  {
    ...none,
    service: 'audit',
    appId: 'audit-service',
    consumes: [{ topic: 'task-events' }, { topic: 'reminders' }, { topic: 'notifications' }],
    handles: 'all',
    pubsub: PUBSUB,
    deadLetters: true,
    usesDatabase: true,
  },
  {
    ...none,
    service: 'realtime',
    appId: 'realtime-service',
    // Its replicas tell each other who is connected.
    publishes: ['task-updates'],
    consumes: [{ topic: 'task-updates' }, { topic: 'notifications' }],
    pubsub: REALTIME_PUBSUB,
    deadLetters: false,
    usesDatabase: false,
  },
  {
    ...none,
    service: 'analytics',
    appId: 'analytics-service',
    consumes: [{ topic: 'task-events' }],
    handles: [
      'task.created',
      'task.updated',
      'task.completed',
      'task.reopened',
      'task.deleted',
      'task.restored',
      'user.preferences_changed',
      'user.erased',
    ],
    pubsub: PUBSUB,
    deadLetters: true,
    usesDatabase: true,
  },
  { ...none, service: 'web', appId: 'web', pubsub: PUBSUB, deadLetters: false, usesDatabase: false },
]

export const deadLetterTopic = (topic: string, appId: string): string => `${topic}.${appId}.dlq`

/** Where an app receives a topic, its dead letters, and what no rule of its subscription matched. */
export const eventRoute = (topic: string): string => `/events/${topic}`
export const deadLetterRoute = (topic: string): string => `/dead-letters/${topic}`
export const IGNORE_ROUTE = '/events/ignored'

/** Names of earlier todo platforms, rendered when `spec.legacy.enabled`: their pubsub, and each topic with its route. */
export const LEGACY_PUBSUB = 'taskevents'

export interface LegacyTopic {
  name: string
  /** Today's topic that its events belong to: whoever consumes that one in full consumes this one too. */
  topic: string
  /** Where earlier subscriptions delivered it; every service still serves the route. */
  route: string
}

const legacyTask = (name: string): LegacyTopic => ({ name, topic: 'task-events', route: '/events/task-created' })
const legacyReminder = (name: string): LegacyTopic => ({ name, topic: 'reminders', route: '/events/reminder-due' })

export const LEGACY_TOPICS: readonly LegacyTopic[] = [
  ...['task.created', 'task.updated', 'task.completed', 'task.deleted', 'recurring.trigger'].map(legacyTask),
  legacyReminder('reminder.due'),
  ...['created', 'updated', 'completed', 'deleted'].map(action => legacyTask(`evolution-todo.tasks.${action}`)),
  legacyTask('evolution-todo.recurring.trigger'),
  legacyReminder('evolution-todo.reminders.due'),
]

/** The app-id under which earlier backends publish. */
export const LEGACY_PUBLISHER = 'backend'

/** Full types of a topic that a service has handlers for; null: whatever comes. */
export function handledTypes({ handles }: ServiceContract, { types }: Consumption): readonly string[] | null {
  if (handles === 'all') return null
  return handles.map(type => TYPE_PREFIX + type).filter(type => !types || types.includes(type))
}
