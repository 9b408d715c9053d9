/** Runs tables against a server and writes down what it answered. */
import { setTimeout as sleep } from 'node:timers/promises'
import { at } from '../../../src/local/kube-api/json.ts'
import type { Recorded, Recording } from '../compare.ts'
import { callAnswer, kubectlAnswer, runKubectl } from './clients.ts'
import { Normaliser } from './normalise.ts'
import type { Json, JsonObject, Step, Table } from './row.ts'
import { type Answer, send, type Target } from './target.ts'

const HEADERS = ['content-type', 'warning', 'retry-after', 'allow']

/** Strings inside a value with the row's words filled in. */
function fill<T>(value: T, words: Readonly<Record<string, string>>): T {
  if (typeof value === 'string') return value.replace(/\{(\w+)\}/g, (whole, name: string) => words[name] ?? whole) as T
  if (Array.isArray(value)) return value.map(item => fill(item, words)) as T
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [fill(key, words), fill(item, words)])) as T
}

function parse(answer: Answer): Json {
  if (answer.text === '') return null
  try {
    return JSON.parse(answer.text) as Json
  } catch {
    return answer.text
  }
}

class RowRun {
  readonly #target: Target
  readonly #words: Record<string, string>
  readonly #normaliser: Normaliser
  readonly recorded: Recorded[] = []

  constructor(target: Target, namespace: string, table: string) {
    this.#target = target
    this.#words = { ns: namespace, table }
    this.#normaliser = new Normaliser({ [namespace]: '{ns}', [table]: '{table}' })
  }

  async steps(steps: readonly Step[]): Promise<void> {
    for (const step of steps) await this.step(step)
  }

