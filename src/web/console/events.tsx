import { signal, useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import type { SeenEvent } from '../../contracts/console.ts'
import { call } from '../kit/api.ts'
import { go, href, route } from '../kit/router.ts'
import { Problem } from '../ui/loaded.tsx'
import { usePolling } from './poll.ts'

const PREFIX = /^com\.taskmanager\./
const ROW = 36
const PAGE = 500
/** More than anyone scrolls through; filters find the rest. */
const MOST = 20_000
const EVERY = 1_500

const typeFilter = signal('')
const subjectFilter = signal('')
const following = signal(true)

export const shortType = (type: string): string => type.replace(PREFIX, '')
const CLOCK = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  fractionalSecondDigits: 3,
  hour12: false,
})
export const clock = (at: string): string => CLOCK.format(new Date(at))

/** Events of the last day, newest first; only the rows in sight are in the page, however many there are. */
export function Events() {
  const [, , topic = ''] = route.value
  const items = useSignal<readonly SeenEvent[]>([])
  const problem = useSignal('')
  const more = useSignal(true)
  const scrolled = useSignal(0)
  const list = useRef<HTMLElement>(null)
  const query = (extra: Record<string, number>): string => {
    const parts = { topic, type: typeFilter.value, subject: subjectFilter.value, ...extra }
    return new URLSearchParams(
      Object.entries(parts).flatMap(([name, value]) => (value === '' ? [] : [[name, String(value)]])),
    ).toString()
  }
  const fetchPage = async (extra: Record<string, number>): Promise<SeenEvent[]> => {
    try {
      const page = await call<{ items: SeenEvent[] }>(`/api/v1/console/events?${query({ limit: PAGE, ...extra })}`)
      problem.value = ''
      return page.items
    } catch (error) {
      problem.value = (error as Error).message
      return []
    }
  }
  useEffect(() => {
    let current = true
    items.value = []
    void fetchPage({}).then(page => {
      // An answer to an older question comes too late.
      if (!current) return
      items.value = page
      more.value = page.length === PAGE
    })
    return () => {
      current = false
    }
  }, [topic, typeFilter.value, subjectFilter.value])
  usePolling(
    async () => {
      const newest = items.value[0]?.seq
      if (!following.value || newest === undefined) return
      const fresh = await fetchPage({ after_seq: newest })
      if (fresh.length && items.value[0]?.seq === newest)
        items.value = [...fresh.reverse(), ...items.value].slice(0, MOST)
    },
    EVERY,
    [topic, typeFilter.value, subjectFilter.value],
  )
  const older = async (): Promise<void> => {
    const oldest = items.value.at(-1)
    if (!oldest) return
    const page = await fetchPage({ before_seq: oldest.seq })
    items.value = [...items.value, ...page].slice(0, MOST)
    more.value = page.length === PAGE
  }
  const height = list.current?.clientHeight ?? 600
  const first = Math.max(0, Math.floor(scrolled.value / ROW) - 5)
  const shown = items.value.slice(first, first + Math.ceil(height / ROW) + 10)
  return (
    <>
      <form class="row" onSubmit={event => event.preventDefault()}>
        <label class="field">
          <span>Topic</span>
          <select
            value={topic}
            onChange={event =>
              go('console', 'events', ...(event.currentTarget.value ? [event.currentTarget.value] : []))
            }
          >
            {['', 'task-events', 'reminders', 'task-updates', 'notifications'].map(each => (
              <option key={each} value={each}>
                {each || 'all'}
              </option>
            ))}
          </select>
        </label>
        <label class="field">
          <span>Type contains</span>
          <input value={typeFilter.value} onInput={event => (typeFilter.value = event.currentTarget.value.trim())} />
        </label>
        <label class="field">
          <span>Subject</span>
          <input
            value={subjectFilter.value}
            placeholder="task/…"
            onInput={event => (subjectFilter.value = event.currentTarget.value.trim())}
          />
        </label>
        <label class="check-line">
          <input
            type="checkbox"
            checked={following.value}
            onChange={event => (following.value = event.currentTarget.checked)}
          />{' '}
          Follow
        </label>
      </form>
      {problem.value && <Problem text={problem.value} />}
      <p class="quiet" role="status">
        {items.value.length} events
      </p>
      <section
        class="events"
        ref={list}
        onScroll={event => (scrolled.value = event.currentTarget.scrollTop)}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be scrolled by keyboard
        tabIndex={0}
        aria-label="Events"
      >
        <div style={{ height: `${items.value.length * ROW}px`, position: 'relative' }}>
          {shown.map((each, i) => (
            <EventRow key={each.seq} event={each} top={(first + i) * ROW} />
          ))}
        </div>
      </section>
      {more.value && items.value.length > 0 && items.value.length < MOST && (
        <button type="button" onClick={older}>
          Older
        </button>
      )}
    </>
  )
}

function EventRow({ event, top }: { event: SeenEvent; top: number }) {
  return (
    <a class="event" href={href('console', 'event', event.id)} style={{ transform: `translateY(${top}px)` }}>
      <time>{clock(event.created_at)}</time>
      <span class={`schema ${event.schema}`}>{event.schema}</span>
      <b>{shortType(event.type)}</b>
      <span>{event.topic}</span>
      <span>{event.subject}</span>
    </a>
  )
}
