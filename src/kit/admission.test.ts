import { request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createHttp, type Http } from './http.ts'
import { createLogger } from './log.ts'

let http: Http
let url: string
let answer: () => void
beforeEach(async () => {
  http = createHttp({ service: 'test', log: createLogger('test', 'silent'), mostOpen: 20 })
  const until = new Promise<void>(done => {
    answer = done
  })
  http.app.post('/wait', async () => {
    await until
    return {}
  })
  await http.app.listen({ port: 0, host: '127.0.0.1' })
  url = `http://127.0.0.1:${(http.app.server.address() as AddressInfo).port}`
})
afterEach(async () => {
  http.app.server.closeAllConnections()
  await http.app.close()
})

const wait = (body: unknown): Promise<Response> =>
  fetch(`${url}/wait`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
const statuses = async (responses: Promise<Response>[]): Promise<number[]> =>
  (await Promise.all(responses)).map(({ status }) => status).sort()
/** Refusals come at once, so those that were let in are all that wait when they are there. */
async function refusals(responses: Promise<Response>[], count: number): Promise<Response[]> {
  const refused: Response[] = []
  await new Promise<void>(done => {
    for (const response of responses)
      void response.then(each => {
        if (each.status === 503) refused.push(each)
        if (refused.length === count) done()
      })
  })
  return refused
}

test('beyond so many unanswered requests the next is told to come again; probes are answered, and afterwards so is everybody', async () => {
  const sent = Array.from({ length: 25 }, () => wait({}))
  const [refused] = await refusals(sent, 5)
  expect(refused!.headers.get('retry-after')).toBe('1')
  expect(await refused!.json()).toMatchObject({ code: 'TEP4212', retry_after: 1 })
  for (const path of ['/healthz/live', '/healthz/ready', '/metrics']) expect((await fetch(url + path)).status).toBe(200)
  answer()
  expect(await statuses(sent)).toEqual([...Array(20).fill(200), ...Array(5).fill(503)])
  expect((await wait({})).status).toBe(200)
})

test('bodies that together are too large are refused, until those before are answered or their senders gone', async () => {
  const large = { x: 'x'.repeat(1_000_000) }
  const sent = Array.from({ length: 12 }, () => wait(large))
  await refusals(sent, 8)
  answer()
  expect(await statuses(sent)).toEqual([...Array(4).fill(200), ...Array(8).fill(503)])

  const gone = Array.from({ length: 4 }, () => {
    const headers = { 'content-type': 'application/json', 'content-length': '1000000' }
    const sending = request(`${url}/wait`, { method: 'POST', headers })
    sending.on('error', () => {})
    sending.write('{')
    return sending
  })
  while ((await wait(large)).status !== 503) await new Promise(done => setTimeout(done, 5))
  for (const sending of gone) sending.destroy()
  while ((await wait(large)).status !== 200) await new Promise(done => setTimeout(done, 5))
})
