import { createECDH } from 'node:crypto'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import { type AddressInfo, createServer as createTcp } from 'node:net'
import { isDeepStrictEqual } from 'node:util'
import { type Call, type DataPlane, eventually, startDataPlane } from '../../../test/support/data-plane.ts'
import type { RunningService } from '../../kit/service.ts'
import { startBackend } from '../backend/main.ts'
import { startNotification } from './main.ts'

let plane: DataPlane
let backend: RunningService
let notification: RunningService
let hooks: Server
let smtp: ReturnType<typeof createTcp>
/** What arrived outside, and what is answered there. */
const received: { path: string; headers: IncomingHttpHeaders; body: string }[] = []
const answers = new Map<string, number>()
const mails: string[] = []
let mailAnswer = '250 ok'

const portOf = (server: { address(): AddressInfo | string | null }): number => (server.address() as AddressInfo).port

beforeAll(async () => {
  plane = await startDataPlane()
  hooks = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    received.push({ path: request.url!, headers: request.headers, body })
    response.writeHead(answers.get(request.url!) ?? 204).end()
  })
  await new Promise<void>(up => hooks.listen(0, '127.0.0.1', up))
  smtp = mailServer()
  await new Promise<void>(up => smtp.listen(0, '127.0.0.1', up))
  const pair = createECDH('prime256v1')
  const publicKey = pair.generateKeys().toString('base64url')
  const settings = {
    smtpUrl: `smtp://127.0.0.1:${portOf(smtp)}`,
    smtpFrom: 'Todo <todo@example.org>',
    publicUrl: 'https://todo.example.org/',
    vapid: { publicKey, privateKey: pair.getPrivateKey().toString('base64url'), subject: 'mailto:a@example.org' },
    webhookAllowedHosts: ['127.0.0.1'],
  }
  backend = await startBackend(plane.config('backend-service'))
  notification = await startNotification(plane.config('notification-service', settings))
  plane.dapr.deliver('task-events', notification.port)
})

afterAll(async () => {
  await notification?.stop()
  await backend?.stop()
  await plane?.stop()
  for (const server of [hooks, smtp]) await new Promise(done => server?.close(done))
})

/** Just enough of RFC 5321 to take a mail. */
function mailServer() {
  return createTcp(socket => {
    let data: string | undefined
    socket.write('220 test\r\n')
    socket.on('error', () => {})
    socket.on('data', chunk => {
      const text = String(chunk)
      if (data !== undefined) {
        data += text
        if (!data.endsWith('\r\n.\r\n')) return
        if (mailAnswer.startsWith('250')) mails.push(data)
        data = undefined
        return socket.write(`${mailAnswer}\r\n`)
      }
      if (/^DATA/i.test(text)) {
        data = ''
        return socket.write('354 go\r\n')
      }
      return socket.write(/^EHLO/i.test(text) ? '250 test\r\n' : '250 ok\r\n')
    })
  })
}

const person = (name: string): { at: Call; inbox: Call } => ({
  at: plane.as(name, backend.port),
  inbox: plane.as(name, notification.port),
})
const prefer = async (name: string, preferences: object): Promise<void> => {
  expect((await person(name).at('PATCH', '/api/v1/preferences', preferences)).status).toBe(200)
  const [column] = Object.keys(preferences)
  await eventually(async () => {
    const [row] = await plane.db.query('SELECT * FROM notification.preferences WHERE user_id = $1', [name])
    return row && isDeepStrictEqual(row[column!], (preferences as Record<string, unknown>)[column!])
  }, 'the preferences to arrive')
}
/** A reminder that is due now, as one of the seeds announces it. */
const remind = async (name: string, title: string): Promise<void> => {
  const body = {
    event_id: crypto.randomUUID(),
    event_type: 'reminder.due',
    timestamp: '2026-01-01T00:00:00Z',
    data: { task_id: crypto.randomUUID(), user_id: name, title },
  }
  expect((await person(name).inbox('POST', '/events/reminder', body)).body.status).toBe('SUCCESS')
}
const deliveries = (name: string) =>
  plane.db.query<{
    channel: string
    attempts: number
    sent_at: Date | null
    failed_at: Date | null
    next_attempt_at: Date
  }>('SELECT * FROM notification.deliveries WHERE user_id = $1 ORDER BY id', [name])
const sent = (name: string, count: number) =>
  eventually(async () => {
    const rows = (await deliveries(name)).filter(row => row.sent_at)
    return rows.length >= count && rows
  }, 'everything to go out')
