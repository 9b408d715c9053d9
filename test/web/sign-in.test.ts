import { createHash, randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import type { Browser, Page } from 'playwright-core'
import { freePort } from '../../src/local/ports.ts'
import { describeInBrowser, startBrowser, violations } from '../support/browser.ts'
import { root, until } from '../support/laptop.ts'
import { launchService, type ServiceProcess } from '../support/service-process.ts'

const CLIENT = 'todo-web'

const bodyOf = async (request: IncomingMessage): Promise<URLSearchParams> => {
  let text = ''
  for await (const chunk of request) text += chunk
  return new URLSearchParams(text)
}

/** An issuer of the strict kind: a code is good once, for the verifier and the address it was asked for with. */
async function startIssuer(): Promise<{ url: string; server: Server; refuse: { next: boolean } }> {
  const { publicKey, privateKey } = await generateKeyPair('ES256')
  const key = { ...(await exportJWK(publicKey)), kid: 'k', alg: 'ES256', use: 'sig' }
  const codes = new Map<string, URLSearchParams>()
  const refuse = { next: false }
  let url = ''
  const server = createServer(async (request, response) => {
    const { pathname, searchParams: query } = new URL(request.url!, url)
    const json = (status: number, body: object): void => {
      response
        .writeHead(status, { 'content-type': 'application/json', 'access-control-allow-origin': '*' })
        .end(JSON.stringify(body))
    }
    if (pathname === '/.well-known/openid-configuration') {
      json(200, {
        issuer: url,
        authorization_endpoint: `${url}/authorize`,
        token_endpoint: `${url}/token`,
        jwks_uri: `${url}/jwks`,
        code_challenge_methods_supported: ['S256'],
        id_token_signing_alg_values_supported: ['ES256'],
      })
    } else if (pathname === '/jwks') json(200, { keys: [key] })
    else if (pathname === '/authorize') {
      const back = new URL(query.get('redirect_uri')!)
      back.searchParams.set('state', query.get('state')!)
      if (refuse.next) {
        refuse.next = false
        back.searchParams.set('error', 'access_denied')
        back.searchParams.set('error_description', 'You are not one of us')
      } else {
        const code = randomUUID()
        codes.set(code, query)
        back.searchParams.set('code', code)
      }
      response.writeHead(302, { location: back.href }).end()
    } else if (pathname === '/token') {
      const body = await bodyOf(request)
      const asked = codes.get(body.get('code')!)
      codes.delete(body.get('code')!)
      const challenge = createHash('sha256')
        .update(body.get('code_verifier') ?? '')
        .digest('base64url')
      const right =
        asked?.get('code_challenge') === challenge &&
        asked.get('redirect_uri') === body.get('redirect_uri') &&
        asked.get('client_id') === CLIENT &&
        body.get('client_id') === CLIENT &&
        asked.get('audience') === 'todo'
      if (!right) return json(400, { error: 'invalid_grant' })
      const claims = (audience: string) =>
        new SignJWT({ name: 'Ines' })
          .setProtectedHeader({ alg: 'ES256', kid: 'k' })
          .setSubject('ines')
          .setIssuer(url)
          .setAudience(audience)
          .setIssuedAt()
          .setExpirationTime('1h')
          .sign(privateKey)
      json(200, {
        access_token: await claims('todo'),
        id_token: await claims(CLIENT),
        token_type: 'Bearer',
        expires_in: 3600,
      })
    } else json(404, {})
  })
  await new Promise<void>(up => server.listen(0, '127.0.0.1', up))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { url, server, refuse }
}

describeInBrowser('signing in at an issuer', () => {
  let issuer: Awaited<ReturnType<typeof startIssuer>>
  let web: ServiceProcess
  let browser: Browser
  let address: string

  beforeAll(async () => {
    issuer = await startIssuer()
    const port = await freePort()
    address = `http://127.0.0.1:${port}`
    web = launchService(['web'], {
      APP_ID: 'web',
      PORT: String(port),
      HOST: '127.0.0.1',
      AUTH_ISSUER: issuer.url,
      AUTH_AUDIENCE: 'todo',
      AUTH_CLIENT_ID: CLIENT,
      WEB_ASSETS: join(root, 'dist/web'),
    })
    await until('the web service', async () => (await fetch(`${address}/auth/sign-in.json`)).ok)
    browser = await startBrowser()
  }, 60_000)

  afterAll(async () => {
    await browser?.close()
    web?.child.kill()
    issuer?.server.closeAllConnections()
    issuer?.server.close()
  })

  const open = async (hash = ''): Promise<Page> => {
    const page = await (await browser.newContext()).newPage()
    await page.goto(`${address}/${hash}`)
    await page.getByRole('button', { name: `Sign in at ${new URL(issuer.url).host}` }).waitFor()
    return page
  }

  test('the way there and back: code and verifier for a token, and the page one wanted', async () => {
    const page = await open('#/settings')
    expect(await violations(page)).toEqual([])
    await page.getByRole('button').click()
    await page.getByRole('heading', { level: 1, name: 'Settings' }).waitFor()
    expect(await page.getByRole('banner').textContent()).toContain('Ines')
    expect(new URL(page.url()).search).toBe('')
  })

  test('what the issuer refuses is told in its words, and another try is possible', async () => {
    issuer.refuse.next = true
    const page = await open()
    await page.getByRole('button').click()
    await page.getByRole('alert').filter({ hasText: 'not one of us' }).waitFor()
    await page.getByRole('button').click()
    await page.getByRole('heading', { level: 1, name: 'Today' }).waitFor()
  })

  test('an answer that nobody asked for signs nobody in', async () => {
    const page = await open()
    await page.goto(`${address}/?code=stolen&state=guessed`)
    await page.getByRole('button', { name: /Sign in at/ }).waitFor()
    expect(await page.evaluate(() => localStorage.getItem('todo.token'))).toBeNull()
  })
})
