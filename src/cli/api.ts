import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { EXIT, Exit } from './exit.ts'
import { DEFAULT_FOLDER } from './running.ts'
import type { Terminal } from './terminal.ts'

export interface ApiOptions {
  server?: string
  token?: string
}

/** The HTTP API of a platform, as the operator of it. */
export interface Api {
  readonly server: string
  get<T>(path: string, query?: Record<string, unknown>): Promise<T>
  post<T>(path: string, body: unknown): Promise<T>
}

export const withApi = (command: Command): Command =>
  command
    .option('--server <url>', 'web address of the platform; default: $TEP_SERVER, or what runs in ./.tep')
    .option('--token <token>', 'access token of an operator; default: $TEP_TOKEN, or that of ./.tep')

/** What `tep up` left for scripts. */
function readyFile(): { web?: string; users?: { name: string; token: string }[] } {
  try {
    return JSON.parse(readFileSync(join(DEFAULT_FOLDER, 'ready.json'), 'utf8'))
  } catch {
    return {}
  }
}

const TIMEOUT_MS = 30_000

/** The API, where its address is known. @throws Exit TEP5012 when nothing says where it is, or with which token */
export function openApi(options: ApiOptions, { env }: Terminal): Api {
  const ready = readyFile()
  const server = options.server ?? env['TEP_SERVER'] ?? ready.web
  if (!server)
    throw new Exit(
      'TEP5012',
      EXIT.usage,
      'no web address is known: give --server or TEP_SERVER, or run "tep up" in this folder',
    )
  if (!URL.canParse(server) || !/^https?:/.test(server))
    throw new Exit(
      'TEP5012',
      EXIT.usage,
      `--server ${server} is no web address: use one such as https://todo.example.com`,
    )
  // A token of this folder is not for another server.
  const local = ready.web === server ? ready.users?.find(({ name }) => name === 'operator')?.token : undefined
  const token = options.token ?? env['TEP_TOKEN'] ?? local
  if (!token)
    throw new Exit('TEP5012', EXIT.usage, `no token for ${server}: give --token or TEP_TOKEN (sign in as an operator)`)
  const call = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const response = await fetch(new URL(path, server), {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    }).catch((error: Error & { cause?: Error }) => {
      throw new Exit('TEP5012', EXIT.found, `${server} does not answer: ${error.cause?.message ?? error.message}`)
    })
    return read<T>(response, `${method} ${path}`)
  }
  return {
    server,
    get: (path, query = {}) => call('GET', path + queryOf(query)),
    post: (path, body) => call('POST', path, body),
  }
}

function queryOf(query: Record<string, unknown>): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined)
  return given.length ? `?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}` : ''
}

/** @throws Exit TEP5013 for an answer that is no 2xx, with the platform's own code and words (RFC 9457) */
async function read<T>(response: Response, what: string): Promise<T> {
  const text = await response.text()
  let body: { code?: string; detail?: string; title?: string } | undefined
  try {
    body = text ? JSON.parse(text) : undefined
  } catch {
    throw new Exit(
      'TEP5013',
      EXIT.found,
      `${what} answered ${response.status} with what is no JSON: is this the address of a platform?`,
    )
  }
  if (response.ok) return body as T
  const words = [body?.code, body?.detail ?? body?.title].filter(Boolean).join(' ')
  const next = body?.code?.startsWith('TEP') ? `; tep explain ${body.code}` : ''
  throw new Exit('TEP5013', EXIT.found, `${what} answered ${response.status}${words && `: ${words}`}${next}`)
}
