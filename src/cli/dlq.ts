import type { Command } from 'commander'
import { type Api, type ApiOptions, openApi, withApi } from './api.ts'
import { EXIT, Exit } from './exit.ts'
import { pause, whole } from './options.ts'
import { type Format, structured, table, withOutput } from './output.ts'
import type { Terminal } from './terminal.ts'

interface Filter {
  consumer?: string
  topic?: string
  type?: string
  code?: string
  event?: string
  reason?: string
  after?: string
  before?: string
}

interface Common extends ApiOptions, Filter {
  output: Format
}

const ROOT = '/api/v1/dead-letters'

/** `tep dlq ls|show|replay|purge`: events that consumers could not handle. What changes something is a dry run without `--yes`. */
export function dlq(program: Command, terminal: Terminal): void {
  const command = program.command('dlq').description('Dead letters: count their reasons, look at one, replay, purge.')
  const ls = command
    .command('ls')
    .description('Count dead letters by consumer, topic, type and reason; or list each with --each.')
    .option('--each', 'each letter, newest first', false)
    .option('--limit <count>', 'most letters of --each', whole(1, 200), 50)
    .action((options: Common & { each: boolean; limit: number }) => list(options, terminal))
  withOutput(withApi(withFilter(ls)))
  const show = command
    .command('show')
    .argument('<id>', 'number of the letter')
    .description('Show a letter, its reason, and what the schema of its type says of it today.')
    .action(async (id: string, options: Common) => {
      const letter = await openApi(options, terminal).get<object>(`${ROOT}/${encodeURIComponent(id)}`)
      terminal.out(options.output === 'text' ? letterText(letter) : structured(letter, options.output))
    })
  withOutput(withApi(show))
  const replay = command
    .command('replay')
    .argument('[id]', 'number of one letter; without it, all that the filter finds')
    .description('Publish dead letters again, in order and at a rate (dry run unless --yes; three times at most).')
    .option('--rate <count>', 'events a second', whole(1, 1_000), 100)
    .option('--max <count>', 'most letters', whole(1, 100_000), 100_000)
    .option('--include-invalid', 'also those their schema refuses today', false)
    .option('--no-wait', 'do not wait for its end')
    .option('--yes', 'do it', false)
    .action((id: string | undefined, options: ReplayOptions) => runReplay(id, options, terminal))
  withOutput(withApi(withFilter(replay)))
  const purge = command
    .command('purge')
    .description('Delete the dead letters a filter finds (dry run unless --yes).')
    .option('--yes', 'do it', false)
    .action((options: Common & { yes: boolean }) => runPurge(options, terminal))
  withOutput(withApi(withFilter(purge)))
}

const withFilter = (command: Command): Command =>
  command
    .option('--consumer <app-id>', 'that this app could not handle')
    .option('--topic <topic>', 'of this topic')
    .option('--type <type>', 'of this short type: task.created')
    .option('--code <code>', 'that failed with this code: TEP4104')
    .option('--event <id>', 'of this event')
    .option('--reason <text>', 'whose reason contains this')
    .option('--after <time>', 'parked at this time or later (RFC 3339)')
    .option('--before <time>', 'parked before this time (RFC 3339)')

function filterOf({ consumer, topic, type, code, event, reason, after, before }: Filter): Record<string, string> {
  const given = { consumer, topic, type, code, event_id: event, reason, after, before }
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Record<string, string>
}

type Row = Record<string, string | number | null>

async function list(options: Common & { each: boolean; limit: number }, terminal: Terminal): Promise<void> {
  const api = openApi(options, terminal)
  const query = options.each ? { ...filterOf(options), limit: options.limit } : filterOf(options)
  const { items } = await api.get<{ items: Row[] }>(options.each ? ROOT : `${ROOT}/reasons`, query)
  if (options.output !== 'text') return terminal.out(structured(items, options.output))
  if (items.length === 0) return terminal.out('no dead letters')
  const columns = options.each
    ? ['id', 'dead_lettered_at', 'consumer', 'topic', 'type', 'code', 'replays', 'reason']
    : ['count', 'consumer', 'topic', 'type', 'code', 'newest', 'reason']
  const rows = items.map(item => columns.map(column => String(item[column] ?? '')))
  terminal.out(table([columns.map(column => column.toUpperCase().replaceAll('_', ' ')), ...rows]).join('\n'))
}

