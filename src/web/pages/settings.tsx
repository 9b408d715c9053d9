import { useSignal } from '@preact/signals'
import { call, send } from '../kit/api.ts'
import { shortcuts, type Theme, theme, zone } from '../kit/preferences.ts'
import { disablePush, enablePush, pushEnabled, pushPossible } from '../kit/push.ts'
import { person, signOut } from '../kit/session.ts'
import { Choice, Field, field, onSubmit } from '../ui/form.tsx'
import { type Loaded, Show, useLoaded } from '../ui/loaded.tsx'
import { toast } from '../ui/toast.tsx'

interface Preferences {
  timezone: string
  email: string | null
  email_notifications: boolean
  notifications: Record<string, Record<string, boolean>>
  quiet_hours: { start: string; end: string } | null
  digest_at: string | null
}

const ZONES = Intl.supportedValuesOf('timeZone')
const KINDS = [
  ['reminder', 'Reminders'],
  ['reminder_missed', 'Missed reminders'],
] as const
const CHANNELS = [
  ['in_app', 'Inbox'],
  ['email', 'Mail'],
  ['web_push', 'Push'],
  ['webhook', 'Webhook'],
] as const

/** Says how it went; what failed is told in the server's words. */
async function attempt(work: () => Promise<unknown>, done: string): Promise<void> {
  try {
    await work()
    toast(done)
  } catch (error) {
    toast((error as Error).message)
  }
}

export function Settings() {
  const preferences = useLoaded(() => call<Preferences>('/api/v1/preferences'))
  return (
    <div class="settings">
      <Device />
      <Show of={preferences}>{value => <Account value={value} reload={preferences.reload} />}</Show>
      <Push />
      <Calendar />
      <Webhooks />
      <YourData />
    </div>
  )
}

function Device() {
  return (
    <section>
      <h2>This device</h2>
      <Choice
        label="Appearance"
        value={theme.value}
        options={[
          ['system', 'as the system'],
          ['light', 'light'],
          ['dark', 'dark'],
        ]}
        onChange={value => (theme.value = value as Theme)}
      />
      <label class="check-line">
        <input
          type="checkbox"
          checked={shortcuts.value}
          onChange={event => (shortcuts.value = event.currentTarget.checked)}
        />
        Single-key shortcuts
      </label>
    </section>
  )
}