const url = (path: string): string => `http://127.0.0.1:${portOf(hooks)}${path}`
const types = (name: string): string[] =>
  plane.dapr.published.filter(({ key }) => key === name).map(({ event }) => event.type.replace('com.taskmanager.', ''))

test('a webhook gets a signed body, a browser an encrypted one, and each is told once', async () => {
  const { inbox } = person('anna')
  const hook = await inbox('POST', '/api/v1/webhooks', { url: url('/anna') })
  expect(hook.body).toMatchObject({ id: expect.any(String), secret: expect.stringMatching(/^whsec_/) })
  const keys = {
    p256dh: 'BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4',
    auth: 'BTBZMqHH6r4Tts7J_aSIgg',
  }
  expect((await inbox('GET', '/api/v1/push-subscriptions/key')).body.public_key).toHaveLength(87)
  expect((await inbox('POST', '/api/v1/push-subscriptions', { endpoint: url('/push'), keys })).status).toBe(201)
  await remind('anna', 'Call')
  await sent('anna', 2)
  const webhook = received.filter(({ path }) => path === '/anna')
  expect(webhook).toHaveLength(1)
  expect(JSON.parse(webhook[0]!.body)).toMatchObject({ kind: 'reminder', title: 'Call' })
  expect(webhook[0]!.headers['webhook-signature']).toMatch(/^v1,/)
  const push = received.filter(({ path }) => path === '/push')
  expect(push).toHaveLength(1)
  expect(push[0]!.headers).toMatchObject({
    'content-encoding': 'aes128gcm',
    authorization: expect.stringMatching(/^vapid t=/),
  })
  expect(push[0]!.body).not.toContain('Call')
  const listed = (await inbox('GET', '/api/v1/webhooks')).body.items
  expect(JSON.stringify(listed)).not.toContain('whsec_')
  expect((await person('ben').inbox('DELETE', `/api/v1/webhooks/${listed[0].id}`)).status).toBe(404)
  expect((await inbox('DELETE', `/api/v1/webhooks/${listed[0].id}`)).status).toBe(204)
})

test('a target inside, one that is no key, one too many: refused by field', async () => {
  const { inbox } = person('cleo')
  expect((await inbox('POST', '/api/v1/webhooks', { url: 'http://169.254.169.254/latest' })).body).toMatchObject({
    code: 'TEP4001',
    errors: [{ field: 'url' }],
  })
  const keys = { p256dh: 'AAAA', auth: 'AAAA' }
  expect((await inbox('POST', '/api/v1/push-subscriptions', { endpoint: url('/x'), keys })).body.errors[0].field).toBe(
    'keys.p256dh',
  )
  for (let i = 0; i < 10; i++) expect((await inbox('POST', '/api/v1/webhooks', { url: url(`/${i}`) })).status).toBe(201)
  expect((await inbox('POST', '/api/v1/webhooks', { url: url('/11') })).body.code).toBe('TEP4007')
  expect((await inbox('POST', '/api/v1/webhooks', { url: url('/3') })).status).toBe(201)
})

test('what fails is tried again, what is refused is not, what is gone is forgotten', async () => {
  const { inbox } = person('dan')
  for (const path of ['/busy', '/refused', '/gone']) await inbox('POST', '/api/v1/webhooks', { url: url(path) })
  answers.set('/busy', 503).set('/refused', 400).set('/gone', 410)
  await remind('dan', 'Try')
  const rows = await eventually(async () => {
    const all = await plane.db.query<{ attempts: number; failed_at: Date | null; url: string }>(
      'SELECT d.*, t.url FROM notification.deliveries d JOIN notification.targets t ON t.id = d.target_id WHERE d.user_id = $1',
      ['dan'],
    )
    // That of the forgotten target went with it.
    return all.length === 2 && all.every(({ attempts }) => attempts === 1) && all
  }, 'three attempts')
  expect(rows.find(row => row.url.endsWith('/busy'))!.failed_at).toBeNull()
  expect(rows.find(row => row.url.endsWith('/refused'))!.failed_at).not.toBeNull()
  expect(received.filter(({ path }) => path === '/gone')).toHaveLength(1)
  answers.clear()
  await plane.db.query("UPDATE notification.deliveries SET next_attempt_at = now() WHERE user_id = 'dan'")
  await eventually(async () => received.filter(({ path }) => path === '/busy').length === 2, 'the second attempt')
  expect(received.filter(({ path }) => path === '/refused')).toHaveLength(1)
  expect(
    new Set(received.filter(({ path }) => path === '/busy').map(({ headers }) => headers['webhook-id'])).size,
  ).toBe(1)
}, 60_000)

