/** Plays the rows of a table on a stage and writes down what the sidecar answered and the app got. */
import { setTimeout as sleep } from 'node:timers/promises'
import { canonical } from '../../../src/local/kube-api/json.ts'
import type { Recorded, Recording } from '../compare.ts'
import { Normaliser } from './normalise.ts'
import type { Json, JsonObject, Row, Step, Table } from './row.ts'
import type { Stage } from './stage.ts'

const HEADERS = ['content-type', 'etag', 'allow', 'metadata.ttlexpiretime', 'x-app']

/** Rows wait more than they work, and each has topics, keys and paths of its own. */
const AT_ONCE = 16

const parse = (text: string): Json => {
  if (text === '') return null
  try {
    return JSON.parse(text) as Json
  } catch {
    return text
  }
}

/** The ids of rows by table: what their topics, keys and paths are called. */
export const idsOf = (tables: readonly Table[]): Map<Row, string> =>
  new Map(
    tables.flatMap(({ name, rows }) =>
      rows.map(row => [row, `${name}-${row.name.toLowerCase().replace(/[^a-z0-9]+/g, '-')}`] as const),
    ),
  )

class RowRun {
  readonly #stage: Stage
  readonly #id: string
  readonly #normaliser: Normaliser
  readonly #saved: Record<string, string> = {}
  readonly recorded: Recorded[] = []

  constructor(stage: Stage, id: string) {
    this.#stage = stage
    this.#id = id
    this.#normaliser = new Normaliser(id)
  }

  async step(step: Step): Promise<void> {
    if (step.do === 'wait') await sleep(step.milliseconds)
    else if (step.do === 'got') await this.#got(step)
    else await this.#call(step)
  }

  #fill(text: string): string {
    return text
      .replaceAll('{id}', this.#id)
      .replace(/\{saved:(\w+)\}/g, (_, name: string) => this.#saved[name] ?? `nothing saved as ${name}`)
  }

  async #call(step: Extract<Step, { do: 'call' }>): Promise<void> {
    const { method, path, headers = {}, body } = step
    const limit = performance.now() + this.#stage.patienceMilliseconds
    const content = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body)
    for (;;) {
      const answer = await fetch(this.#stage.urls[step.on] + this.#fill(path), {
        method,
        headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, this.#fill(value)])),
        ...(content !== undefined && { body: Buffer.from(this.#fill(content)) }),
        redirect: 'manual',
        // A sidecar that is gone answers nothing: status 0.
      }).catch(error => {
        if (!step.mayBeGone) throw error
        return { ok: false, status: 0, headers: new Headers(), text: async () => '' }
      })
      const parsed = parse(await answer.text())
      if (step.until && !step.until(answer.status, parsed) && performance.now() < limit) {
        await sleep(50)
        continue
      }
      const all = Object.fromEntries(answer.headers)
      for (const [name, read] of Object.entries(step.save ?? {}))
        this.#saved[name] = read({ headers: all, body: parsed })
      if (step.silent && answer.ok) return
      const kept = HEADERS.filter(name => all[name] !== undefined)
      this.recorded.push({
        request: `${method} ${path}`,
        status: answer.status,
        headers: Object.fromEntries(kept.map(name => [name, this.#normaliser.text(all[name]!)])),
        body: this.#normaliser.value(step.show ? (step.show(parsed) ?? null) : parsed),
      })
      return
    }
  }

  async #got(step: Extract<Step, { do: 'got' }>): Promise<void> {
    const path = this.#fill(step.path)
    const calls = () =>
      this.#stage.apps[step.app].received.filter(
        each => each.path === path && (!step.method || each.method === step.method),
      )
    const limit = performance.now() + this.#stage.patienceMilliseconds
    while (calls().length < step.count && performance.now() < limit) await sleep(10)
    if (!step.first) await sleep(this.#stage.quietMilliseconds)
    const shown = calls()
      .slice(0, step.first)
      .map(({ path: _, query, ...each }): Json => {
        const call: JsonObject = { ...each, ...(query && { query }), body: parse(each.body) }
        return this.#normaliser.value(step.show ? (step.show(call) ?? null) : call)
      })
    if (step.sorted) shown.sort((a, b) => (canonical(a) < canonical(b) ? -1 : 1))
    this.recorded.push({ request: `the app at ${step.path}`, status: shown.length, headers: {}, body: shown })
  }
}

/** Plays a table's rows, many at once, and answers in the order of the table. */
export async function runTable(stage: Stage, table: Table, ids: ReadonlyMap<Row, string>): Promise<Recording> {
  const recording = new Map<string, Recorded[]>()
  const queue = [...table.rows]
  const work = async () => {
    for (let row = queue.shift(); row; row = queue.shift()) {
      const run = new RowRun(stage, ids.get(row)!)
      for (const step of row.steps) await run.step(step)
      recording.set(row.name, run.recorded)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  return Object.fromEntries(table.rows.map(({ name }) => [name, recording.get(name)!]))
}
