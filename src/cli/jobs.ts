import type { Command } from 'commander'
import { type ApiOptions, openApi, withApi } from './api.ts'
import { whole } from './options.ts'
import { type Format, structured, table, withOutput } from './output.ts'
import type { Terminal } from './terminal.ts'

interface Reminder {
  id: string
  task_id: string
  title?: string
  remind_at: string
  snoozed_until: string | null
}

/** `tep jobs`: reminders to come, of the token's person: each is a row and a job of Dapr's scheduler. */
export function jobs(program: Command, terminal: Terminal): void {
  const command = program
    .command('jobs')
    .description('List reminders to come of the person whose token it is, the next one first.')
    .option('--task <id>', 'of this task')
    .option('--limit <count>', 'most reminders', whole(1, 200), 100)
    .action(async (options: ApiOptions & { task?: string; limit: number; output: Format }) => {
      const query = { task_id: options.task, limit: options.limit }
      const { items } = await openApi(options, terminal).get<{ items: Reminder[] }>('/api/v1/reminders', query)
      if (options.output !== 'text') return terminal.out(structured(items, options.output))
      if (items.length === 0) return terminal.out('no reminders to come')
      const rows = items.map(each => [
        each.remind_at,
        each.snoozed_until ? 'snoozed' : '',
        each.id,
        each.task_id,
        each.title ?? '',
      ])
      terminal.out(table([['AT', '', 'REMINDER', 'TASK', 'TITLE'], ...rows]).join('\n'))
    })
  withOutput(withApi(command))
}
