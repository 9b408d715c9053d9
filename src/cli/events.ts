import type { Command } from 'commander'
import type { SeenEvent } from '../contracts/console.ts'
import { type Api, type ApiOptions, openApi, withApi } from './api.ts'
import { EXIT, Exit } from './exit.ts'
import { pause, whole } from './options.ts'
import { type Format, structured, withOutput } from './output.ts'
import { publish } from './publish.ts'
import type { Terminal } from './terminal.ts'

interface Filter {
  topic?: string
  type?: string
  subject?: string
  user?: string
}

interface TailOptions extends ApiOptions, Filter {
  offset: number
  follow: boolean
  every: number
  output: Format
}

interface GrepOptions extends ApiOptions, Filter {
  limit: number
  ignoreCase: boolean
  output: Format
}

/** `tep events tail|grep|publish`: what was published in the last day, and one more. */
export function events(program: Command, terminal: Terminal): void {
  const command = program.command('events').description('Look at events, follow them, look through them, publish one.')
  const tail = command
    .command('tail')
    .description('Show the newest events, and follow with -f; what people wrote is hidden.')
    .option('--offset <count>', 'how many of the newest to begin with', whole(0, 500), 10)
    .option('-f, --follow', 'go on with each new one until Ctrl-C', false)
    .option('--every <ms>', 'how often to look for new ones', whole(50), 1_000)
    .action((options: TailOptions) => runTail(options, terminal))
  withOutput(withApi(withFilter(tail)))
  const grep = command
    .command('grep')
    .argument('<pattern>', 'regular expression; the whole event as JSON is searched')
    .description('Look through the events of the last day (exit 1: none found).')
    .option('-i, --ignore-case', 'small and capital letters are the same', false)
    .option('--limit <count>', 'most events to show', whole(1), 100)
    .action((pattern: string, options: GrepOptions) => runGrep(pattern, options, terminal))
  withOutput(withApi(withFilter(grep)))
  publish(command, terminal)
}

const withFilter = (command: Command): Command =>
  command
    .option('--topic <topic>', 'of this topic')
    .option('--type <text>', 'whose type contains this: task.completed, reminder')
    .option('--subject <subject>', 'of this aggregate: task/<id>')
    .option('--user <id>', 'of this person')

const queryOf = ({ topic, type, subject, user }: Filter) => ({ topic, type, subject, user_id: user })

const page = async (api: Api, query: Record<string, unknown>): Promise<SeenEvent[]> =>
  (await api.get<{ items: SeenEvent[] }>('/api/v1/console/events', query)).items

const PAGE = 500

async function runTail(options: TailOptions, terminal: Terminal): Promise<void> {
  const api = openApi(options, terminal)
  const filter = queryOf(options)
  const print = (items: readonly SeenEvent[]): void => {
    for (const each of items) terminal.out(line(each, options.output, terminal))
  }
  // With no look back, the newest of all still says from where to follow.
  const newest = await page(api, { ...filter, limit: Math.max(1, options.offset) })
  let last = newest[0]?.seq ?? 0
  print(newest.slice(0, options.offset).reverse())
  while (options.follow && !terminal.signal.aborted) {
    const more = await page(api, { ...filter, after_seq: last, limit: PAGE })
    print(more)
    last = more.at(-1)?.seq ?? last
    if (more.length < PAGE) await pause(options.every, terminal.signal)
  }
}

async function runGrep(pattern: string, options: GrepOptions, terminal: Terminal): Promise<void> {
  const expression = regular(pattern, options.ignoreCase)
  const api = openApi(options, terminal)
  let found = 0
  let before: number | undefined
  for (;;) {
    const items = await page(api, { ...queryOf(options), before_seq: before, limit: PAGE })
    for (const each of items) {
      if (found >= options.limit || !expression.test(JSON.stringify(each.event))) continue
      found++
      terminal.out(line(each, options.output, terminal))
    }
    before = items.at(-1)?.seq
    if (items.length < PAGE || found >= options.limit || terminal.signal.aborted) break
  }
  if (found === 0) terminal.exitCode = EXIT.found
}

/** @throws Exit TEP5015 for what is no regular expression */
function regular(pattern: string, ignoreCase: boolean): RegExp {
  try {
    return new RegExp(pattern, ignoreCase ? 'i' : '')
  } catch (error) {
    throw new Exit('TEP5015', EXIT.usage, `${pattern} is no regular expression: ${(error as Error).message}`)
  }
}

/** One event a line for people; JSON as one line, so that `jq` can follow. */
function line(event: SeenEvent, format: Format, { style }: Terminal): string {
  if (format === 'json') return JSON.stringify(event)
  if (format === 'yaml') return `---\n${structured(event, 'yaml')}`
  const badge = event.schema === 'valid' ? '' : style('yellow', ` [schema ${event.schema}]`)
  const waits = event.published_at ? '' : style('yellow', ' [not published yet]')
  return `${style('dim', event.created_at)}  ${style('cyan', event.topic)}  ${event.type.replace('com.taskmanager.', '')}  ${event.subject}  ${style('dim', event.id)}${badge}${waits}`
}
