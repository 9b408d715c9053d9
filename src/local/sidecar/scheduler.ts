import { randomUUID } from 'node:crypto'
import { DatabaseSync } from 'node:sqlite'
import { type Clock, systemClock } from '../log/index.ts'
import { jobs as errors } from './errors.ts'
import { afterFailure, afterTick, firstState, type JobOwner, type JobSpec, type JobState } from './job.ts'

/** Hands one tick to the app. True: done (also when the app says it knows no such job); false: failed. */
export type Trigger = (name: string, data: unknown) => Promise<boolean>

/** Dapr's Scheduler service: durable jobs that tick at least once, to one connected sidecar of their app. */
export interface JobScheduler {
  /** @throws DaprError 409 when the name is taken and `overwrite` false; 400 when the description makes no sense */
  schedule(owner: JobOwner, name: string, spec: JobSpec, overwrite: boolean): void
  get(owner: JobOwner, name: string): JobSpec | undefined
  /** Deleting a job that does not exist is no error. */
  delete(owner: JobOwner, name: string): void
  list(owner?: JobOwner): { namespace: string; appId: string; name: string; due: number; spec: JobSpec }[]
  /** Jobs that fell due while nobody was connected tick now. Returns the function that disconnects. */
  connect(owner: JobOwner, trigger: Trigger): () => void
  close(): Promise<void>
}

interface Row {
  namespace: string
  app_id: string
  name: string
  spec: string
  state: string
  revision: string
}

const SCHEMA = `CREATE TABLE IF NOT EXISTS jobs (
  namespace TEXT NOT NULL, app_id TEXT NOT NULL, name TEXT NOT NULL, spec TEXT NOT NULL, state TEXT NOT NULL,
  due INTEGER NOT NULL, revision TEXT NOT NULL, PRIMARY KEY (namespace, app_id, name)) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS jobs_by_due ON jobs (due)`

interface Job {
  owner: JobOwner
  name: string
  spec: JobSpec
  state: JobState
  /** Tells a job from the one that overwrote it. */
  revision: string
}

const ownerKey = (owner: JobOwner): string => `${owner.namespace}/${owner.appId}`

export function openJobScheduler({ file, clock = systemClock }: { file: string; clock?: Clock }): JobScheduler {
  const db = new DatabaseSync(file)
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL')
  db.exec(SCHEMA)
  const put = db.prepare('INSERT OR REPLACE INTO jobs VALUES (?, ?, ?, ?, ?, ?, ?)')
  const select = db.prepare('SELECT * FROM jobs WHERE namespace = ? AND app_id = ? AND name = ?')
  const drop = db.prepare('DELETE FROM jobs WHERE namespace = ? AND app_id = ? AND name = ?')
  const all = db.prepare('SELECT * FROM jobs ORDER BY due')
  const dueBy = db.prepare('SELECT * FROM jobs WHERE due <= ? ORDER BY due')
  const nextDue = db.prepare('SELECT min(due) AS due FROM jobs WHERE due > ?')
  const triggers = new Map<string, Trigger[]>()
  const inFlight = new Map<string, Promise<void>>()
  let cancelTimer = (): void => {}
  let closed = false

  const toJob = (row: Row): Job => ({
    owner: { namespace: row.namespace, appId: row.app_id },
    name: row.name,
    spec: JSON.parse(row.spec) as JobSpec,
    state: JSON.parse(row.state) as JobState,
    revision: row.revision,
  })
  const find = (owner: JobOwner, name: string): Job | undefined => {
    const row = select.get(owner.namespace, owner.appId, name) as unknown as Row | undefined
    return row && toJob(row)
  }
  const save = ({ owner, name, spec, state, revision }: Job): void => {
    const [specText, stateText] = [JSON.stringify(spec), JSON.stringify(state)]
    put.run(owner.namespace, owner.appId, name, specText, stateText, Math.ceil(state.due), revision)
  }
  const remove = (owner: JobOwner, name: string): void => {
    drop.run(owner.namespace, owner.appId, name)
  }

  async function fire(job: Job, trigger: Trigger): Promise<void> {
    const ok = await trigger(job.name, job.spec.data).catch(() => false)
    if (closed) return
    // Overwritten or deleted while its tick was in hand: the new job stands.
    const current = find(job.owner, job.name)
    if (current?.revision !== job.revision) return
    const next = ok ? afterTick(job.spec, job.state) : afterFailure(job.spec, job.state, clock.now())
    if (next === undefined) remove(job.owner, job.name)
    else save({ ...job, state: next })
  }

  function run(): void {
    cancelTimer()
    if (closed) return
    const now = clock.now()
    const { due: next } = nextDue.get(now) as { due: number | null }
    if (next !== null) cancelTimer = clock.after(next - now, run)
    for (const job of (dueBy.all(now) as unknown as Row[]).map(toJob)) {
      const key = `${ownerKey(job.owner)}/${job.name}`
      if (inFlight.has(key)) continue
      if (job.state.expires !== undefined && job.state.expires <= now) {
        remove(job.owner, job.name)
        continue
      }
      const ready = triggers.get(ownerKey(job.owner))
      const trigger = ready?.shift()
      if (!ready || !trigger) continue
      ready.push(trigger)
      const firing = fire(job, trigger).finally(() => {
        inFlight.delete(key)
        run()
      })
      inFlight.set(key, firing)
    }
  }

  return {
    schedule(owner, name, spec, overwrite) {
      const state = firstState(spec, owner, clock.now())
      if (!overwrite && find(owner, name)) throw errors.exists(owner, name)
      save({ owner, name, spec, state, revision: randomUUID() })
      run()
    },
    get: (owner, name) => find(owner, name)?.spec,
    delete(owner, name) {
      remove(owner, name)
      run()
    },
    list: owner =>
      (all.all() as unknown as Row[])
        .map(toJob)
        .filter(job => owner === undefined || ownerKey(job.owner) === ownerKey(owner))
        .map(({ owner: { namespace, appId }, name, spec, state }) => ({
          namespace,
          appId,
          name,
          due: state.due,
          spec,
        })),
    connect(owner, trigger) {
      const key = ownerKey(owner)
      triggers.set(key, [...(triggers.get(key) ?? []), trigger])
      run()
      return () => {
        const left = (triggers.get(key) ?? []).filter(one => one !== trigger)
        triggers.set(key, left)
      }
    },
    async close() {
      if (closed) return
      closed = true
      cancelTimer()
      await Promise.all(inFlight.values())
      db.close()
    },
  }
}
