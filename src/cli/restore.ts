import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Command } from 'commander'
import { migrate } from '../kit/migrate.ts'
import { startPostgres } from '../local/postgres/index.ts'
import { verifyEveryone } from '../services/audit/verify-everyone.ts'
import { MIGRATIONS } from '../services/migrations/index.ts'
import { type Header, type Line, readArchive } from './backup/archive.ts'
import { addressOf, withDatabase } from './backup/database.ts'
import { migrationsOf } from './backup/dump.ts'
import { type Loaded, load } from './backup/load.ts'
import { EXIT, Exit } from './exit.ts'
import { type Format, structured, withOutput, yamlOf } from './output.ts'
import type { Terminal } from './terminal.ts'

interface RestoreOptions {
  databaseUrl?: string
  replace: boolean
  drill: boolean
  manifest: boolean
  output: Format
}

/** `tep restore`: a backup into a database; or tried out, or only its manifests. */
export function restore(program: Command, terminal: Terminal): void {
  const command = program
    .command('restore')
    .argument('<file>', 'what "tep backup" wrote')
    .description(
      'Put a backup into a database, all of it or nothing. Events that a consumer had not handled go out again; alarms of reminders are set anew.',
    )
    .option('--database-url <uri>', 'the database as it is reached from here; default: $DATABASE_URL')
    .option('--replace', 'also where there is data: it is lost', false)
    .option('--drill', 'into a database of its own that is gone afterwards: whether the backup is good', false)
    .option('--manifest', 'write the platform as it was, and its topics, and touch no database', false)
    .action((file: string, options: RestoreOptions) => run(file, options, terminal))
  withOutput(command)
}

async function run(file: string, options: RestoreOptions, terminal: Terminal): Promise<void> {
  const header = await headerOf(file)
  if (options.manifest) {
    if (!header.platform) throw new Exit('TEP5020', EXIT.usage, `${file} holds a database alone`)
    return terminal.out([header.platform, ...header.topics].map(yamlOf).join('---\n').trimEnd())
  }
  const unknown = header.migrations.filter(name => !MIGRATIONS.some(migration => migration.name === name))
  if (unknown.length > 0)
    throw new Exit(
      'TEP5021',
      EXIT.refused,
      `${file} was written by release ${header.version} and has migrations that this one does not know (${unknown.join(', ')}): use that release`,
    )
  if (options.drill) return drill(file, header, options, terminal)
  const url = options.databaseUrl ?? terminal.env['DATABASE_URL']
  if (!url) throw new Exit('TEP5022', EXIT.usage, 'into which database? Give --database-url or DATABASE_URL')
  const loaded = await into(url, file, header, options.replace, terminal)
  tell({ file, ...loaded }, `${addressOf(url)} is as it was at ${header.created_at}`, options, terminal)
}

async function headerOf(file: string): Promise<Header> {
  for await (const line of readArchive(file)) return (line as { header: Header }).header
  throw new Exit('TEP5020', EXIT.usage, `${file} is empty`)
}

async function into(url: string, file: string, header: Header, replace: boolean, terminal: Terminal): Promise<Loaded> {
  await withDatabase(url, async client => {
    const present = await migrationsOf(client)
    const newer = present.filter(name => !header.migrations.includes(name))
    if (newer.length > 0)
      throw new Exit(
        'TEP5021',
        EXIT.refused,
        `${addressOf(url)} is further on than the backup (${newer.join(', ')}): restore into an empty database; the next start brings it up to date`,
      )
    if (replace || present.length === 0) return
    const { rows } = await client.query(
      'SELECT EXISTS (SELECT FROM backend.tasks) OR EXISTS (SELECT FROM messaging.outbox) AS used',
    )
    if (rows[0].used)
      throw new Exit(
        'TEP5021',
        EXIT.refused,
        `${addressOf(url)} holds data: with --replace it is lost for what the backup holds`,
      )
  })
  await migrate(
    url,
    MIGRATIONS.filter(({ name }) => header.migrations.includes(name)),
  )
  const loaded = await withDatabase(url, client =>
    load(client, rest(readArchive(file)), table => {
      if (terminal.tty) terminal.err(terminal.style('dim', table))
    }),
  )
  await migrate(url, MIGRATIONS)
  return loaded
}

async function* rest(lines: AsyncIterable<Line>): AsyncGenerator<Line> {
  for await (const line of lines) if (!('header' in line)) yield line
}

/** The whole way into a PostgreSQL of its own, and whether what arrived is sound. */
async function drill(file: string, header: Header, options: RestoreOptions, terminal: Terminal): Promise<void> {
  const dataDir = await mkdtemp(join(tmpdir(), 'tep-drill-'))
  const server = await startPostgres({ dataDir, fsync: false })
  try {
    const password = randomBytes(16).toString('hex')
    await server.createDatabase({ name: 'drill', owner: 'drill', password })
    const url = `postgres://drill:${password}@${server.host}:${server.port}/drill`
    const loaded = await into(url, file, header, false, terminal)
    const broken = await withDatabase(url, verifyEveryone)
    if (broken.length > 0)
      throw new Exit(
        'TEP5023',
        EXIT.found,
        `the audit of ${broken.length} people is not as it was written, first of ${broken[0]!.user_id} at position ${broken[0]!.position}: take another backup`,
      )
    tell(
      { file, ...loaded, audit: 'intact' },
      `the backup of ${header.created_at} is good: its audit is intact`,
      options,
      terminal,
    )
  } finally {
    await server.stop()
    await rm(dataDir, { recursive: true, force: true })
  }
}

function tell(
  result: Loaded & { file: string; audit?: 'intact' },
  sentence: string,
  { output }: RestoreOptions,
  terminal: Terminal,
): void {
  if (output !== 'text') {
    terminal.out(structured(result, output))
    return
  }
  const rows = Object.values(result.rows).reduce((sum, count) => sum + count, 0)
  terminal.out(
    `${sentence}; ${rows} rows of ${Object.keys(result.rows).length} tables, ${result.republished} events go out again`,
  )
  if (result.leftOut.length > 0)
    terminal.err(`left out, for this database has no such table: ${result.leftOut.join(', ')}`)
}
