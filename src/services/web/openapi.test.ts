import { createHttp } from '../../kit/http.ts'
import { createLogger } from '../../kit/log.ts'
import type { ApiDescription } from '../../kit/openapi.ts'
import { openapi as analytics } from '../analytics/openapi.ts'
import { openapi as audit } from '../audit/openapi.ts'
import { openapi as backend } from '../backend/openapi.ts'
import { openapi as notification } from '../notification/openapi.ts'
import { openapi as realtime } from '../realtime/openapi.ts'
import { serveDescriptions } from './openapi.ts'

const log = createLogger('test', 'silent')
const services = { backend, notification, audit, analytics, realtime }

async function listening(description?: ApiDescription) {
  const { app } = createHttp({ service: 'test', log })
  if (description) app.get('/openapi.json', async () => description)
  return { app, url: await app.listen({ port: 0, host: '127.0.0.1' }) }
}

test('one description of all services that run; who does not answer is named, and who is switched off is not there', async () => {
  const running = await Promise.all(Object.values(services).map(listening))
  const silent = await listening()
  const { app } = createHttp({ service: 'web', log })
  const [backendUrl, notificationUrl, , analyticsUrl, realtimeUrl] = running.map(({ url }) => url)
  serveDescriptions(
    app,
    {
      BACKEND_URL: backendUrl,
      NOTIFICATION_URL: notificationUrl,
      AUDIT_URL: silent.url,
      ANALYTICS_URL: analyticsUrl,
      REALTIME_URL: realtimeUrl,
    },
    log,
  )
  const merged = (await app.inject('/openapi.json')).json() as ApiDescription
  const { audit: _, ...described } = services
  expect(Object.keys(merged.paths).sort()).toEqual(
    Object.values(described)
      .flatMap(({ paths }) => Object.keys(paths))
      .sort(),
  )
  expect(merged.info.description).toMatch(/do not answer just now: audit\.$/)
  for (const each of [app, silent.app, ...running.map(one => one.app)]) await each.close()
})

/** Every `$ref` of a description. */
function references(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, child]) =>
    key === '$ref' && typeof child === 'string' ? [child] : references(child),
  )
}

test.each(Object.entries(services))(
  'the description of %s names no schema that it lacks, and no path of another',
  (name, description) => {
    for (const reference of references(description)) {
      expect(Object.keys(description.components.schemas)).toContain(reference.replace('#/components/schemas/', ''))
    }
    for (const [other, { paths }] of Object.entries(services)) {
      if (other !== name) expect(Object.keys(paths).filter(path => path in description.paths)).toEqual([])
    }
  },
)
