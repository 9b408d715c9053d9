/** A server that rows are run against, over HTTPS: the embedded one or an engine. */
import https from 'node:https'

export interface Target {
  /** How the lines of output call it. */
  name: string
  url: string
  token: string
  certificateAuthority: string
  kubeconfig: string
  /** After this, what should come by and by is taken not to come. */
  patienceMilliseconds: number
  /** Throws the history up to now away. */
  compact(): Promise<void>
  stop(): Promise<void>
}

export interface Answer {
  status: number
  headers: Readonly<Record<string, string>>
  text: string
}

const agents = new WeakMap<Target, https.Agent>()

function agentOf(target: Target): https.Agent {
  let agent = agents.get(target)
  if (!agent) {
    agent = new https.Agent({ keepAlive: true, ca: target.certificateAuthority, maxSockets: 16 })
    agents.set(target, agent)
  }
  return agent
}

/**
 * One request. `onLine` gets each line of the body as it comes (watches) and may end the request by answering true.
 * Rejects when the connection breaks.
 */
export function send(
  target: Target,
  request: { method: string; path: string; headers: Readonly<Record<string, string>>; body?: string },
  onLine?: (line: string, status: number) => boolean,
  onOpen?: () => void,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const body = request.body
    const outgoing = https.request(
      `${target.url}${request.path}`,
      {
        agent: agentOf(target),
        method: request.method,
        headers: {
          authorization: `Bearer ${target.token}`,
          'user-agent': 'conformance/1.0',
          accept: 'application/json',
          ...(body === undefined
            ? {}
            : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) }),
          ...request.headers,
        },
      },
      response => {
        let text = ''
        let rest = ''
        const status = response.statusCode ?? 0
        const headers = Object.fromEntries(
          Object.entries(response.headers).map(([name, value]) => [name, String(value)]),
        )
        onOpen?.()
        response.setEncoding('utf8')
        response.on('data', (chunk: string) => {
          text += chunk
          if (!onLine) return
          const lines = (rest + chunk).split('\n')
          rest = lines.pop()!
          if (lines.filter(line => line !== '').some(line => onLine(line, status))) {
            resolve({ status, headers, text })
            outgoing.destroy()
          }
        })
        response.on('end', () => resolve({ status, headers, text }))
        response.on('error', reject)
      },
    )
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}
