import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createTransport } from 'nodemailer'
import { createEvent } from '../../contracts/events/index.ts'
import type { Database, Sql } from '../../kit/db.ts'
import type { Logger } from '../../kit/log.ts'
import { append } from '../../kit/outbox.ts'
import { type Repeated, repeat } from '../../kit/repeat.ts'

export interface Mail {
  /** Also the Message-ID, so that a mail sent twice by a crash is recognised as one. */
  id: string
  to: string
  subject: string
  text: string
}

export type SendMail = (mail: Mail) => Promise<void>

/** SMTP when configured, else files in a folder, else none. */
export function mailTransport({ smtpUrl, mailDir }: { smtpUrl?: string; mailDir?: string }): SendMail | undefined {
  if (smtpUrl) {
    const transport = createTransport(smtpUrl)
    return async mail => {
      await transport.sendMail(message(mail))
    }
  }
  if (!mailDir) return undefined
  const composer = createTransport({ streamTransport: true, buffer: true })
  return async mail => {
    const { message: eml } = await composer.sendMail(message(mail))
    await mkdir(mailDir, { recursive: true })
    await writeFile(join(mailDir, `${mail.id}.eml`), eml as Buffer)
  }
}

const message = ({ id, to, subject, text }: Mail) => ({
  from: 'Todo <todo@localhost>',
  to,
  subject,
  text,
  messageId: `<${id}@todo.events>`,
  headers: { 'Auto-Submitted': 'auto-generated' },
})

interface MailRow {
  notification_id: string
  user_id: string
  recipient: string
  attempts: number
  title: string
  body: string
}

const EVERY_MS = 5_000
const ATTEMPTS = 8

/** Sends queued mails, one after another, each until it is sent or has failed eight times (about an hour). */
export function startMailer(options: {
  db: Database
  send: SendMail
  log: Logger
  appId: string
  everyMs?: number
}): Repeated {
  const { db, send, log, appId, everyMs = EVERY_MS } = options
  return repeat(everyMs, log, async () => {
    while (await db.tx({ system: true }, sendNext)) {
      // Until the queue has nothing that is due.
    }
  })

  /** The row stays locked while it is sent, so that no other replica sends it too. */
  async function sendNext(sql: Sql): Promise<boolean> {
    const [mail] = await sql.query<MailRow>(
      `SELECT m.notification_id, m.user_id, m.recipient, m.attempts, n.title, n.body
       FROM notification.mails m JOIN notification.notifications n ON n.id = m.notification_id
       WHERE m.sent_at IS NULL AND m.failed_at IS NULL AND m.next_attempt_at <= now()
       ORDER BY m.next_attempt_at LIMIT 1 FOR UPDATE OF m SKIP LOCKED`,
    )
    if (!mail) return false
    const { notification_id: id, user_id: userId, recipient: to, title, body } = mail
    const about = { notification_id: id, user_id: userId, channel: 'email' as const, title }
    const subject = `notification/${id}`
    try {
      await send({ id, to, subject: `Reminder: ${title}`, text: `${title}\n${body}\n` })
      await sql.query(
        'UPDATE notification.mails SET sent_at = now(), attempts = attempts + 1 WHERE notification_id = $1',
        [id],
      )
      const data = { ...about, sent_at: new Date().toISOString() }
      await append(sql, [createEvent({ type: 'notification.sent', appId, subject, data })])
    } catch (error) {
      const reason = (error as Error).message.slice(0, 500)
      const over = mail.attempts + 1 >= ATTEMPTS
      log.warn({ notification: id, reason, attempt: mail.attempts + 1 }, 'a mail could not be sent')
      await sql.query(
        `UPDATE notification.mails SET attempts = attempts + 1, last_error = $2, failed_at = CASE WHEN $3 THEN now() END,
           next_attempt_at = now() + interval '30 seconds' * power(2, attempts) WHERE notification_id = $1`,
        [id, reason, over],
      )
      if (over)
        await append(sql, [createEvent({ type: 'notification.failed', appId, subject, data: { ...about, reason } })])
    }
    return true
  }
}
