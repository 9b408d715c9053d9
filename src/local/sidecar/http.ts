import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Metadata } from './cloudevents.ts'
import { DaprError, malformedRequest } from './errors.ts'
import { parsePrecisely } from './json.ts'

/** daprd's --max-body-size. */
const MAX_BODY = 4 * 1024 * 1024

export interface ApiRequest {
  method: string
  url: URL
  headers: IncomingMessage['headers']
  /** `metadata.*` of the query, without the prefix. Headers are not looked at (dapr pkg/api/http getMetadataFromRequest). */
  metadata: Metadata
  raw: IncomingMessage
  response: ServerResponse
}

export interface Reply {
  status: number
  headers?: Record<string, string>
  body?: string | Uint8Array
}

export const noContent: Reply = { status: 204 }

export const json = (body: unknown, status = 200): Reply => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
})

export function apiRequest(raw: IncomingMessage, response: ServerResponse): ApiRequest {
  const url = new URL(raw.url ?? '/', 'http://sidecar')
  const metadata: Metadata = {}
  for (const [name, value] of url.searchParams) {
    if (name.startsWith('metadata.')) metadata[name.slice('metadata.'.length)] ??= value
  }
  return { method: raw.method ?? 'GET', url, headers: raw.headers, metadata, raw, response }
}

/** dapr/kit streams ErrStreamTooLarge: each part of the API makes an answer of its own of it. */
export class BodyTooLarge extends Error {
  override readonly name = 'BodyTooLarge'
  constructor() {
    super('stream too large')
  }
}

/** @throws BodyTooLarge */
export async function readBody(request: ApiRequest): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request.raw as AsyncIterable<Buffer>) {
    size += chunk.length
    // The rest is read all the same: leaving off would break the connection before the answer.
    if (size <= MAX_BODY) chunks.push(chunk)
  }
  if (size > MAX_BODY) throw new BodyTooLarge()
  return Buffer.concat(chunks)
}

/** @throws DaprError 400 ERR_MALFORMED_REQUEST, BodyTooLarge */
export async function readJson(request: ApiRequest): Promise<unknown> {
  try {
    return parsePrecisely((await readBody(request)).toString())
  } catch (error) {
    throw error instanceof BodyTooLarge ? error : malformedRequest(error)
  }
}

/** An error as a reply: Dapr's own body, or its generic one. */
export function errorReply(error: unknown): Reply {
  if (error instanceof BodyTooLarge) return json(malformedRequest(error).toJSON(), 400)
  if (error instanceof DaprError) return json(error.toJSON(), error.status)
  return json({ errorCode: 'ERROR', message: error instanceof Error ? error.message : String(error) }, 500)
}

export function send(response: ServerResponse, reply: Reply): void {
  if (response.headersSent || response.destroyed) return
  response.writeHead(reply.status, reply.headers)
  response.end(reply.body)
}
