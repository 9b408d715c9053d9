import { useSignal } from '@preact/signals'
import { call } from '../kit/api.ts'
import { momentText } from '../tasks/dates.ts'
import { Dialog } from '../ui/dialog.tsx'
import { Show, useLoaded } from '../ui/loaded.tsx'
import { Ranking } from '../ui/plot.tsx'
import { toast } from '../ui/toast.tsx'
import { usePolling } from './poll.ts'

interface Reason {
  consumer: string
  topic: string
  type: string
  code: string
  reason: string
  count: number
  oldest: string
  newest: string
}

interface Letter {
  id: number
  consumer: string
  topic: string
  type: string
  code: string
  reason: string
  attempts: number
  replays: number
  dead_lettered_at: string
  replayed_at: string | null
}

interface Replay {
  id: string
  status: string
  total: number
  replayed: number
  gone: number
  created_by: string
  created_at: string
}

interface Plan {
  dry_run: boolean
  replay: number
  seconds: number
  [verdict: string]: unknown
}

const root = '/api/v1/dead-letters'

/** What could not be handled: why, how much of it, and another try. */
export function DeadLetters() {
  const reasons = useLoaded(() => call<{ items: Reason[] }>(`${root}/reasons`))
  const letters = useLoaded(() => call<{ items: Letter[] }>(`${root}?limit=100`))
  const replays = useLoaded(() => call<{ items: Replay[] }>(`${root}/replays`))
  const open = useSignal<number | undefined>(undefined)
  const plan = useSignal<{ reason: Reason; plan: Plan } | undefined>(undefined)
  usePolling(async () => {
    if (replays.value?.items.some(({ status }) => status === 'running'))
      await Promise.all([reasons.reload(), letters.reload()])
    await replays.reload()
  }, 2_000)
  const filterOf = ({ consumer, topic, type, code, reason }: Reason) => ({
    consumer,
    topic,
    ...(type && { type }),
    code,
    ...(reason && { reason }),
  })
  const dryRun = async (reason: Reason): Promise<void> => {
    try {
      plan.value = {
        reason,
        plan: await call<Plan>(`${root}/replays`, { method: 'POST', body: { filter: filterOf(reason) } }),
      }
    } catch (error) {
      toast((error as Error).message)
    }
  }
  const replay = async (): Promise<void> => {
    try {
      await call(`${root}/replays`, { method: 'POST', body: { filter: filterOf(plan.value!.reason), dry_run: false } })
      plan.value = undefined
      await replays.reload()
    } catch (error) {
      toast((error as Error).message)
    }
  }
  return (
    <>
      <Show of={reasons}>
        {({ items }) => (
          <>
            <Ranking
              title="Why, and how many"
              bars={items.map(({ consumer, code, reason, count }) => ({
                label: `${consumer}: ${code} ${reason}`,
                value: count,
              }))}
            />
            <div class="scroll">
              <table>
                <caption>Another try, by reason</caption>
                <tbody>
                  {items.map(each => (
                    <tr key={`${each.consumer} ${each.topic} ${each.type} ${each.reason}`}>
                      <th scope="row">{each.consumer}</th>
                      <td>{each.type || each.topic}</td>
                      <td>
                        <code>{each.code}</code> {each.reason}
                      </td>
                      <td>{each.count}</td>
                      <td>
                        <button type="button" onClick={() => dryRun(each)}>
                          Replay …
                        </button>
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          </>
        )}
      </Show>
      <Show of={replays}>
        {({ items }) =>
          items.length > 0 && (
            <section>
              <h2>Replays</h2>
              <ul class="plain">
                {items.map(({ id, status, total, replayed, gone, created_by: by, created_at: at }) => (
                  <li key={id} class="row">
                    <span>
                      {momentText(at)} by {by}: {status}, {replayed} of {total}
                      {gone > 0 && `, ${gone} gone meanwhile`}
                    </span>
                    <progress max={total} value={replayed + gone} aria-label={`Replay of ${momentText(at)}`} />
                    {status === 'running' && (
                      <button
                        type="button"
                        onClick={() => call(`${root}/replays/${id}/stop`, { method: 'POST' }).then(replays.reload)}
                      >
                        Stop
                      </button>
                    )}
                  </li>
                ))}
              </ul>
            </section>
          )
        }
      </Show>
      <Show of={letters}>
        {({ items }) => (
          <section>
            <h2>The newest</h2>
            {items.length === 0 && <p class="empty">No event is parked.</p>}
            <ul class="tasks">
              {items.map(({ id, consumer, type, code, reason, dead_lettered_at: at, replayed_at: replayedAt }) => (
                <li key={id} class="task">
                  <div class="what">
                    <button type="button" class="title" onClick={() => (open.value = id)}>
                      {type || 'unreadable'} → {consumer}
                    </button>
                    <span class="facts">
                      <span>
                        {code} {reason}
                      </span>
                      <time>{momentText(at)}</time>
                      {replayedAt && <span>replayed</span>}
                    </span>
                  </div>
                </li>
              ))}
            </ul>
          </section>
        )}
      </Show>
      {open.value !== undefined && <OneLetter id={open.value} onClose={() => (open.value = undefined)} />}
      {plan.value && (
        <Dialog title="Replay" onClose={() => (plan.value = undefined)}>
          <p>
            {plan.value.plan.replay} events would be published again, in about {plan.value.plan.seconds} s; each has its
            effect once.
          </p>
          <pre>{JSON.stringify(plan.value.plan, null, 2)}</pre>
          <div class="actions">
            <button type="button" class="primary" disabled={!plan.value.plan.replay} onClick={replay}>
              Replay {plan.value.plan.replay}
            </button>
          </div>
        </Dialog>
      )}
    </>
  )
}

interface FullLetter extends Letter {
  verdict: string
  against_schema: { outcome: string; schema: string | null; field?: string | null; message?: string }
}

function OneLetter({ id, onClose }: { id: number; onClose(): void }) {
  const letter = useLoaded(() => call<FullLetter>(`${root}/${id}`), [id])
  return (
    <Dialog title="Dead letter" onClose={onClose}>
      <Show of={letter}>
        {({ type, consumer, topic, attempts, replays, reason, verdict, against_schema: against }) => (
          <dl>
            <dt>Event</dt>
            <dd>
              {type || 'unreadable'} of {topic}, for {consumer}
            </dd>
            <dt>Failed</dt>
            <dd>
              {reason} ({attempts} attempts, {replays} replays)
            </dd>
            <dt>Against its schema of today</dt>
            <dd>
              {against.outcome}
              {against.field && `: ${against.field}`} {against.message}
            </dd>
            <dt>A replay would find it</dt>
            <dd>{verdict}</dd>
          </dl>
        )}
      </Show>
    </Dialog>
  )
}
