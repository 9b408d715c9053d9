import type { SeenEvent, Story } from '../../contracts/console.ts'
import { call } from '../kit/api.ts'
import { href, route } from '../kit/router.ts'
import { Show, useLoaded } from '../ui/loaded.tsx'
import { clock, shortType } from './events.tsx'

/** What became of one event, as a waterfall from its commit. */
export function StoryPage() {
  const [, , id = ''] = route.value
  const story = useLoaded(() => call<Story>(`/api/v1/console/events/${encodeURIComponent(id)}`), [id])
  return (
    <Show of={story}>
      {({ event, hops, caused_by: causedBy, causes }) => {
        const start = Date.parse(hops[0]!.at)
        const span = Math.max(1, Date.parse(hops.at(-1)!.at) - start)
        return (
          <>
            <h2>
              {shortType(event.type)} <small>{event.subject}</small>
            </h2>
            <ol class="waterfall">
              {hops.map(({ at, what, where, detail }) => {
                const after = Date.parse(at) - start
                return (
                  <li key={`${what} ${where} ${at}`} class={what}>
                    <span>
                      {what} <b>{where}</b>
                      {detail && <small> {detail}</small>}
                    </span>
                    <span class="bar-line">
                      <span style={{ inlineSize: `${Math.max(1, (after / span) * 100)}%` }} />
                    </span>
                    <time>+{after} ms</time>
                  </li>
                )
              })}
            </ol>
            {causedBy && (
              <p>
                Caused by <EventLink event={causedBy} />
              </p>
            )}
            {causes.length > 0 && (
              <>
                <h2>It caused</h2>
                <ul>
                  {causes.map(each => (
                    <li key={each.id}>
                      <EventLink event={each} /> +{Date.parse(each.created_at) - start} ms
                    </li>
                  ))}
                </ul>
              </>
            )}
            <h2>The event</h2>
            <p class="quiet">What people wrote is hidden.</p>
            <pre class="scroll">{JSON.stringify(event.event, null, 2)}</pre>
          </>
        )
      }}
    </Show>
  )
}

function EventLink({ event }: { event: SeenEvent }) {
  return (
    <a href={href('console', 'event', event.id)}>
      {shortType(event.type)} ({event.topic}, {clock(event.created_at)})
    </a>
  )
}
