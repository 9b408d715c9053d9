import { SERVICES } from '../../contracts/topology.ts'
import type { ServiceConfig } from '../../kit/config.ts'
import { type RunningService, startService } from '../../kit/service.ts'
import { subscribe } from '../../kit/subscriber.ts'
import { createAlarms } from './alarms.ts'
import { mailTransport, startMailer } from './mail.ts'
import { onCancelled, onErased, onPreferences, onScheduled, onTaskEnded, onTriggeredElsewhere } from './reminders.ts'
import { registerInbox, registerJobs } from './routes.ts'
import { startSweeper } from './sweeper.ts'

const contract = SERVICES.find(({ service }) => service === 'notification')!

/** Reminders at their time, once: into the in-app inbox, and by mail. */
export const startNotification = (config: ServiceConfig): Promise<RunningService> =>
  startService('notification', config, ({ app, db, dapr, log, metrics, authenticate, onClose, onListen }) => {
    const { appId, mailDir } = config
    const token = config.appApiToken ? { appApiToken: config.appApiToken } : {}
    const alarms = createAlarms({ db, dapr, log, appId, mailDir })
    const routes = { db, log, authenticate, alarms, appId, mailDir, ...token }
    registerInbox(app, routes)
    registerJobs(app, routes)
    subscribe(app, {
      consumer: appId,
      topics: contract.consumes.map(({ topic }) => topic),
      handlers: {
        'reminder.scheduled': onScheduled(alarms),
        'reminder.rescheduled': onScheduled(alarms),
        'reminder.snoozed': onScheduled(alarms),
        'reminder.cancelled': onCancelled(alarms),
        'reminder.triggered': onTriggeredElsewhere(appId, mailDir),
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
      const send = mailTransport(config)
      if (send) onClose(startMailer({ db, send, log, appId }).stop)
    })
  })
