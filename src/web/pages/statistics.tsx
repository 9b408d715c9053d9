import { call } from '../kit/api.ts'
import { zone } from '../kit/preferences.ts'
import { href } from '../kit/router.ts'
import { dayFromNow } from '../tasks/dates.ts'
import { Show, useLoaded } from '../ui/loaded.tsx'
import { Bars, Ranking } from '../ui/plot.tsx'

interface Statistics {
  open: number
  overdue: number
  done: number
  streak?: { current: number; longest: number }
  completed_per_day: { day: string; count: number }[]
  by_tag: { tag: string; open: number; done: number }[]
  by_priority: { priority: string; open: number }[]
}

const DAYS = 30

export function StatisticsPage() {
  const loaded = useLoaded(() => call<Statistics>(`/api/v1/statistics?days=${DAYS}&tz=${encodeURIComponent(zone)}`))
  return (
    <Show of={loaded}>
      {({ open, overdue, done, streak, completed_per_day: perDay, by_tag: byTag, by_priority: byPriority }) => {
        const counts = new Map(perDay.map(({ day, count }) => [day, count]))
        const days = Array.from({ length: DAYS }, (_, i) => dayFromNow(i - DAYS + 1))
        return (
          <>
            <dl class="figures">
              <Figure name="Open" value={open} />
              <Figure name="Overdue" value={overdue} />
              <Figure name="Done" value={done} />
              {streak && <Figure name="Days in a row" value={streak.current} />}
              {streak && <Figure name="Longest streak" value={streak.longest} />}
            </dl>
            <Bars
              title={`Completed per day, the last ${DAYS} days`}
              bars={days.map(day => ({ label: day, value: counts.get(day) ?? 0 }))}
            />
            <Ranking
              title="Open, by tag"
              bars={byTag.filter(each => each.open).map(each => ({ label: each.tag, value: each.open }))}
              href={tag => href('tag', tag)}
            />
            <Ranking
              title="Open, by priority"
              bars={byPriority.map(each => ({ label: each.priority, value: each.open }))}
            />
          </>
        )
      }}
    </Show>
  )
}

function Figure({ name, value }: { name: string; value: number }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  )
}
