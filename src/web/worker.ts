/**
 * The service worker: the app opens without a connection, and pushes are shown. The API is never cached here: what a
 * person may see is decided by the server each time, and offline tasks are the app's own affair.
 */
declare const self: WorkerScope
/** Changes with every build, so that a new version is fetched as a whole. */
declare const BUILD: string
declare const FILES: readonly string[]

const CACHE = `todo-${BUILD}`
const SHELL = ['./', ...FILES]

self.addEventListener('install', event => {
  event.waitUntil(caches.open(CACHE).then(cache => cache.addAll(SHELL)))
  void self.skipWaiting()
})

self.addEventListener('activate', event => {
  const forget = async (): Promise<void> => {
    const old = (await caches.keys()).filter(name => name.startsWith('todo-') && name !== CACHE)
    await Promise.all(old.map(name => caches.delete(name)))
    await self.clients.claim()
  }
  event.waitUntil(forget())
})

const isFile = ({ pathname }: URL): boolean => pathname.endsWith('/') || /\.(js|css|svg|webmanifest)$/.test(pathname)

self.addEventListener('fetch', event => {
  const url = new URL(event.request.url)
  if (
    event.request.method !== 'GET' ||
    url.origin !== location.origin ||
    url.pathname.startsWith('/api/') ||
    !isFile(url)
  )
    return
  event.respondWith(fresh(event.request))
})

/** The server's file, or the kept one where the server cannot be reached. */
async function fresh(request: Request): Promise<Response> {
  const cache = await caches.open(CACHE)
  try {
    const response = await fetch(request)
    if (response.ok) await cache.put(request, response.clone())
    return response
  } catch (error) {
    const kept = await cache.match(request, { ignoreSearch: true })
    if (kept) return kept
    throw error
  }
}

interface Pushed {
  id: string
  title: string
  body: string
}

self.addEventListener('push', event => {
  const { id, title, body } = event.data!.json() as Pushed
  // The same notification twice is shown once.
  event.waitUntil(self.registration.showNotification(title, { body, tag: id, icon: 'icon.svg' }))
})

self.addEventListener('notificationclick', event => {
  event.notification.close()
  const show = async (): Promise<unknown> => {
    const [open] = await self.clients.matchAll({ type: 'window' })
    return open ? open.focus() : self.clients.openWindow('./#/inbox')
  }
  event.waitUntil(show())
})

/** What is used of the service worker's global scope; the whole library would redefine the names of the page's. */
interface WorkerScope {
  readonly clients: {
    claim(): Promise<void>
    matchAll(options: { type: 'window' }): Promise<{ focus(): Promise<unknown> }[]>
    openWindow(url: string): Promise<unknown>
  }
  readonly registration: ServiceWorkerRegistration
  skipWaiting(): Promise<void>
  addEventListener(type: 'install' | 'activate', handle: (event: Extendable) => void): void
  addEventListener(
    type: 'fetch',
    handle: (event: Extendable & { request: Request; respondWith(answer: Promise<Response>): void }) => void,
  ): void
  addEventListener(type: 'push', handle: (event: Extendable & { data: { json(): unknown } | null }) => void): void
  addEventListener(
    type: 'notificationclick',
    handle: (event: Extendable & { notification: Notification }) => void,
  ): void
}

interface Extendable {
  waitUntil(work: Promise<unknown>): void
}
