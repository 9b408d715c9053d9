import { stat } from 'node:fs/promises'
import type { Command } from 'commander'
import type { KubeObject } from '../../controller/kube/objects.ts'
import { effectiveSpec } from '../../controller/platform/effective.ts'
import { KINDS, PLATFORM_LABEL, PLATFORM_NAMESPACE_LABEL, type Platform } from '../../controller/platform/platform.ts'
import { databaseSecret } from '../../controller/platform/render/database.ts'
import { type Header, type Line, writeArchive } from './backup/archive.ts'
import { addressOf, withDatabase } from './backup/database.ts'
import { dump, migrationsOf } from './backup/dump.ts'
import { type Cluster, type ClusterOptions, listOf, onePlatform, openCluster, reading, withCluster } from './cluster.ts'
import { EXIT, Exit } from './exit.ts'
import { type Format, structured, withOutput } from './output.ts'
import type { Terminal } from './terminal.ts'

interface BackupOptions extends ClusterOptions {
  file?: string
  databaseUrl?: string
  databaseOnly: boolean
  output: Format
}

/** `tep backup`: the database at one moment, the platform and its topics, in one file. Nobody has to stop for it. */
export function backup(program: Command, terminal: Terminal, version: string): void {
  const command = program
    .command('backup')
    .argument('[name]', 'platform; default: that of the namespace')
    .description(
      'Write a platform’s database, manifest and topics into one file, while it runs. The file holds what people wrote: keep it as you keep the database.',
    )
    .option('-f, --file <path>', 'file to write; default: <name>-<time>.tep-backup')
    .option(
      '--database-url <uri>',
      'the database as it is reached from here; default: $DATABASE_URL, the platform’s Secret',
    )
    .option('--database-only', 'ask no cluster: the database alone', false)
    .action((name: string | undefined, options: BackupOptions) => run(name, options, terminal, version))
  withOutput(withCluster(command))
}

async function run(
  name: string | undefined,
  { file: wanted, databaseUrl, databaseOnly, output, ...options }: BackupOptions,
  terminal: Terminal,
  version: string,
): Promise<void> {
  const cluster = databaseOnly ? undefined : openCluster(options, terminal)
  const platform = cluster && (await onePlatform(cluster, name))
  const url = databaseUrl ?? terminal.env['DATABASE_URL'] ?? (platform && (await urlOf(cluster!, platform, version)))
  if (!url) throw new Exit('TEP5022', EXIT.usage, 'which database? Give --database-url or DATABASE_URL')
  const createdAt = new Date().toISOString()
  const file =
    wanted ?? `${platform?.metadata.name ?? 'database'}-${createdAt.slice(0, 19).replaceAll(':', '')}Z.tep-backup`
  if (await stat(file).catch(() => undefined))
    throw new Exit('TEP5019', EXIT.refused, `${file} is there already: name another file`)
  const topics = platform ? await topicsOf(cluster!, platform) : []
  const counts: Record<string, number> = {}
  await withDatabase(url, async client => {
    const migrations = await migrationsOf(client)
    if (migrations.length === 0)
      throw new Exit(
        'TEP5022',
        EXIT.usage,
        `the database at ${addressOf(url)} is no platform's: no migration ran there`,
      )
    const header: Header = {
      format: 'tep-backup/1',
      created_at: createdAt,
      version,
      migrations,
      platform: platform ? manifestOf(platform) : null,
      topics: topics.map(manifestOf),
    }
    await writeArchive(
      file,
      counted([{ header }], dump(client), counts, table => {
        if (terminal.tty) terminal.err(terminal.style('dim', table))
      }),
    )
  })
  const rows = Object.values(counts).reduce((sum, count) => sum + count, 0)
  const { size: bytes } = await stat(file)
  const result = { file, bytes, rows, tables: counts, topics: topics.length, created_at: createdAt }
  terminal.out(
    output === 'text'
      ? `${file}: ${rows} rows of ${Object.keys(counts).length} tables, ${topics.length} topics, ${Math.ceil(bytes / 1_024)} KiB; try it with "tep restore ${file} --drill"`
      : structured(result, output),
  )
}

async function* counted(
  first: readonly Line[],
  rest: AsyncIterable<Line>,
  counts: Record<string, number>,
  onTable: (name: string) => void,
): AsyncGenerator<Line> {
  yield* first
  let table = ''
  for await (const line of rest) {
    if ('table' in line) {
      table = line.table
      counts[table] = 0
      onTable(table)
    } else if ('row' in line) counts[table]!++
    yield line
  }
}

/** As it would be applied: without what the server and others added. */
function manifestOf({ apiVersion, kind, metadata, spec }: KubeObject): KubeObject {
  const { name, namespace, labels, annotations } = metadata
  const { 'kubectl.kubernetes.io/last-applied-configuration': _applied, ...kept } = annotations ?? {}
  return {
    apiVersion,
    kind,
    metadata: {
      name,
      ...(namespace && { namespace }),
      ...(labels && { labels }),
      ...(Object.keys(kept).length && { annotations: kept }),
    },
    spec,
  }
}

/** In its own namespace, or in that of a Kafka that it shares; never those of a namesake elsewhere. */
async function topicsOf({ client }: Cluster, { metadata, status }: Platform): Promise<KubeObject[]> {
  const elsewhere = (status?.inventory ?? []).flatMap(({ namespace }) => namespace ?? [])
  const lists = [...new Set([metadata.namespace, ...elsewhere])].flatMap(namespace =>
    [KINDS.topic, KINDS.redpandaTopic].map(kind => listOf(client, kind, namespace)),
  )
  const found = (await reading(Promise.all(lists))).flat()
  return found.filter(
    ({ metadata: { labels } }) =>
      labels?.[PLATFORM_LABEL] === metadata.name && labels[PLATFORM_NAMESPACE_LABEL] === metadata.namespace,
  )
}

async function urlOf({ client }: Cluster, platform: Platform, version: string): Promise<string> {
  const { name, key } = databaseSecret({ platform, effective: effectiveSpec(platform, version) })
  const secret = await reading(client.get(KINDS.secret, platform.metadata.namespace, name))
  const value = secret?.['data']?.[key]
  if (typeof value !== 'string')
    throw new Exit('TEP5022', EXIT.usage, `Secret ${name} has no ${key}: give --database-url or DATABASE_URL`)
  return Buffer.from(value, 'base64').toString('utf8')
}
