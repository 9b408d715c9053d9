import type { ComponentChildren } from 'preact'

/** A table that scrolls by itself where it is wider than the page; its children are its rows. */
export function Table({
  caption,
  heads,
  children,
}: {
  caption: string
  heads: readonly string[]
  children: ComponentChildren
}) {
  return (
    <div class="scroll">
      <table>
        <caption>{caption}</caption>
        <thead>
          <tr>
            {heads.map(name => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  )
}

/** Names and what they are; what is wrong stands out. */
export function Pairs({ rows }: { rows: readonly (readonly [name: string, value: string | number, bad?: boolean])[] }) {
  return (
    <dl class="pairs">
      {rows.map(([name, value, bad]) => (
        <div key={name} class={bad ? 'problem' : ''}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}
