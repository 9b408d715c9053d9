import { createHttp } from './http.ts'
import { createLogger } from './log.ts'
import { describe as described, id, ok, type Paths, serveDescription } from './openapi.ts'

const service = (paths: Paths, elsewhere?: string[]) => {
  const { app } = createHttp({ service: 'test', log: createLogger('test', 'silent') })
  serveDescription(app, described('Things', 'Things.', paths), elsewhere)
  app.get('/api/v1/things', async () => [])
  app.register(async scope => {
    scope.delete('/api/v1/things/:id', async () => ({}))
    scope.post('/events/things', async () => ({}))
  })
  return app
}
const list = { get: { summary: 'Things', responses: { 200: ok({ type: 'array' }) } } }
const one = { delete: { summary: 'Forget one', parameters: [id], responses: { 204: { description: 'Gone' } } } }

test('a service whose every route is described starts, and serves the description', async () => {
  const app = service({ '/api/v1/things': list, '/api/v1/things/{id}': one, '/api/v1/live': list }, [
    'get /api/v1/live',
  ])
  const { openapi, paths } = (await app.inject('/openapi.json')).json()
  expect([openapi, Object.keys(paths)]).toEqual(['3.1.0', ['/api/v1/things', '/api/v1/things/{id}', '/api/v1/live']])
  await app.close()
})

test.each<[string, Paths, string]>([
  ['a route that nobody described', { '/api/v1/things': list }, 'delete /api/v1/things/{id} is not described'],
  [
    'a description of what is not there',
    { '/api/v1/things': { ...list, put: {} }, '/api/v1/things/{id}': one },
    'put /api/v1/things is described and not there',
  ],
])('%s keeps the service from starting', async (_, paths, why) => {
  const app = service(paths)
  await expect(app.ready()).rejects.toThrow(`Things: ${why}`)
  await app.close()
})
