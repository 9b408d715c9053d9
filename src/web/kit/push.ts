import { call } from './api.ts'

/** Web push of this browser (RFC 8030 to 8292, through its own push service). */
export const pushPossible = 'serviceWorker' in navigator && 'PushManager' in globalThis && 'Notification' in globalThis

interface Target {
  id: string
  url: string
}

/** Whether this browser is to be told, and the server knows. */
export async function pushEnabled(): Promise<boolean> {
  const subscription = await subscriptionHere()
  return !!subscription && (await targets()).some(({ url }) => url === subscription.endpoint)
}

const targets = async (): Promise<Target[]> => (await call<{ items: Target[] }>('/api/v1/push-subscriptions')).items

const subscriptionHere = async (): Promise<PushSubscription | null> =>
  (await navigator.serviceWorker.getRegistration())?.pushManager.getSubscription() ?? null

/** Asks the person, then the browser's push service, then tells ours. */
export async function enablePush(): Promise<void> {
  const { public_key: key } = await call<{ public_key: string }>('/api/v1/push-subscriptions/key')
  if ((await Notification.requestPermission()) !== 'granted')
    throw new Error('This browser does not allow notifications; allow them in its settings for this site.')
  const { pushManager } = await navigator.serviceWorker.ready
  const subscription = await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key })
  const { endpoint, keys } = subscription.toJSON()
  await call('/api/v1/push-subscriptions', { method: 'POST', body: { endpoint, keys } })
}

export async function disablePush(): Promise<void> {
  const subscription = await subscriptionHere()
  const known = (await targets()).find(({ url }) => url === subscription?.endpoint)
  if (known) await call(`/api/v1/push-subscriptions/${known.id}`, { method: 'DELETE' })
  await subscription?.unsubscribe()
}
