import { SERVICES } from '../../contracts/topology.ts'
import type { ServiceConfig } from '../../kit/config.ts'
import { serveDescription } from '../../kit/openapi.ts'
import type { Repeated } from '../../kit/repeat.ts'
import { type RunningService, startService } from '../../kit/service.ts'
import { subscribe } from '../../kit/subscriber.ts'
import { createAlarms } from './alarms.ts'
import { registerConsole } from './console.ts'
import { mailChannel } from './mail.ts'
import { openapi } from './openapi.ts'
import { onPreferences } from './preferences.ts'
import { webhookChannel, webPushChannel } from './push-channels.ts'
import { onCancelled, onErased, onScheduled, onTaskEnded, onTriggeredElsewhere } from './reminders.ts'
import { registerInbox, registerJobs } from './routes.ts'
import { type Delivery, type Send, startSender } from './sender.ts'
import { startSweeper } from './sweeper.ts'
import { registerTargets } from './targets.ts'

const contract = SERVICES.find(({ service }) => service === 'notification')!

/** Reminders at their time, once: into the in-app inbox, by mail, to browsers and to webhooks. */
export const startNotification = (config: ServiceConfig): Promise<RunningService> =>
  startService('notification', config, ({ app, db, dapr, log, metrics, authenticate, onClose, onListen }) => {
    serveDescription(app, openapi)
    const { appId, mailDir, vapid } = config
    const webhooks = { allowedHosts: config.webhookAllowedHosts }
    // Browsers name their vendors' push services, which no operator could list.
    const push = { allowedHosts: ['*', ...config.webhookAllowedHosts] }
    const token = config.appApiToken ? { appApiToken: config.appApiToken } : {}
    const senders: Repeated[] = []
    const wake = (): void => {
      for (const sender of senders) sender.wake()
    }
    const alarms = createAlarms({ db, dapr, log, appId, mailDir, metrics, wake })
    const routes = { db, log, authenticate, alarms, appId, mailDir, wake, ...token }
    registerInbox(app, routes)
    registerJobs(app, routes)
    registerConsole(app, routes)
    registerTargets(app, { db, authenticate, push: { policy: push, publicKey: vapid?.publicKey }, webhooks })
    subscribe(app, {
      consumer: appId,
      topics: contract.consumes.map(({ topic }) => topic),
      handlers: {
        'reminder.scheduled': onScheduled(alarms),
        'reminder.rescheduled': onScheduled(alarms),
        'reminder.snoozed': onScheduled(alarms),
        'reminder.cancelled': onCancelled(alarms),
        'reminder.triggered': onTriggeredElsewhere({ appId, mailDir, wake }),
        'task.completed': onTaskEnded(alarms),
        'task.deleted': onTaskEnded(alarms),
        'user.preferences_changed': onPreferences,
        'user.erased': onErased(alarms),
      },
      db,
      dapr,
      log,
      metrics,
      ...token,
    })
    onListen(() => {
      onClose(startSweeper({ db, alarms, log }).stop)
      const email = mailChannel(config)
      const channels = {
        webhook: webhookChannel(webhooks),
        ...(email ? { email } : {}),
        ...(vapid ? { web_push: webPushChannel(vapid, push) } : {}),
      }
      // One for each channel: a webhook that hangs holds up no mail.
      for (const [channel, send] of Object.entries(channels) as [Delivery['channel'], Send][]) {
        const sender = startSender({ db, channel, send, log, appId })
        senders.push(sender)
        onClose(sender.stop)
      }
    })
  })
