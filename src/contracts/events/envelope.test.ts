import { Ajv2020 } from 'ajv/dist/2020.js'
import { createEvent, EVENT_SCHEMAS, EventContractError, isUuid, topicOf, uuidv7 } from './index.ts'

const data = { task_id: uuidv7(), user_id: 'user-1', version: 3, task: { title: 'a' } }

test('the envelope carries key, order, cause and schema of the event', () => {
  const cause = {
    id: 'cause-1',
    correlationid: 'chain-1',
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  }
  const event = createEvent({
    type: 'task.updated',
    appId: 'backend-service',
    subject: `task/${data.task_id}`,
    data,
    cause,
  })
  expect(event).toMatchObject({
    specversion: '1.0',
    source: '/tasks/backend-service',
    type: 'com.taskmanager.task.updated',
    partitionkey: 'user-1',
    sequence: '00000000000000000003',
    correlationid: 'chain-1',
    causationid: 'cause-1',
    traceparent: cause.traceparent,
    dataschema: expect.stringMatching(/task\.updated\/1\.0\.json$/),
  })
  expect(isUuid(event.id)).toBe(true)
})

test('a publisher cannot emit a field that is not in the contract, nor an event no intermediary has to carry', () => {
  expect(() => createEvent({ type: 'task.created', appId: 'a', data: { ...data, colour: 'red' } as never })).toThrow(
    /colour/,
  )
  const huge = {
    ...data,
    task: { tags: [], recurrence: { rrule: 'FREQ=DAILY', exdates: Array(900).fill('2026-01-05T09:00:00'.repeat(5)) } },
  }
  expect(() => createEvent({ type: 'task.created', appId: 'a', data: huge })).toThrow(EventContractError)
})

test('ids made later sort later', () => {
  const ids = [1_000, 2_000, 3_000_000_000_000].map(uuidv7)
  expect([...ids].sort()).toEqual(ids)
  expect(ids.every(isUuid)).toBe(true)
})

test('every schema is valid JSON Schema and has a topic', () => {
  const ajv = new Ajv2020({ strict: false })
  for (const [type, schema] of Object.entries(EVENT_SCHEMAS)) {
    expect(ajv.validateSchema(schema)).toBe(true)
    expect(['task-events', 'reminders', 'task-updates', 'notifications']).toContain(
      topicOf(type as keyof typeof EVENT_SCHEMAS),
    )
  }
})
