import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createTransport, type SendMailOptions } from 'nodemailer'
import type { Outgoing, Send } from './sender.ts'

export interface MailOptions {
  smtpUrl?: string
  smtpFrom?: string
  /** Without SMTP: mails become files here. */
  mailDir?: string
  publicUrl?: string
}

/** The mail channel: SMTP when configured, else files in a folder, else none. */
export function mailChannel(options: MailOptions): Send | undefined {
  const { smtpUrl, mailDir } = options
  if (smtpUrl) {
    const transport = createTransport(smtpUrl)
    return async outgoing => {
      await transport.sendMail(mailOf(outgoing, options))
    }
  }
  if (!mailDir) return undefined
  const composer = createTransport({ streamTransport: true, buffer: true })
  return async outgoing => {
    const { message } = await composer.sendMail(mailOf(outgoing, options))
    await mkdir(mailDir, { recursive: true })
    await writeFile(join(mailDir, `${outgoing.deliveries[0].notification_id}.eml`), message as Buffer)
  }
}

/** The Message-ID is the notification's, so that a mail sent twice by a crash is recognised as one. */
function mailOf({ deliveries, unsubscribeToken }: Outgoing, { smtpFrom, publicUrl }: MailOptions): SendMailOptions {
  const [first] = deliveries
  const many = deliveries.length > 1
  return {
    from: smtpFrom ?? 'Todo <todo@localhost>',
    to: first.recipient!,
    subject: many ? `${deliveries.length} reminders` : `Reminder: ${first.title}`,
    text: deliveries.map(({ title, body }) => `${title}\n${body}\n`).join('\n'),
    messageId: `<${first.notification_id}@todo.events>`,
    headers: {
      'Auto-Submitted': 'auto-generated',
      ...(publicUrl && unsubscribeToken ? unsubscribeHeaders(publicUrl, unsubscribeToken) : {}),
    },
  }
}

/** One click, without signing in (RFC 2369, RFC 8058). */
const unsubscribeHeaders = (publicUrl: string, token: string): Record<string, string> => ({
  'List-Unsubscribe': `<${publicUrl.replace(/\/$/, '')}/api/v1/notifications/unsubscribe?token=${token}>`,
  'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
})
