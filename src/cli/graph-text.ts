/** An edge of how events flow: an app publishes to a topic, or consumes from one. */
export interface FlowEdge {
  from: string
  to: string
  /** Types the consumer wants, without the prefix; absent: all. */
  types?: readonly string[]
}

export interface FlowGraph {
  apps: readonly string[]
  topics: readonly { name: string; partitions: number; deadLetters: boolean }[]
  edges: readonly FlowEdge[]
}

/** For people: each topic with those before and behind it. Pure. */
export function asciiGraph({ topics, edges }: FlowGraph): string {
  return topics
    .filter(({ deadLetters }) => !deadLetters)
    .map(({ name, partitions }) => {
      const publishers = edges.filter(({ to }) => to === name).map(({ from }) => from)
      const consumers = edges.filter(({ from }) => from === name)
      return [
        `${publishers.join(', ') || '(nobody)'} ──▶ ${name} (${partitions} partitions)`,
        ...consumers.map(({ to, types }, i) => {
          const dead = topics.find(each => each.deadLetters && each.name === `${name}.${to}.dlq`)
          const only = types?.length ? `  only ${types.join(', ')}` : ''
          return `    ${i === consumers.length - 1 ? '└' : '├'}─▶ ${to}${only}${dead ? `  ✗─▶ ${dead.name}` : ''}`
        }),
      ].join('\n')
    })
    .join('\n\n')
}

/** https://mermaid.js.org/syntax/flowchart.html. Pure. */
export function mermaidGraph({ apps, topics, edges }: FlowGraph): string {
  const id = (name: string): string => name.replace(/[^A-Za-z0-9]/g, '_')
  return [
    'flowchart LR',
    ...apps.map(app => `  ${id(app)}["${app}"]`),
    ...topics.map(({ name, deadLetters }) =>
      deadLetters ? `  ${id(name)}[("${name}")]` : `  ${id(name)}{{"${name}"}}`,
    ),
    ...edges.map(({ from, to, types }) =>
      types?.length ? `  ${id(from)} -- "${types.join(', ')}" --> ${id(to)}` : `  ${id(from)} --> ${id(to)}`,
    ),
  ].join('\n')
}

/** https://graphviz.org/doc/info/lang.html. Pure. */
export function dotGraph({ apps, topics, edges }: FlowGraph): string {
  const quote = JSON.stringify
  return [
    'digraph platform {',
    '  rankdir=LR',
    ...apps.map(app => `  ${quote(app)} [shape=box]`),
    ...topics.map(({ name, deadLetters }) => `  ${quote(name)} [shape=${deadLetters ? 'cylinder' : 'hexagon'}]`),
    ...edges.map(
      ({ from, to, types }) =>
        `  ${quote(from)} -> ${quote(to)}${types?.length ? ` [label=${quote(types.join(', '))}]` : ''}`,
    ),
    '}',
  ].join('\n')
}
