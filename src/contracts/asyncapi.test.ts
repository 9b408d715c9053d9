import Ajv2020Module from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import { asyncapi } from './asyncapi.ts'
import { createEvent, EVENT_SCHEMAS, type EventType } from './events/index.ts'
import { SERVICES, TOPICS } from './topology.ts'

// biome-ignore lint/suspicious/noExplicitAny: a document, read field by field
const document: any = asyncapi()

/** What a reference leads to (RFC 6901); undefined when nothing is there. */
const at = (ref: string): unknown =>
  ref
    .slice(2)
    .split('/')
    .reduce<unknown>(
      (value, key) => (value as Record<string, unknown>)?.[key.replaceAll('~1', '/').replaceAll('~0', '~')],
      document,
    )

test('every reference leads somewhere', () => {
  const refs = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, ref]) => ref!)
  expect(refs.length).toBeGreaterThan(50)
  for (const ref of refs) expect([ref, at(ref)]).toEqual([ref, expect.anything()])
})

test('topics, services and types are all there, and no other', () => {
  expect(Object.keys(document.channels)).toEqual(TOPICS.map(({ name }) => name))
  expect(Object.keys(document.components.messages).sort()).toEqual(Object.keys(EVENT_SCHEMAS).sort())
  const told = Object.keys(document.operations)
  const wanted = SERVICES.flatMap(({ service, publishes, consumes }) => [
    ...publishes.map(topic => `${service}-sends-${topic}`),
    ...consumes.map(({ topic }) => `${service}-receives-${topic}`),
  ])
  expect(told.sort()).toEqual(wanted.sort())
  const [type] = document.operations['backend-receives-task-events'].messages
  expect(type.$ref).toBe('#/channels/task-events/messages/recurrence.triggered')
  for (const topic of TOPICS) expect(Object.keys(document.channels[topic.name].messages)).toContain('canary.sent')
})

test('events as they are published are valid by the document, and others are not', () => {
  const ajv = new Ajv2020Module.Ajv2020({ allErrors: true, strict: false })
  ;(formats as unknown as (target: unknown) => void)(ajv)
  const valid = (type: EventType, event: object): boolean =>
    ajv.validate({ ...document.components.messages[type].payload, components: document.components }, event)
  const id = '0f8fad5b-d9cb-469f-a165-70867728950e'
  const data = { task_id: id, user_id: 'anna', version: 1, task: { title: 'a', recurrence: { rrule: 'FREQ=DAILY' } } }
  const event = createEvent({ type: 'task.created', appId: 'backend-service', subject: `task/${id}`, data })
  expect(valid('task.created', event)).toBe(true)
  expect(valid('task.updated', event)).toBe(false)
  expect(valid('task.created', { ...event, partitionkey: undefined })).toBe(false)
  expect(valid('task.created', { ...event, data: { ...data, task: { priority: 'extreme' } } })).toBe(false)
})
