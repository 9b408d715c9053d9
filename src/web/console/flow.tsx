import type { Flow } from '../../contracts/console.ts'
import { call } from '../kit/api.ts'
import { href } from '../kit/router.ts'
import { Show, useLoaded } from '../ui/loaded.tsx'
import { usePolling } from './poll.ts'
import { Table } from './table.tsx'

const ROW = 64
const [LEFT, MIDDLE, RIGHT, WIDTH, HEIGHT, BOX] = [10, 330, 650, 890, 44, 200]
const EVERY = 2_000

/** Who publishes what and who has had its effect: a picture that lives, and the same as a table. */
export function FlowPage() {
  const flow = useLoaded(() => call<Flow>('/api/v1/console/flow'))
  usePolling(flow.reload, EVERY)
  return (
    <Show of={flow}>
      {value => (
        <>
          <Graph flow={value} />
          <Consumers flow={value} />
        </>
      )}
    </Show>
  )
}

/** Boxes of a column spread over the height of the picture. */
const spread = (names: readonly string[], rows: number): Map<string, number> =>
  new Map(names.map((name, i) => [name, ((i + 0.5) * rows * ROW) / names.length]))

function Graph({ flow: { publishers, topics, consumers } }: { flow: Flow }) {
  const names = [...new Set(consumers.map(({ consumer }) => consumer))]
  const rows = Math.max(names.length, topics.length, publishers.length)
  const publisherY = spread(
    publishers.map(({ app }) => app),
    rows,
  )
  const topicY = spread(
    topics.map(({ topic }) => topic),
    rows,
  )
  const consumerY = spread(names, rows)
  return (
    <div class="scroll">
      <svg class="flow" viewBox={`0 0 ${WIDTH} ${rows * ROW}`}>
        <title>How events flow; the table below says the same</title>
        {publishers.flatMap(({ app, topics: published }) =>
          published.map(topic => {
            const rate = topics.find(each => each.topic === topic)?.per_minute ?? 0
            return (
              <a
                key={`${app} ${topic}`}
                href={href('console', 'events', topic)}
                aria-label={`Events that ${app} publishes on ${topic}`}
              >
                <Edge
                  from={[LEFT + BOX, publisherY.get(app)!]}
                  to={[MIDDLE, topicY.get(topic)!]}
                  rate={rate}
                  late={false}
                />
              </a>
            )
          }),
        )}
        {consumers.map(({ consumer, topic, per_minute: rate, behind }) => (
          <a key={`${topic} ${consumer}`} href={href('console', 'events', topic)} aria-label={`Events of ${topic}`}>
            <Edge
              from={[MIDDLE + BOX, topicY.get(topic)!]}
              to={[RIGHT, consumerY.get(consumer)!]}
              rate={rate ?? 0}
              late={!!behind}
            />
          </a>
        ))}
        {publishers.map(({ app }) => (
          <Box key={app} x={LEFT} y={publisherY.get(app)!} title={app} note="publishes" />
        ))}
        {topics.map(({ topic, per_minute: rate, waiting }) => (
          <a key={topic} href={href('console', 'events', topic)}>
            <Box
              x={MIDDLE}
              y={topicY.get(topic)!}
              title={topic}
              note={`${rate}/min${waiting ? `, ${waiting} wait` : ''}`}
              bad={waiting > 0}
            />
          </a>
        ))}
        {names.map(name => {
          const own = consumers.filter(({ consumer }) => consumer === name)
          const behind = own.reduce((sum, each) => sum + (each.behind ?? 0), 0)
          const parked = own.reduce((sum, each) => sum + each.dead_letters, 0)
          const view = own.every(each => each.behind === null)
          const note = [view ? 'a view' : behind ? `${behind} behind` : 'up to date', parked && `${parked} parked`]
            .filter(Boolean)
            .join(', ')
          return (
            <Box key={name} x={RIGHT} y={consumerY.get(name)!} title={name} note={note} bad={behind + parked > 0} />
          )
        })}
      </svg>
    </div>
  )
}

function Box({ x, y, title, note, bad = false }: { x: number; y: number; title: string; note: string; bad?: boolean }) {
  return (
    <g transform={`translate(${x} ${y - HEIGHT / 2})`} class={bad ? 'bad' : ''}>
      <rect width={BOX} height={HEIGHT} rx={8} />
      <text x={12} y={19}>
        {title}
      </text>
      <text x={12} y={36} class="note">
        {note}
      </text>
    </g>
  )
}

/** Wider is more; the dashes run while events do. */
function Edge({
  from: [x1, y1],
  to: [x2, y2],
  rate,
  late,
}: {
  from: [number, number]
  to: [number, number]
  rate: number
  late: boolean
}) {
  const bend = (x2 - x1) / 2
  return (
    <path
      class={`edge ${rate ? 'moving' : ''} ${late ? 'late' : ''}`}
      d={`M${x1} ${y1} C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`}
      stroke-width={1.5 + Math.min(6, Math.log2(1 + rate))}
    />
  )
}

function Consumers({ flow: { consumers } }: { flow: Flow }) {
  return (
    <Table
      caption="Effects, by consumer and topic"
      heads={['Consumer', 'Topic', 'Per minute', 'Behind', 'Since', 'Dead letters']}
    >
      {consumers.map(
        ({ consumer, topic, per_minute: rate, behind, oldest_behind_seconds: since, dead_letters: parked }) => (
          <tr key={`${consumer} ${topic}`}>
            <th scope="row">{consumer}</th>
            <td>
              <a href={href('console', 'events', topic)}>{topic}</a>
            </td>
            <td>{rate ?? '–'}</td>
            <td class={behind ? 'problem' : ''}>{behind ?? '–'}</td>
            <td>{since === null ? '–' : `${Math.round(since)} s`}</td>
            <td>{parked ? <a href={href('console', 'dead-letters')}>{parked}</a> : 0}</td>
          </tr>
        ),
      )}
    </Table>
  )
}
