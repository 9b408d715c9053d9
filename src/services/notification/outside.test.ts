import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { checkTarget, ForbiddenTarget, isPublic, postOutside, publicOnly } from './outside.ts'

test.each([
  '10.1.2.3',
  '127.0.0.1',
  '169.254.169.254',
  '172.31.0.1',
  '192.168.0.1',
  '100.64.0.1',
  '0.0.0.0',
  '224.0.0.1',
  '255.255.255.255',
  '::1',
  '::',
  'fe80::1',
  'fd00::1',
  '::ffff:10.0.0.1',
  '::ffff:127.0.0.1',
  '64:ff9b::a00:1',
  '2002:a00:1::',
  'not an address',
])('%s is inside', address => {
  expect(isPublic(address)).toBe(false)
})

test.each(['1.1.1.1', '93.184.216.34', '2606:4700:4700::1111', '::ffff:8.8.8.8'])('%s is outside', address => {
  expect(isPublic(address)).toBe(true)
})

const everyone = { allowedHosts: ['*', 'hooks.internal'] }

test.each([
  ['no url', /no URL/],
  ['http://example.com/', /https/],
  ['ftp://example.com/', /https/],
  ['https://user:pass@example.com/', /user name/],
  ['https://127.0.0.1/', /no public address/],
  // The URL parser reads these as 127.0.0.1, as a resolver would.
  ['https://2130706433/', /no public address/],
  ['https://0x7f.1/', /no public address/],
  ['https://[::1]/', /no public address/],
  ['https://[::ffff:169.254.169.254]/', /no public address/],
])('%s is refused', (url, reason) => {
  expect(() => checkTarget(url, everyone)).toThrow(reason)
  expect(() => checkTarget(url, everyone)).toThrow(ForbiddenTarget)
})

test('named hosts alone may be inside or without TLS; without any, nothing may be called', () => {
  expect(checkTarget('http://hooks.internal/x', everyone).named).toBe(true)
  expect(checkTarget('https://example.com/x', everyone).named).toBe(false)
  expect(() => checkTarget('https://example.com/', { allowedHosts: ['hooks.internal'] })).toThrow(/webhookAllowedHosts/)
  expect(() => checkTarget('https://example.com/', { allowedHosts: [] })).toThrow(/webhookAllowedHosts/)
})

test('a public name with an address inside is refused when it is connected to, not before', async () => {
  // Whatever this machine calls localhost stands for a name that was pointed inside.
  await new Promise<void>(done => {
    publicOnly('localhost', {}, error => {
      expect(error).toBeInstanceOf(ForbiddenTarget)
      done()
    })
  })
  await expect(postOutside('https://localhost/', { headers: {}, body: '' }, everyone)).rejects.toThrow(
    /may not be called/,
  )
})

test('redirects are not followed', async () => {
  const paths: string[] = []
  const server = createServer((request, response) => {
    paths.push(request.url ?? '')
    response.writeHead(302, { location: '/elsewhere' }).end()
  })
  await new Promise<void>(up => server.listen(0, '127.0.0.1', up))
  const { port } = server.address() as AddressInfo
  const named = { allowedHosts: ['127.0.0.1'] }
  const answer = await postOutside(`http://127.0.0.1:${port}/hook`, { headers: {}, body: 'x' }, named)
  expect([answer.status, paths]).toEqual([302, ['/hook']])
  await new Promise(done => server.close(done))
})
