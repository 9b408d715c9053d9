import fc from 'fast-check'
import { readIntent } from './intents.ts'

const SAID: readonly [string, string, object?][] = [
  ['add call mum tomorrow at 5pm #family', 'quick_add', { text: 'call mum tomorrow at 5pm #family' }],
  ['Please add a task to buy milk', 'quick_add', { text: 'buy milk' }],
  ['new todo: tax return', 'quick_add', { text: 'tax return' }],
  ['I need to water the plants!', 'quick_add', { text: 'water the plants' }],
  ['remind me to call Bob tomorrow', 'quick_add', { text: 'remind me to call Bob tomorrow' }],
  ["what's due today?", 'agenda', { view: 'today' }],
  ['What do I have to do today', 'agenda', { view: 'today' }],
  ['overdue', 'agenda', { view: 'overdue' }],
  ['show me my upcoming tasks', 'agenda', { view: 'upcoming' }],
  ["what's next?", 'agenda', { view: 'upcoming' }],
  ['my agenda', 'agenda', { view: 'today' }],
  ['show my reminders', 'list_reminders', {}],
  ['list my tasks', 'search_tasks', { status: 'open', sort: 'due_at', limit: 20 }],
  ['show tasks tagged #home', 'search_tasks', { status: 'open', sort: 'due_at', limit: 20, tag: 'home' }],
  ['find milk', 'search_tasks', { q: 'milk', limit: 20 }],
  ['complete “Buy milk”', 'complete_task', { task: 'Buy milk' }],
  ['mark the task buy milk as done', 'complete_task', { task: 'buy milk' }],
  ['I finished the report', 'complete_task', { task: 'the report' }],
  ['tax return is done.', 'complete_task', { task: 'tax return' }],
  ['reopen tax return', 'reopen_task', { task: 'tax return' }],
  ['delete buy milk', 'delete_task', { task: 'buy milk' }],
  ['undelete buy milk', 'restore_task', { task: 'buy milk' }],
  ['skip standup', 'skip_occurrence', { task: 'standup' }],
  ['snooze dentist for 10 minutes', 'snooze_reminder', { task: 'dentist', minutes: 10 }],
  ['snooze dentist an hour', 'snooze_reminder', { task: 'dentist', minutes: 60 }],
  ['snooze dentist 2h', 'snooze_reminder', { task: 'dentist', minutes: 120 }],
  ['snooze dentist until tomorrow 9am', 'snooze_reminder', { task: 'dentist', until: 'tomorrow 9am' }],
  ['move trip to Rome to friday 9am', 'update_task', { task: 'trip to Rome', due: 'friday 9am' }],
  ['rename milk to oat milk', 'update_task', { task: 'milk', title: 'oat milk' }],
  ['set the priority of milk to High', 'update_task', { task: 'milk', priority: 'high' }],
  ['yes please', 'confirm'],
  ['go ahead', 'confirm'],
  ['never mind', 'cancel'],
  ['what can you do?', 'help'],
  ['the weather is nice', 'help'],
]

test.each(SAID.map(([message, tool, input]) => [message, tool, input ?? null] as const))(
  '“%s” is %s',
  (message, tool, input) => {
    const intent = readIntent(message)
    expect(intent).toEqual(input ? { kind: 'tool', tool, arguments: input } : { kind: tool })
  },
)

test('whatever is said is read, and quickly', () => {
  const words = fc.constantFrom(...SAID.flatMap(([message]) => message.split(' ')), 'to', 'is', 'a')
  const message = fc.oneof(
    fc.string({ maxLength: 200 }),
    fc.array(words, { maxLength: 400 }).map(list => list.join(' ')),
  )
  fc.assert(
    fc.property(message, text => expect(['tool', 'confirm', 'cancel', 'help']).toContain(readIntent(text).kind)),
  )
})