function letterText(letter: object): string {
  const { body, against_schema: schema, ...rest } = letter as Record<string, unknown>
  const lines = Object.entries(rest).map(([name, value]) => [name, String(value ?? '')])
  return [...table(lines), '', 'Against its schema:', structured(schema, 'yaml'), '', 'Body:', String(body)].join('\n')
}

interface ReplayOptions extends Common {
  rate: number
  max: number
  includeInvalid: boolean
  wait: boolean
  yes: boolean
}

interface ReplayPlan {
  matched: number
  verdicts: Record<string, number>
  id?: string
  replay: number
  seconds: number
  sample: number[]
}

interface Replay {
  status: 'running' | 'done' | 'stopped'
  total: number
  replayed: number
  gone: number
}

async function runReplay(id: string | undefined, options: ReplayOptions, terminal: Terminal): Promise<void> {
  const api = openApi(options, terminal)
  const text = options.output === 'text'
  const show = (value: unknown, words: string): void =>
    terminal.out(options.output === 'text' ? words : structured(value, options.output))
  if (id !== undefined) {
    if (!options.yes) {
      const letter = await api.get<{ verdict: string }>(`${ROOT}/${encodeURIComponent(id)}`)
      return show(letter, `dry run: letter ${id} is ${letter.verdict}; --yes replays it`)
    }
    const answer = await api.post<{ topic: string; replays: number }>(`${ROOT}/${encodeURIComponent(id)}/replay`, {})
    return show(answer, `letter ${id} goes to ${answer.topic} again (${answer.replays} of 3 times)`)
  }
  const { rate, max, includeInvalid, yes } = options
  const body = { filter: filterOf(options), dry_run: !yes, rate, max, include_invalid: includeInvalid }
  const plan = await api.post<ReplayPlan>(`${ROOT}/replays`, body)
  const verdicts = Object.entries(plan.verdicts).map(([verdict, count]) => `${count} ${verdict}`)
  const found = `${plan.matched} found (${verdicts.join(', ')}), ${plan.replay} to replay in about ${plan.seconds} s`
  if (!yes) return show(plan, `dry run: ${found}; --yes replays them`)
  if (!options.wait || plan.id === undefined) return show(plan, `${found}; it goes on as replay ${plan.id}`)
  if (text) terminal.out(found)
  const end = await untilDone(api, plan.id, terminal)
  show({ ...plan, ...end }, `${end.status}: ${end.replayed} replayed, ${end.gone} were gone already`)
  if (end.status !== 'done') terminal.exitCode = EXIT.found
}

const EVERY_MS = 300

/** Tells how far it is on the error stream, for the result alone belongs on the other. Ctrl-C leaves it going. */
async function untilDone(api: Api, id: string, terminal: Terminal): Promise<Replay> {
  for (let shown = -1; ; ) {
    const replay = await api.get<Replay>(`${ROOT}/replays/${id}`)
    const done = replay.replayed + replay.gone
    if (done !== shown) terminal.err(`replay ${id}: ${done} of ${replay.total}`)
    shown = done
    if (replay.status !== 'running' || terminal.signal.aborted) return replay
    await pause(EVERY_MS, terminal.signal)
  }
}

async function runPurge(options: Common & { yes: boolean }, terminal: Terminal): Promise<void> {
  const filter = filterOf(options)
  if (Object.keys(filter).length === 0)
    throw new Exit('TEP5018', EXIT.usage, 'purge needs a filter: give --consumer, --topic, --code, --before or another')
  const answer = await openApi(options, terminal).post<{ count: number }>(`${ROOT}/purge`, {
    filter,
    dry_run: !options.yes,
  })
  const words = options.yes
    ? `${answer.count} deleted`
    : `dry run: ${answer.count} would be deleted; --yes deletes them`
  terminal.out(options.output === 'text' ? words : structured(answer, options.output))
}
