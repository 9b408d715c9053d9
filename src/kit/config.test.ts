import { ConfigError, loadConfig } from './config.ts'

test('what is not set has its default', () => {
  expect(loadConfig({ APP_ID: 'a' })).toMatchObject({ port: 8080, canarySeconds: 10, pubsubName: 'kafka-pubsub' })
  expect(loadConfig({ APP_ID: 'a', CANARY_SECONDS: '3' }).canarySeconds).toBe(3)
})

test.each([
  ['PORT', 'eighty', '0 to 65535'],
  ['PORT', '70000', '0 to 65535'],
  ['CANARY_SECONDS', '0', '1 to 3600'],
  ['CANARY_SECONDS', '1.5', '1 to 3600'],
  ['CANARY_SECONDS', 'soon', '1 to 3600'],
])('%s=%s is refused by name and value, with the way out', (name, value, wayOut) => {
  const load = () => loadConfig({ APP_ID: 'a', [name]: value })
  expect(load).toThrow(ConfigError)
  expect(load).toThrow(new RegExp(`^TEP4205: ${name}=${value} .*${wayOut}`))
})