test('preferences choose channels by kind', async () => {
  await prefer('eve', { notifications: { reminder: { in_app: false, webhook: false, email: true } } })
  const { inbox } = person('eve')
  await inbox('POST', '/api/v1/webhooks', { url: url('/eve') })
  await remind('eve', 'Quietly')
  expect((await inbox('GET', '/api/v1/notifications')).body).toMatchObject({ items: [], unread: 0 })
  expect(await deliveries('eve')).toEqual([])
  const wrong = await person('eve').at('PATCH', '/api/v1/preferences', { notifications: { reminder: { fax: true } } })
  expect(wrong.body.errors[0].field).toBe('notifications.reminder.fax')
})

test('in quiet hours nothing goes out and nothing is lost', async () => {
  const hour = (offset: number) => `${String((new Date().getUTCHours() + offset + 24) % 24).padStart(2, '0')}:00`
  await prefer('fay', { quiet_hours: { start: hour(-1), end: hour(2) } })
  const { inbox } = person('fay')
  await inbox('POST', '/api/v1/webhooks', { url: url('/fay') })
  await remind('fay', 'Later')
  const [waiting] = await eventually(async () => {
    const rows = await deliveries('fay')
    return rows[0]!.next_attempt_at.getTime() > Date.now() + 60_000 && rows
  }, 'the delivery to be put off')
  expect(waiting).toMatchObject({ attempts: 0, sent_at: null, failed_at: null })
  expect(received.filter(({ path }) => path === '/fay')).toEqual([])
  await eventually(async () => types('fay').includes('notification.deferred'), 'the news of it')
  await prefer('fay', { quiet_hours: null })
  await plane.db.query("UPDATE notification.deliveries SET next_attempt_at = now() WHERE user_id = 'fay'")
  await sent('fay', 1)
  expect(received.filter(({ path }) => path === '/fay')).toHaveLength(1)
}, 60_000)

test('mail: by SMTP, again after a refusal for now, with a way out that one click takes and a choice ends', async () => {
  await prefer('gus', { email: 'gus@example.org', email_notifications: true })
  mailAnswer = '451 later'
  await remind('gus', 'Water')
  await eventually(async () => (await deliveries('gus'))[0]?.attempts === 1, 'the first attempt')
  mailAnswer = '250 ok'
  await plane.db.query("UPDATE notification.deliveries SET next_attempt_at = now() WHERE user_id = 'gus'")
  await sent('gus', 1)
  expect(mails).toHaveLength(1)
  const mail = mails[0]!.replace(/\r\n[ \t]+/g, ' ')
  expect(mail).toMatch(/^Subject: Reminder: Water$/m)
  expect(mail).toMatch(/^List-Unsubscribe-Post: List-Unsubscribe=One-Click$/m)
  const [, link] = /^List-Unsubscribe: <https:\/\/todo\.example\.org(\/\S+)>$/m.exec(mail)!
  // Looking at the link does nothing.
  await fetch(`http://127.0.0.1:${notification.port}${link}`)
  await remind('gus', 'Second')
  await sent('gus', 2)
  const click = await fetch(`http://127.0.0.1:${notification.port}${link}`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: 'List-Unsubscribe=One-Click',
  })
  expect(click.status).toBe(200)
  await remind('gus', 'Third')
  expect(await deliveries('gus')).toHaveLength(2)
  await prefer('gus', { email_notifications: true })
  await eventually(async () => {
    const rows = await plane.db.query(
      "SELECT 1 FROM notification.preferences WHERE user_id = 'gus' AND unsubscribed_at IS NULL",
    )
    return rows.length
  }, 'mails to be wanted again')
}, 60_000)

test('a digest is one mail with everything since the last', async () => {
  mails.length = 0
  await prefer('ida', { digest_at: '08:00', email: 'ida@example.org', email_notifications: true })
  for (const title of ['One', 'Two', 'Three']) await remind('ida', title)
  const rows = await deliveries('ida')
  expect(rows.every(row => row.next_attempt_at.toISOString().endsWith('T08:00:00.000Z'))).toBe(true)
  await plane.db.query(
    "UPDATE notification.deliveries SET next_attempt_at = now() - interval '1 second' WHERE user_id = 'ida'",
  )
  await sent('ida', 3)
  expect(mails).toHaveLength(1)
  expect(mails[0]).toMatch(/Subject: 3 reminders/)
  for (const title of ['One', 'Two', 'Three']) expect(mails[0]).toContain(title)
}, 60_000)
