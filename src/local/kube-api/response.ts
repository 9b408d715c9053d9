/** What `handle` answers: JSON, a watch that pushes frames, or bytes that flow (pod logs). */
import { dump } from 'js-yaml'
import type { JsonObject } from './json.ts'
import type { Status } from './status.ts'
import { textOf } from './store/store.ts'

export interface WatchFrame {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR'
  /** For readers in this process; shared, never to be changed. */
  readonly object: unknown
  /** The object as JSON, serialised at most once for all watchers. */
  readonly json: string
}

export interface WatchSink {
  push(frame: WatchFrame): void
  /** The server ends the watch: its time is over, its kind was removed, or the server closes. */
  end(): void
}

export type KubeResponse = { readonly status: number; readonly headers: Readonly<Record<string, string>> } & (
  | { readonly kind: 'object'; readonly body: unknown; readonly json?: string }
  | { readonly kind: 'text'; readonly text: string }
  /** Frames are pushed synchronously, initial ones before `start` returns. The returned function stops the watch. */
  | { readonly kind: 'watch'; readonly start: (sink: WatchSink) => () => void }
  | { readonly kind: 'bytes'; readonly bytes: AsyncIterable<Uint8Array> }
)

const json = { 'content-type': 'application/json' }

export const objectResponse = (
  body: unknown,
  status = 200,
  headers: Readonly<Record<string, string>> = {},
): KubeResponse => ({ kind: 'object', status, headers: { ...json, ...headers }, body })

/** For answers put together from serialised parts: `body` is made from the text only if somebody asks. */
export const jsonResponse = (text: string, headers: Readonly<Record<string, string>> = {}): KubeResponse => ({
  kind: 'object',
  status: 200,
  headers: { ...json, ...headers },
  get body() {
    return JSON.parse(text) as unknown
  },
  json: text,
})

/** The body of an answer, in the text that its watchers get where that is made already. */
export const jsonOf = (answer: KubeResponse & { kind: 'object' }): string =>
  answer.json ?? textOf(answer.body as JsonObject)

/** The same answer as sigs.k8s.io/yaml writes it. */
export const yamlResponse = (answer: KubeResponse): KubeResponse =>
  answer.kind === 'object'
    ? {
        kind: 'text',
        status: answer.status,
        headers: { ...answer.headers, 'content-type': 'application/yaml' },
        text: dump(answer.body, { sortKeys: true, seqNoIndent: true, lineWidth: -1 }),
      }
    : answer

export const textResponse = (text: string, status = 200): KubeResponse => ({
  kind: 'text',
  status,
  headers: { 'content-type': 'text/plain; charset=utf-8' },
  text,
})

export const statusResponse = (status: Status): KubeResponse =>
  objectResponse(status, status.code ?? 500, {
    ...(status.code === 429 || status.details?.retryAfterSeconds
      ? { 'retry-after': String(status.details?.retryAfterSeconds ?? 1) }
      : {}),
  })
