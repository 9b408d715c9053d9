import type { Command } from 'commander'
import type { SeenEvent, Story } from '../contracts/console.ts'
import { type ApiOptions, openApi, withApi } from './api.ts'
import { type Format, structured, table, withOutput } from './output.ts'
import type { Terminal } from './terminal.ts'

/** `tep trace <event-id>`: what became of one event, hop by hop, what caused it and what it caused. */
export function trace(program: Command, terminal: Terminal): void {
  const command = program
    .command('trace')
    .argument('<event-id>', 'id of the event')
    .description('Tell one event’s story: committed, published, handled by whom and when, what it caused.')
    .action(async (id: string, options: ApiOptions & { output: Format }) => {
      const story = await openApi(options, terminal).get<Story>(`/api/v1/console/events/${encodeURIComponent(id)}`)
      terminal.out(options.output === 'text' ? storyText(story, terminal) : structured(story, options.output))
    })
  withOutput(withApi(command))
}

const short = ({ type, id }: SeenEvent): string => `${type.replace('com.taskmanager.', '')}  ${id}`

function storyText({ event, hops, caused_by: cause, causes }: Story, { style }: Terminal): string {
  const began = Date.parse(hops[0]?.at ?? '')
  const trace = event.event.traceparent?.split('-')[1]
  return [
    ...(cause ? [`${style('dim', 'caused by')}  ${short(cause)}`] : []),
    `${style('bold', short(event))}  ${event.subject}${event.schema === 'valid' ? '' : `  [schema ${event.schema}]`}`,
    ...(trace ? [style('dim', `trace ${trace}`)] : []),
    ...table(hops.map(({ at, what, where, detail = '' }) => [`  +${Date.parse(at) - began} ms`, what, where, detail])),
    ...causes.map(each => `${style('dim', 'it caused')}  ${short(each)}`),
  ].join('\n')
}
