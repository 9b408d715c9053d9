import { ConfigError, loadConfig } from './config.ts'

test('what is not set has its default', () => {
  expect(loadConfig({ APP_ID: 'a' })).toMatchObject({ port: 8080, canarySeconds: 10, pubsubName: 'kafka-pubsub' })
  expect(loadConfig({ APP_ID: 'a', CANARY_SECONDS: '3' }).canarySeconds).toBe(3)
})

test('how often people may ask, and a model behind the chat', () => {
  expect(loadConfig({}, []).rateLimit).toEqual({ perSecond: 100, burst: 1000 })
  expect(loadConfig({ RATE_LIMIT: 'off' }, []).rateLimit).toBeUndefined()
  const chat = { CHAT_BASE_URL: 'https://models.example.com/v1', CHAT_MODEL: 'small', CHAT_API_KEY: 'secret' }
  expect(loadConfig(chat, []).chat).toEqual({ baseUrl: chat.CHAT_BASE_URL, model: 'small', apiKey: 'secret' })
  expect(loadConfig({}, []).chat).toBeUndefined()
  for (const CHAT_BASE_URL of ['', 'models', 'file:///etc/passwd'])
    expect(() => loadConfig({ ...chat, CHAT_BASE_URL }, [])).toThrow(
      /TEP4205: CHAT_BASE_URL and CHAT_MODEL(?!.*secret)/,
    )
})

test.each([
  ['PORT', 'eighty', '0 to 65535'],
  ['PORT', '70000', '0 to 65535'],
  ['CANARY_SECONDS', '0', '1 to 3600'],
  ['CANARY_SECONDS', '1.5', '1 to 3600'],
  ['CANARY_SECONDS', 'soon', '1 to 3600'],
  ['RATE_LIMIT', 'lots', 'e.g. 100/1000'],
  ['RATE_LIMIT', '0/5', 'e.g. 100/1000'],
])('%s=%s is refused by name and value, with the way out', (name, value, wayOut) => {
  const load = () => loadConfig({ APP_ID: 'a', [name]: value })
  expect(load).toThrow(ConfigError)
  expect(load).toThrow(new RegExp(`^TEP4205: ${name}=${value} .*${wayOut}`))
})
