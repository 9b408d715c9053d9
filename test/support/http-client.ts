import { Agent, request } from 'node:http'

export interface Reply {
  status: number
  text: string
}

export interface HttpClient {
  /** @throws Error when there is no answer within `timeoutMs` */
  send(
    method: string,
    url: string,
    options?: { headers?: Record<string, string>; body?: string; timeoutMs?: number },
  ): Promise<Reply>
  close(): void
}

/** For loads: connections are kept, and a request costs the machine that is measured a fraction of what `fetch` does. */
export function httpClient(): HttpClient {
  const agent = new Agent({ keepAlive: true, maxFreeSockets: 1024 })
  return {
    send: (method, url, { headers = {}, body, timeoutMs = 20_000 } = {}) =>
      new Promise((done, fail) => {
        const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }
        const sent = request(url, { method, agent, headers: { ...headers, ...length } }, answer => {
          let text = ''
          answer.setEncoding('utf8')
          answer.on('data', (chunk: string) => {
            text += chunk
          })
          answer.once('end', () => done({ status: answer.statusCode ?? 0, text }))
          answer.once('error', fail)
        })
        sent.setTimeout(timeoutMs, () => sent.destroy(new Error(`no answer within ${timeoutMs} ms`)))
        sent.once('error', fail)
        sent.end(body)
      }),
    close: () => agent.destroy(),
  }
}