function Account({ value, reload }: { value: Preferences; reload(): Promise<void> }) {
  const save = (form: HTMLFormElement): Promise<void> => {
    const [start, end] = [field(form, 'quiet-start'), field(form, 'quiet-end')]
    const notifications = Object.fromEntries(
      KINDS.map(([kind]) => [
        kind,
        Object.fromEntries(CHANNELS.map(([channel]) => [channel, !!field(form, `${kind}.${channel}`)])),
      ]),
    )
    const body: Preferences = {
      timezone: field(form, 'timezone'),
      email: field(form, 'email') || null,
      email_notifications: !!field(form, 'email_notifications'),
      quiet_hours: start && end ? { start, end } : null,
      digest_at: field(form, 'digest_at') || null,
      notifications,
    }
    return attempt(() => call('/api/v1/preferences', { method: 'PATCH', body }).then(reload), 'Saved')
  }
  return (
    <form onSubmit={onSubmit(save)}>
      <h2>Your account</h2>
      <Field
        label="Time zone"
        hint={value.timezone === zone ? 'in which days begin and quiet hours count' : `this device is in ${zone}`}
      >
        <select name="timezone">
          {[...new Set([value.timezone, ...ZONES])].map(each => (
            <option key={each} selected={each === value.timezone}>
              {each}
            </option>
          ))}
        </select>
      </Field>
      <Field label="Mail address">
        <input name="email" type="email" autocomplete="email" defaultValue={value.email ?? ''} />
      </Field>
      <label class="check-line">
        <input type="checkbox" name="email_notifications" defaultChecked={value.email_notifications} /> Send mails
      </label>
      <div class="row">
        <Field label="Quiet from">
          <input name="quiet-start" type="time" defaultValue={value.quiet_hours?.start ?? ''} />
        </Field>
        <Field label="Quiet until" hint="what comes meanwhile is sent then">
          <input name="quiet-end" type="time" defaultValue={value.quiet_hours?.end ?? ''} />
        </Field>
        <Field label="One mail a day at" hint="instead of one each; empty: each">
          <input name="digest_at" type="time" defaultValue={value.digest_at ?? ''} />
        </Field>
      </div>
      <div class="scroll">
        <table>
          <caption>What is sent where</caption>
          <thead>
            <tr>
              <td />
              {CHANNELS.map(([channel, text]) => (
                <th key={channel} scope="col">
                  {text}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {KINDS.map(([kind, text]) => (
              <tr key={kind}>
                <th scope="row">{text}</th>
                {CHANNELS.map(([channel, name]) => (
                  <td key={channel}>
                    <input
                      type="checkbox"
                      name={`${kind}.${channel}`}
                      aria-label={`${text}: ${name}`}
                      defaultChecked={value.notifications[kind]?.[channel] ?? true}
                    />
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <button type="submit" class="primary">
        Save
      </button>
    </form>
  )
}

function Push() {
  const enabled = useLoaded(pushEnabled)
  if (!pushPossible) return null
  const change = (work: () => Promise<void>, done: string): Promise<void> =>
    attempt(() => work().then(enabled.reload), done)
  return (
    <section>
      <h2>Push notifications in this browser</h2>
      <Show of={enabled}>
        {on =>
          on ? (
            <button type="button" onClick={() => change(disablePush, 'This browser is told nothing more')}>
              Switch off
            </button>
          ) : (
            <button type="button" onClick={() => change(enablePush, 'This browser will be told')}>
              Switch on
            </button>
          )
        }
      </Show>
    </section>
  )
}

function Calendar() {
  const url = useSignal('')
  const make = (): Promise<void> =>
    attempt(async () => {
      const { path } = await call<{ path: string }>('/api/v1/calendar', { method: 'POST' })
      url.value = new URL(path, location.href).href
    }, 'The feed has a new address; an older one has ended')
  return (
    <section>
      <h2>Calendar feed</h2>
      <p class="quiet">An address to subscribe to in a calendar program. Who has it can read your tasks.</p>
      {url.value && (
        <Field label="Address">
          <input readOnly value={url.value} onFocus={event => event.currentTarget.select()} />
        </Field>
      )}
      <div class="actions">
        <button type="button" onClick={make}>
          Make a new address
        </button>
        <button
          type="button"
          onClick={() =>
            attempt(
              () => call('/api/v1/calendar', { method: 'DELETE' }).then(() => (url.value = '')),
              'The feed has ended',
            )
          }
        >
          End the feed
        </button>
      </div>
    </section>
  )
}

interface Webhook {
  id: string
  url: string
}

function Webhooks() {
  const hooks: Loaded<{ items: Webhook[] }> = useLoaded(() => call('/api/v1/webhooks'))
  const secret = useSignal('')
  const add = (form: HTMLFormElement): Promise<void> =>
    attempt(async () => {
      const made = await call<{ secret: string }>('/api/v1/webhooks', {
        method: 'POST',
        body: { url: field(form, 'url') },
      })
      secret.value = made.secret
      form.reset()
      await hooks.reload()
    }, 'Added')
  return (
    <section>
      <h2>Webhooks</h2>
      <Show of={hooks}>
        {({ items }) => (
          <ul class="plain">
            {items.map(({ id, url }) => (
              <li key={id} class="row">
                <code>{url}</code>
                <button
                  type="button"
                  aria-label={`Remove ${url}`}
                  onClick={() =>
                    attempt(() => call(`/api/v1/webhooks/${id}`, { method: 'DELETE' }).then(hooks.reload), 'Removed')
                  }
                >
                  Remove
                </button>
              </li>
            ))}
          </ul>
        )}
      </Show>
      {secret.value && (
        <p>
          Its secret, told only now: <code>{secret.value}</code>
        </p>
      )}
      <form class="row" onSubmit={onSubmit(add)}>
        <Field label="Address">
          <input name="url" type="url" required placeholder="https://" />
        </Field>
        <button type="submit">Add</button>
      </form>
    </section>
  )
}

function YourData() {
  const download = (): Promise<void> =>
    attempt(async () => {
      const response = await send('/api/v1/me/export', {})
      const link = document.createElement('a')
      link.href = URL.createObjectURL(await response.blob())
      link.download = 'todo-export.json'
      link.click()
      URL.revokeObjectURL(link.href)
    }, 'Downloaded')
  const erase = (form: HTMLFormElement): Promise<void> | void => {
    if (field(form, 'name') !== person.value?.name) return toast('The name is not yours; nothing was erased')
    return attempt(async () => {
      await call('/api/v1/me', { method: 'DELETE' })
      signOut('Everything about you has been erased.')
    }, 'Erased')
  }
  return (
    <section>
      <h2>Your data</h2>
      <button type="button" onClick={download}>
        Download everything
      </button>
      <details>
        <summary>Erase everything</summary>
        <form onSubmit={onSubmit(erase)}>
          <p>All tasks, reminders, notifications and statistics go for good. This cannot be undone.</p>
          <Field label={`Type ${person.value?.name} to go on`}>
            <input name="name" required autocomplete="off" />
          </Field>
          <button type="submit" class="danger">
            Erase everything
          </button>
        </form>
      </details>
    </section>
  )
}
