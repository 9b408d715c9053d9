import Ajv2020Module from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import { createEvent, EVENT_SCHEMAS } from './events/index.ts'
import { SERVICES, TOPICS } from './topology.ts'
import { xregistry } from './xregistry.ts'

// biome-ignore lint/suspicious/noExplicitAny: a document, read field by field
const document: any = xregistry()

/** What a reference within the document leads to. */
const at = (ref: string): unknown =>
  ref
    .slice(2)
    .split('/')
    .reduce<unknown>((value, key) => (value as Record<string, unknown>)?.[key], document)

test('every topic is a group, every type a message of its topic with its schema', () => {
  expect(Object.keys(document.messagegroups)).toEqual(TOPICS.map(({ name }) => name))
  expect(Object.keys(document.schemagroups['todo-events'].schemas)).toEqual(Object.keys(EVENT_SCHEMAS))
  const created = document.messagegroups['task-events'].messages['com.taskmanager.task.created']
  expect(created.envelopemetadata.type.value).toBe('com.taskmanager.task.created')
  expect(at(created.dataschemauri)).toMatchObject({ format: 'JsonSchema/2020-12' })
  expect(Object.keys(document.messagegroups['reminders'].messages)).toContain('com.taskmanager.reminder.scheduled')
})

test('every service is there as what it produces and consumes, by groups that are there', () => {
  const wanted = SERVICES.flatMap(({ publishes, consumes }) => [...publishes, ...consumes])
  expect(Object.keys(document.endpoints)).toHaveLength(wanted.length)
  expect(document.endpoints['audit-consumes-task-events']).toMatchObject({
    usage: ['consumer'],
    channel: 'task-events',
    envelope: 'CloudEvents/1.0',
  })
  for (const { messagegroups } of Object.values<{ messagegroups: string[] }>(document.endpoints))
    for (const group of messagegroups) expect([group, at(group)]).toEqual([group, expect.anything()])
})

test('data of an event is valid by the schema it leads to, and other data are not', () => {
  const ajv = new Ajv2020Module.Ajv2020({ allErrors: true, strict: false })
  ;(formats as unknown as (target: unknown) => void)(ajv)
  const [version] = Object.values<{ schema: object }>(
    document.schemagroups['todo-events'].schemas['task.created'].versions,
  )
  const id = '0f8fad5b-d9cb-469f-a165-70867728950e'
  const data = { task_id: id, user_id: 'anna', version: 1, task: { title: 'a' } }
  const event = createEvent({ type: 'task.created', appId: 'backend-service', subject: `task/${id}`, data })
  expect(ajv.validate(version!.schema, event.data)).toBe(true)
  expect(ajv.validate(version!.schema, { ...data, task_id: undefined })).toBe(false)
})