  async step(step: Step): Promise<void> {
    if (step.compact) return this.#target.compact()
    if (step.kubectl) return this.#kubectl(step.kubectl)
    if (step.call) return this.#call(step.call)
    const request = {
      method: step.method,
      path: fill(step.path, this.#words),
      headers: fill(step.headers ?? {}, this.#words),
      ...(step.body === undefined
        ? {}
        : { body: fill(typeof step.body === 'string' ? step.body : JSON.stringify(step.body), this.#words) }),
    }
    if (step.watch) return this.#watch(step, request)
    const limit = performance.now() + this.#target.patienceMilliseconds
    for (;;) {
      const answer = await send(this.#target, request)
      const body = parse(answer)
      const object = (typeof body === 'object' && body !== null ? body : {}) as JsonObject
      if (step.until && !step.until(object, answer.status) && performance.now() < limit) {
        await sleep(20)
        continue
      }
      for (const [name, path] of Object.entries(step.save ?? {})) this.#words[name] = String(at(object, path) ?? '')
      if (step.silent) {
        // What a row builds on has failed: that is its answer then.
        if (answer.status >= 300) this.#record(step, answer, body)
        return
      }
      this.#record(step, answer, body)
      return
    }
  }

  #record(step: Step, answer: Answer, body: Json): void {
    const headers = Object.fromEntries(
      HEADERS.filter(name => answer.headers[name] !== undefined).map(name => [
        name,
        this.#normaliser.text(answer.headers[name]!),
      ]),
    )
    const isObject = typeof body === 'object' && body !== null && !Array.isArray(body)
    const normal = this.#normaliser.body(body)
    const failed = answer.status >= 300
    const shown = isObject && step.show && !failed ? (step.show(normal as JsonObject) ?? null) : normal
    this.recorded.push({ request: `${step.method} ${step.path}`, status: answer.status, headers, body: shown })
  }

  async #kubectl({ args, objects }: NonNullable<Step['kubectl']>): Promise<void> {
    const input = fill(objects, this.#words)
      .map(each => JSON.stringify(each))
      .join('\n')
    const run = await runKubectl(this.#target, fill(args, this.#words), input)
    const request = `kubectl ${args.join(' ')}`
    this.recorded.push({ request, headers: {}, ...kubectlAnswer(run, this.#normaliser) })
  }

  async #call({ title, run }: NonNullable<Step['call']>): Promise<void> {
    const answer = await callAnswer(this.#target, this.#words['ns']!, run, this.#normaliser)
    this.recorded.push({ request: title, headers: {}, ...answer })
  }

  async #watch(step: Step, request: Parameters<typeof send>[1]): Promise<void> {
    const { frames, during } = step.watch!
    const seen: Json[] = []
    const { promise: opened, resolve: open } = Promise.withResolvers<void>()
    let end = 'frames'
    let timer: NodeJS.Timeout | undefined
    const answered = send(
      this.#target,
      request,
      line => {
        const frame = JSON.parse(line) as JsonObject
        if (frame['kind'] === 'Status' && !frame['type']) return false
        seen.push(frame)
        return seen.length >= frames
      },
      open,
    ).then(
      answer => {
        if (seen.length < frames) end = 'server'
        return answer
      },
      error => {
        if (end === 'patience') return undefined
        throw error
      },
    )
    const late = new Promise<undefined>(resolve => {
      timer = setTimeout(() => {
        end = 'patience'
        resolve(undefined)
      }, this.#target.patienceMilliseconds)
    })
    // A server may hold the headers of a watch back until there is something to send.
    await Promise.race([opened, sleep(200)])
    await this.steps(during)
    const answer = await Promise.race([answered, late])
    clearTimeout(timer)
    const shown = seen.map(frame => this.#frame(frame as JsonObject, step))
    const failure = answer && answer.status >= 300 ? { failure: this.#normaliser.body(parse(answer)) } : {}
    this.recorded.push({
      request: `${step.method} ${step.path}`,
      status: answer?.status ?? 200,
      headers: {},
      body: { frames: shown, endedBy: end, ...failure } as Json,
    })
  }

  #frame(frame: JsonObject, step: Step): Json {
    const object = { ...(frame['object'] as JsonObject) }
    // A bookmark tells a version that nothing else has to have.
    if (frame['type'] === 'BOOKMARK') {
      const metadata = { ...(object['metadata'] as JsonObject) }
      metadata['resourceVersion'] = metadata['resourceVersion'] ? '' : null
      object['metadata'] = metadata
    }
    const normal = this.#normaliser.body(object) as JsonObject
    return {
      type: frame['type']!,
      object: step.show && frame['type'] !== 'ERROR' ? (step.show(normal) ?? null) : normal,
    }
  }
}

const namespaceObject = (name: string) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })

async function makeNamespace(target: Target, name: string): Promise<void> {
  const answer = await send(target, {
    method: 'POST',
    path: '/api/v1/namespaces',
    headers: {},
    body: JSON.stringify(namespaceObject(name)),
  })
  if (answer.status !== 201) throw new Error(`${target.name}: namespace ${name}: ${answer.status} ${answer.text}`)
}

/** Runs one table: its setup, then each row in a namespace of its own. */
export async function runTable(target: Target, table: Table): Promise<Recording> {
  const shared = `${table.name}-shared`
  await makeNamespace(target, shared)
  const setup = new RowRun(target, shared, shared)
  await setup.steps((table.setup ?? []).map(step => ({ ...step, silent: true })))
  if (setup.recorded.length > 0)
    throw new Error(`${target.name}: the setup of ${table.name} failed: ${JSON.stringify(setup.recorded)}`)
  const recording: Recording = {}
  for (const [index, row] of table.rows.entries()) {
    if (recording[row.name]) throw new Error(`${table.name}: two rows are called ${row.name}`)
    const namespace = `${table.name}-row${index}`
    // Of the many rows that only read what the setup made, none needs one.
    if (JSON.stringify(row.steps).includes('{ns}')) await makeNamespace(target, namespace)
    const run = new RowRun(target, namespace, shared)
    await run.steps(row.steps)
    recording[row.name] = run.recorded
  }
  return recording
}
