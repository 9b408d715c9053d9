import { conditionOf } from '../../controller/kube/objects.ts'
import type { Platform } from '../../controller/platform/platform.ts'
import { TOLD_WHEN_TRUE } from '../contracts/conditions.ts'
import type { Flow } from '../contracts/console.ts'
import { layerOfKind } from './diagnosis/diagnose.ts'
import { table } from './output.ts'
import type { Terminal } from './terminal.ts'

type Component = NonNullable<NonNullable<Platform['status']>['components']>[number]

/** Which condition sums up the children of a layer. */
const CONDITIONS: readonly [type: string, layer: string][] = [
  ['KafkaReady', 'kafka'],
  ['TopicsReady', 'topics'],
  ['DatabaseReady', 'database'],
  ['MessagingReady', 'messaging'],
  ['ServicesReady', 'services'],
]

const COLOURS = { True: 'green', False: 'red', Unknown: 'yellow' } as const

/** A platform as a tree: its parts with their conditions, what of each is not ready, endpoints, and how events flow. */
export function statusText(platform: Platform, flow: Flow | string, wide: boolean, { style }: Terminal): string {
  const { metadata, status } = platform
  const ready = conditionOf(platform, 'Ready')
  const mark = (state: keyof typeof COLOURS | undefined, text: string): string =>
    style(COLOURS[state ?? 'Unknown'], text)
  const seen = status?.observedGeneration === metadata.generation
  const lines = [
    `${style('bold', `TodoEventPlatform ${metadata.namespace}/${metadata.name}`)}  ${mark(ready?.status, ready?.status === 'True' ? 'Ready' : 'NotReady')}${ready?.message ? `: ${ready.message}` : ''}`,
    `version ${status?.version ?? '?'}, services ${status?.services?.ready ?? '?'}, generation ${metadata.generation}${seen ? '' : ` (the operator has seen ${status?.observedGeneration ?? 'none'})`}`,
  ]
  const parts = CONDITIONS.map(([type, layer]) => ({
    type,
    condition: conditionOf(platform, type),
    components: (status?.components ?? []).filter(({ kind }) => layerOfKind(kind) === layer),
  })).filter(({ condition }) => condition)
  for (const { type, condition, components } of parts) {
    lines.push(`├─ ${mark(condition!.status, type)}${condition!.status === 'True' ? '' : `: ${condition!.reason}`}`)
    lines.push(
      ...componentLines(components, wide).map((line, i, all) => `│  ${i === all.length - 1 ? '└' : '├'}─ ${line}`),
    )
  }
  const others = (status?.conditions ?? []).filter(
    ({ type, status: value }) => type === 'EventsFlowing' || (TOLD_WHEN_TRUE.includes(type) && value === 'True'),
  )
  for (const { type, status: value, reason, message } of others) {
    const good = type === 'EventsFlowing' ? value : 'Unknown'
    lines.push(`├─ ${mark(good, type)}: ${reason}${message ? `: ${message}` : ''}`)
  }
  const endpoints = Object.entries(status?.endpoints ?? {})
  lines.push(
    `└─ Endpoints${endpoints.length ? '' : ': none yet'}`,
    ...table(endpoints.map(([name, url], i) => [`   ${i === endpoints.length - 1 ? '└' : '├'}─ ${name}`, url])),
  )
  if (typeof flow === 'string') lines.push('', style('dim', `Events: ${flow}`))
  else lines.push('', ...flowLines(flow))
  return lines.join('\n')
}

/** Each that waits with its reason; those that are ready as a number of their kind, or each with `wide`. */
function componentLines(components: readonly Component[], wide: boolean): string[] {
  const open = components.filter(({ ready }) => !ready)
  const done = components.filter(({ ready }) => ready)
  const counts = Map.groupBy(done, ({ kind }) => kind)
  return [
    ...open.map(
      ({ kind, name, reason, message }) => `${kind} ${name}: ${reason ?? 'NotReady'}${message ? ` (${message})` : ''}`,
    ),
    ...(wide
      ? done.map(({ kind, name }) => `${kind} ${name}: ready`)
      : [...counts].map(([kind, all]) =>
          all.length === 1 ? `${kind} ${all[0]!.name}: ready` : `${all.length} ${kind}: ready`,
        )),
  ]
}

const number = (value: number | null): string => (value === null ? '-' : String(value))

function flowLines({ topics, consumers }: Flow): string[] {
  return table([
    ['TOPIC', 'CONSUMER', 'PER MINUTE', 'BEHIND', 'DEAD LETTERS', 'OUTBOX'],
    ...topics.flatMap(({ topic, per_minute, waiting }) => [
      [topic, '', number(per_minute), '', '', String(waiting)],
      ...consumers
        .filter(each => each.topic === topic)
        .map(each => ['', each.consumer, number(each.per_minute), number(each.behind), String(each.dead_letters), '']),
    ]),
  ])
}
