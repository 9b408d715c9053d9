export interface Bar {
  label: string
  value: number
}

/** A bar chart that says its numbers too: as a picture to who looks, as a table to who listens. */
export function Bars({ title, bars }: { title: string; bars: readonly Bar[] }) {
  const most = Math.max(1, ...bars.map(({ value }) => value))
  const [width, height] = [100 / Math.max(1, bars.length), 40]
  return (
    <figure class="plot">
      <figcaption>{title}</figcaption>
      <svg viewBox={`0 0 100 ${height}`} preserveAspectRatio="none" aria-hidden="true">
        {bars.map(({ label, value }, i) => (
          <rect
            key={label}
            x={i * width + width * 0.1}
            width={width * 0.8}
            y={height - (value / most) * height}
            height={(value / most) * height}
          >
            <title>{`${label}: ${value}`}</title>
          </rect>
        ))}
      </svg>
      <p class="axis" aria-hidden="true">
        <span>{bars[0]?.label}</span>
        <span>most: {most}</span>
        <span>{bars.at(-1)?.label}</span>
      </p>
      <div class="visually-hidden">
        <table>
          <caption>{title}</caption>
          <tbody>
            {bars.map(({ label, value }) => (
              <tr key={label}>
                <th scope="row">{label}</th>
                <td>{value}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </figure>
  )
}

/** Horizontal bars with their names: tags, priorities, reasons. */
export function Ranking({
  title,
  bars,
  href,
}: {
  title: string
  bars: readonly Bar[]
  href?: (label: string) => string
}) {
  const most = Math.max(1, ...bars.map(({ value }) => value))
  return (
    <section>
      <h2>{title}</h2>
      {bars.length === 0 && <p class="quiet">none</p>}
      <ul class="ranking">
        {bars.map(({ label, value }) => (
          <li key={label}>
            {href ? <a href={href(label)}>{label}</a> : <span>{label}</span>}
            <meter min={0} max={most} value={value} aria-label={label}>
              {value}
            </meter>
            <span>{value}</span>
          </li>
        ))}
      </ul>
    </section>
  )
}
