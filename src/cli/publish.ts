import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import {
  createEvent,
  EVENT_SCHEMAS,
  type EventData,
  type EventType,
  isEventType,
  topicOf,
  violations,
} from '../contracts/events/index.ts'
import { PUBSUB } from '../contracts/topology.ts'
import { EXIT, Exit } from './exit.ts'
import { structured } from './output.ts'
import type { Terminal } from './terminal.ts'

interface PublishOptions {
  type: string
  data: string
  subject?: string
  app: string
  pubsub: string
  dapr?: string
  yes: boolean
}

/**
 * `tep events publish`: one event through a sidecar, held to the schema of its type first. It goes past outbox and API: for
 * trying a consumer, not for writing data. Dry run by default.
 */
export function publish(events: Command, terminal: Terminal): void {
  events
    .command('publish')
    .description('Publish one event through a Dapr sidecar, once its schema takes it (dry run unless --yes).')
    .requiredOption('--type <type>', 'short type: task.created')
    .requiredOption('--data <json>', 'its data: JSON, @file, or - for the standard input')
    .option('--subject <subject>', 'aggregate: task/<id>')
    .option('--app <app-id>', 'publisher it says it is of', 'backend-service')
    .option('--pubsub <name>', 'pubsub component', PUBSUB)
    .option('--dapr <url>', 'HTTP address of a sidecar; default: $DAPR_HTTP_ENDPOINT ($DAPR_API_TOKEN is sent)')
    .option('--yes', 'publish it', false)
    .action((options: PublishOptions) => run(options, terminal))
}

async function run(
  { type: given, data: source, subject, app, pubsub, dapr, yes }: PublishOptions,
  terminal: Terminal,
): Promise<void> {
  const type = given.replace(/^com\.taskmanager\./, '')
  if (!isEventType(type))
    throw new Exit(
      'TEP5015',
      EXIT.usage,
      `there is no event type ${given}; there is ${Object.keys(EVENT_SCHEMAS).join(', ')}`,
    )
  const data = readData(source)
  const faults = violations(type, data, 'publish')
  if (faults.length > 0)
    throw new Exit(
      'TEP5017',
      EXIT.usage,
      `the schema of ${type} refuses it: ${faults.map(({ field, message }) => `data${field && `.${field}`} ${message}`).join('; ')}; see "tep schema types ${type}"`,
    )
  const event = createEvent({ type: type as EventType, appId: app, subject, data: data as EventData[EventType] })
  const topic = topicOf(type)
  terminal.out(structured(event, 'json'))
  if (!yes) return terminal.err(`dry run: --yes publishes it to ${topic} through ${pubsub}`)
  const base = dapr ?? terminal.env['DAPR_HTTP_ENDPOINT']
  if (!base)
    throw new Exit(
      'TEP5012',
      EXIT.usage,
      `no sidecar is known: give --dapr or DAPR_HTTP_ENDPOINT; "kubectl port-forward deploy/todo-backend 3500" makes http://127.0.0.1:3500 of the backend's`,
    )
  await send(
    `${base.replace(/\/$/, '')}/v1.0/publish/${pubsub}/${topic}?metadata.partitionKey=${encodeURIComponent(event.partitionkey)}`,
    event,
    terminal,
  )
  terminal.err(`published ${event.id} to ${topic}; what becomes of it: tep trace ${event.id}`)
}

/** @throws Exit TEP5012 when the sidecar does not answer, TEP5013 when it refuses */
async function send(url: string, event: unknown, { env }: Terminal): Promise<void> {
  const token = env['DAPR_API_TOKEN']
  const response = await fetch(url, {
    method: 'POST',
    // As a CloudEvent, so that Dapr keeps its id and type instead of wrapping it in an event of its own.
    headers: { 'content-type': 'application/cloudevents+json', ...(token && { 'dapr-api-token': token }) },
    body: JSON.stringify(event),
    signal: AbortSignal.timeout(30_000),
  }).catch((error: Error & { cause?: Error }) => {
    throw new Exit('TEP5012', EXIT.found, `the sidecar does not answer: ${error.cause?.message ?? error.message}`)
  })
  if (!response.ok)
    throw new Exit('TEP5013', EXIT.found, `the sidecar answered ${response.status}: ${await response.text()}`)
}

/** @throws Exit TEP5005 for a file that is not there, TEP5015 for what is no JSON */
function readData(source: string): unknown {
  let text = source
  if (source === '-' || source.startsWith('@'))
    try {
      text = readFileSync(source === '-' ? 0 : source.slice(1), 'utf8')
    } catch (error) {
      throw new Exit('TEP5005', EXIT.usage, `--data ${source} cannot be read: ${(error as Error).message}`)
    }
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new Exit('TEP5015', EXIT.usage, `--data is no JSON: ${(error as Error).message}`)
  }
}
