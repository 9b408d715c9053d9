import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { toProblem } from '../../../kit/http.ts'
import type { Logger } from '../../../kit/log.ts'
import { problemDetails } from '../../../kit/problem.ts'
import type { ChatAnswer, Listener } from './chat.ts'

export const EVENT_STREAM = 'text/event-stream'
/** A model may think for a minute; proxies end a connection that is silent for less. */
const KEEP_ALIVE_MS = 15_000

/** Whether the caller would rather see an answer as it comes (RFC 9110 §12.5.1, without weights: nobody sends them here). */
export const wantsStream = ({ headers }: FastifyRequest): boolean => (headers.accept ?? '').includes(EVENT_STREAM)

/**
 * An answer as server-sent events: `started`, then `token` for words and `call` for each tool as it was run, `done` with what
 * the JSON answer has, or `failed` with problem details. What fails before it started is an ordinary problem.
 * The work goes on when the caller leaves: what was done is kept in the conversation either way.
 */
export async function streamAnswer(
  request: FastifyRequest,
  reply: FastifyReply,
  log: Logger,
  answer: (listener: Listener) => Promise<ChatAnswer>,
): Promise<FastifyReply> {
  const response = reply.raw
  const send = (event: string, data: object): void => {
    if (!response.headersSent) {
      reply.hijack()
      const headers = { 'content-type': `${EVENT_STREAM}; charset=utf-8`, 'cache-control': 'no-store' }
      // Reverse proxies (nginx) would hold events back.
      response.writeHead(200, { ...headers, 'x-accel-buffering': 'no', 'x-request-id': request.id })
    }
    if (!response.destroyed) response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)
  }
  const alive = setInterval(() => {
    if (response.headersSent && !response.destroyed) response.write(': \n\n')
  }, KEEP_ALIVE_MS)
  try {
    const whole = await answer({
      started: id => send('started', { conversation_id: id }),
      words: text => send('token', { text }),
      called: outcome => send('call', outcome),
    })
    send('done', whole)
  } catch (error) {
    if (!response.headersSent) throw error
    const problem = toProblem(error as FastifyError)
    if (problem !== error) log.error({ err: error, request: request.id }, 'a streamed answer failed')
    send('failed', problemDetails(problem, request.id))
  } finally {
    clearInterval(alive)
  }
  response.end()
  return reply
}
