import { Temporal } from 'temporal-polyfill'
import type { Outcome } from '../tools/run.ts'

interface ShownTask {
  title: string
  due_at: string | null
  due_tz?: string | null
  all_day?: boolean
}

const SHOWN = 10

export const HELP = `I can add tasks ("add call mum tomorrow at 5pm #family"), list them ("what's due today?", "overdue", "find milk"), complete, reopen, rename, move, skip, delete and restore them ("complete call mum", "move dentist to friday 9am"), and snooze reminders ("snooze dentist for 10 minutes").`

const DONE: Readonly<Record<string, string>> = {
  quick_add: 'Added',
  create_task: 'Added',
  update_task: 'Changed',
  complete_task: 'Done:',
  reopen_task: 'Open again:',
  skip_occurrence: 'Skipped; next:',
  delete_task: 'Deleted',
  restore_task: 'Restored',
}

/** What was done, or has to be agreed to, in words; times on the person's clock. */
export function replyTo(outcome: Outcome): string {
  if ('needs_confirmation' in outcome) return `${outcome.needs_confirmation.summary}? Say yes to go ahead.`
  const { tool, result } = outcome as { tool: string; result: Record<string, unknown> }
  const zone = String(result['timezone'] ?? 'UTC')
  const task = result['task'] as ShownTask | undefined
  if (task) return `${DONE[tool] ?? 'Done:'} ${named(task, zone)}.`
  const reminder = result['reminder'] as { remind_at: string } | undefined
  if (reminder) return `I will remind you ${when(reminder.remind_at, zone)}.`
  const items = (result['items'] ?? []) as (ShownTask & { remind_at?: string | string[] })[]
  if (!items.length) return tool === 'list_reminders' ? 'No reminders to come.' : 'Nothing found.'
  const lines = items.slice(0, SHOWN).map(item => {
    const at = tool === 'list_reminders' && item.remind_at ? `, ${when(String(item.remind_at), zone)}` : undefined
    return `- ${at ? item.title + at : named(item, zone)}`
  })
  const more = items.length > SHOWN ? [`and ${items.length - SHOWN} more`] : []
  const noun = tool === 'list_reminders' ? 'reminder' : 'task'
  return [`${items.length} ${noun}${items.length === 1 ? '' : 's'}:`, ...lines, ...more].join('\n')
}

const named = ({ title, due_at: due, due_tz: tz, all_day: allDay }: ShownTask, zone: string): string =>
  due ? `${title}, due ${when(due, allDay && tz ? tz : zone, allDay)}` : title

function when(at: string, zone: string, allDay = false): string {
  const local = Temporal.Instant.from(new Date(at).toISOString()).toZonedDateTimeISO(zone)
  const day = local.toLocaleString('en-GB', { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' })
  return allDay ? day : `${day} at ${local.toPlainTime().toString({ smallestUnit: 'minute' })}`
}
