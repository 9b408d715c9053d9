import type { FlowGraph } from './graph-text.ts'

const [BOX, HEIGHT, ROW, GAP] = [230, 40, 56, 110]
const COLUMNS = [10, 10 + BOX + GAP, 10 + 2 * (BOX + GAP)] as const

const escaped = (text: string): string =>
  text.replace(/[&<>"]/g, char => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[char]!)

/** A picture that stands by itself: publishers, topics, consumers from left to right, in light and dark. Pure. */
export function svgGraph({ topics, edges }: FlowGraph): string {
  const names = topics.map(({ name }) => name)
  const isTopic = (name: string): boolean => names.includes(name)
  const publishers = [...new Set(edges.filter(({ to }) => isTopic(to)).map(({ from }) => from))]
  const consumers = [...new Set(edges.filter(({ from }) => isTopic(from)).map(({ to }) => to))]
  const rows = Math.max(names.length, publishers.length, consumers.length, 1)
  const at = (column: readonly string[], name: string): number =>
    ((column.indexOf(name) + 0.5) * rows * ROW) / column.length
  const box = (column: number, all: readonly string[], name: string, note: string): string =>
    `<g transform="translate(${COLUMNS[column]} ${at(all, name) - HEIGHT / 2})"><rect width="${BOX}" height="${HEIGHT}" rx="8"/><text x="10" y="17">${escaped(name)}</text><text x="10" y="32" class="note">${escaped(note)}</text></g>`
  const edge = (column: number, y1: number, y2: number, note: string): string => {
    const [x1, x2] = [COLUMNS[column]! + BOX, COLUMNS[column + 1]!]
    return `<path d="M${x1} ${y1}C${x1 + GAP / 2} ${y1} ${x2 - GAP / 2} ${y2} ${x2} ${y2}"><title>${escaped(note)}</title></path>`
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 ${COLUMNS[2] + BOX + 10} ${rows * ROW}" font-family="system-ui, sans-serif" font-size="13">`,
    '<title>How events flow</title>',
    '<style>rect{fill:#fff;stroke:#b8bccb}text{fill:#1b1d26}.note{fill:#5a5f73;font-size:11px}path{fill:none;stroke:#7a80a0;stroke-width:1.5}@media(prefers-color-scheme:dark){rect{fill:#20232e;stroke:#4a4f63}text{fill:#eceef6}.note{fill:#a6abbf}path{stroke:#8e95b8}}</style>',
    ...edges.map(({ from, to, types }) =>
      isTopic(to)
        ? edge(0, at(publishers, from), at(names, to), `${from} publishes on ${to}`)
        : edge(1, at(names, from), at(consumers, to), `${to} consumes ${types?.join(', ') ?? `all of ${from}`}`),
    ),
    ...publishers.map(name => box(0, publishers, name, 'publishes')),
    ...topics.map(({ name, partitions, deadLetters }) =>
      box(1, names, name, deadLetters ? 'dead letters' : `${partitions} partitions`),
    ),
    ...consumers.map(name => box(2, consumers, name, 'consumes')),
    '</svg>',
  ].join('\n')
}
