import type { Browser, Page } from 'playwright-core'
import { describeInBrowser, picture, signedIn, startBrowser, violations } from '../support/browser.ts'
import { Laptop } from '../support/laptop.ts'

const CONSOLE = ['flow', 'events', 'dead-letters', 'reminders', 'audit', 'platform'].map(name => `console/${name}`)
const PAGES = ['today', 'upcoming', 'all', 'done', 'tag/home', 'search', 'inbox', 'chat', 'statistics', 'settings']

/** Every page as a person gets it, in a real browser: who looks, who listens, who has a small screen, who reads from the right. */
describeInBrowser('pages', () => {
  let laptop: Laptop
  let browser: Browser

  beforeAll(async () => {
    laptop = await Laptop.create()
    await laptop.up()
    browser = await startBrowser()
    for (const text of [
      'Call Ana tomorrow at 9 #work !high',
      'Pay rent every month on the 1st #home',
      'Water plants #home',
    ]) {
      await laptop.call('demo', 'POST', '/api/v1/quick-add', { text, zone: 'Europe/Berlin' })
    }
    const title = `A title of one long word: ${'Donaudampfschifffahrt'.repeat(8)}`
    const { body } = await laptop.call('demo', 'POST', '/api/v1/tasks', {
      title,
      priority: 'urgent',
      tags: ['home'],
      due_at: '2026-01-01',
    })
    await laptop.call('demo', 'POST', '/api/v1/tasks', { title: 'A step', parent_task_id: body.id })
    const { body: done } = await laptop.call('demo', 'POST', '/api/v1/tasks', { title: 'Done long ago' })
    await laptop.call('demo', 'POST', `/api/v1/tasks/${done.id}/complete`)
  }, 180_000)

  afterAll(async () => {
    await browser?.close()
    await laptop?.dispose()
  }, 60_000)

  const show = async (page: Page, name: string): Promise<void> => {
    await page.goto(`/#/${name}`)
    await page.getByRole('heading', { level: 1 }).waitFor()
    await page.waitForFunction(() => !document.body.textContent?.includes('Loading …'))
  }

  test.each(['light', 'dark'] as const)(
    'nothing on any page is against WCAG 2.2 AA: %s',
    async theme => {
      const { context, page } = await signedIn(browser, laptop.ready.web, laptop.token('demo'), { colorScheme: theme })
      for (const name of PAGES) {
        await show(page, name)
        await picture(page, `${name.replace('/', '-')}-${theme}`)
        expect([name, await violations(page)]).toEqual([name, []])
      }
      await show(page, 'all')
      await page.getByRole('button', { name: 'Pay rent', exact: true }).click()
      await page.getByRole('list', { name: 'The next five times' }).getByRole('listitem').nth(4).waitFor()
      await picture(page, `editor-${theme}`)
      expect(['editor', await violations(page)]).toEqual(['editor', []])
      await page.keyboard.press('Escape')
      await page.getByRole('button', { name: 'Sign out' }).click()
      await page.getByRole('button', { name: 'Sign in' }).waitFor()
      await picture(page, `sign-in-${theme}`)
      expect(['sign-in', await violations(page)]).toEqual(['sign-in', []])
      await context.close()
    },
    120_000,
  )

  test.each(['ltr', 'rtl'])(
    'nothing is cut off or has to be scrolled sideways on 320 pixels, %s',
    async direction => {
      const { context, page } = await signedIn(browser, laptop.ready.web, laptop.token('demo'), {
        viewport: { width: 320, height: 640 },
      })
      await page.evaluate(dir => document.documentElement.setAttribute('dir', dir), direction)
      for (const name of PAGES) {
        await show(page, name)
        if (['all', 'settings'].includes(name)) await picture(page, `${name}-320-${direction}`)
        const outside = await page.evaluate(() =>
          [...document.querySelectorAll('body *')]
            .filter(element => {
              const { left, right, width } = element.getBoundingClientRect()
              return width > 1 && (left < -1 || right > innerWidth + 1) && !element.closest('.visually-hidden, .scroll')
            })
            .map(element => element.outerHTML.slice(0, 80)),
        )
        expect([name, outside, await page.evaluate(() => document.documentElement.scrollWidth)]).toEqual([
          name,
          [],
          320,
        ])
      }
      await context.close()
    },
    60_000,
  )

  test.each(['light', 'dark'] as const)(
    'the console is shown to operators, within WCAG 2.2 AA: %s',
    async theme => {
      const { context, page } = await signedIn(browser, laptop.ready.web, laptop.token('operator'), {
        colorScheme: theme,
      })
      await laptop.call('operator', 'POST', '/api/v1/tasks', { title: 'Seen by nobody' })
      await page.getByRole('link', { name: 'Console' }).waitFor()
      for (const name of CONSOLE) {
        await show(page, name)
        await page.getByRole('navigation', { name: 'Console' }).waitFor()
        await picture(page, `${name.replace('/', '-')}-${theme}`)
        expect([name, await violations(page)]).toEqual([name, []])
      }
      await context.close()
    },
    120_000,
  )

  test('an event is found, and its story told; what people wrote is not shown', async () => {
    const { body: task } = await laptop.call('demo', 'POST', '/api/v1/tasks', { title: 'A private matter' })
    const { context, page } = await signedIn(browser, laptop.ready.web, laptop.token('operator'))
    await page.goto('/#/console/events/task-events')
    await page.getByLabel('Subject').fill(`task/${task.id}`)
    await page.getByText('1 events').waitFor()
    await page.getByRole('link', { name: /task\.created/ }).click()
    await page.getByText('handled audit-service').waitFor()
    await picture(page, 'console-story-light')
    expect(await page.getByRole('main').textContent()).not.toContain('private')
    await context.close()
  }, 60_000)

  test('the platform is shown as its operator sees it: parts, conditions, versions, and nothing to write', async () => {
    const { context, page } = await signedIn(browser, laptop.ready.web, laptop.token('operator'))
    await page.goto('/#/console/platform')
    const ready = page.getByRole('row').filter({ has: page.getByRole('rowheader', { name: 'Ready', exact: true }) })
    expect(await ready.getByRole('cell').first().textContent()).toBe('True')
    const services = page.getByRole('listitem').filter({ hasText: /^services \d+ of \d+ ready/ })
    await services.locator('summary').press('Enter')
    await services.getByText(/Deployment .*-backend ready/).waitFor()
    await page.getByText('Nothing to write').waitFor()
    await context.close()
  }, 60_000)

  test('who is no operator sees no console, and is refused its data', async () => {
    const { context, page } = await signedIn(browser, laptop.ready.web, laptop.token('demo'))
    await show(page, 'console/flow')
    await page.getByRole('heading', { level: 1, name: 'Today' }).waitFor()
    expect(await page.getByRole('link', { name: 'Console' }).count()).toBe(0)
    for (const path of ['events', 'platform'])
      expect((await laptop.call('demo', 'GET', `/api/v1/console/${path}`)).status).toBe(403)
    await context.close()
  })

  test('pages ask nobody but their own server, run no code from elsewhere, and log no error', async () => {
    const context = await browser.newContext({ baseURL: laptop.ready.web })
    const page = await context.newPage()
    const asked = new Set<string>()
    const errors: string[] = []
    page.on('request', request => asked.add(new URL(request.url()).origin))
    page.on('console', message => message.type() === 'error' && errors.push(message.text()))
    page.on('response', response => response.status() >= 400 && errors.push(`${response.status()} ${response.url()}`))
    page.on('pageerror', error => errors.push(String(error)))
    await page.addInitScript(token => localStorage.setItem('todo.token', token), laptop.token('demo'))
    for (const name of PAGES) await show(page, name)
    expect([[...asked], errors]).toEqual([[new URL(laptop.ready.web).origin], []])
    const policy = (await page.goto('/'))!.headers()['content-security-policy']
    expect(policy).toContain("default-src 'none'")
    expect(policy).not.toContain('unsafe')
    const script = await fetch(`${laptop.ready.web}/app.js`, { headers: { 'accept-encoding': 'br, gzip' } })
    expect([script.status, script.headers.get('content-encoding')]).toEqual([200, 'br'])
    await context.close()
  }, 60_000)

  test('the app installs: a manifest with icons, and it opens without a connection', async () => {
    const { context, page } = await signedIn(browser, laptop.ready.web, laptop.token('demo'))
    const manifest = await page.evaluate(async () => (await fetch('manifest.webmanifest')).json())
    expect(manifest).toMatchObject({
      display: 'standalone',
      icons: expect.arrayContaining([expect.objectContaining({ sizes: 'any' })]),
    })
    await page.evaluate(() => navigator.serviceWorker.ready)
    await page.waitForFunction(() => navigator.serviceWorker.controller !== null)
    await context.setOffline(true)
    await page.reload()
    await page.goto('/#/all')
    await page.getByRole('button', { name: 'Water plants', exact: true }).waitFor()
    await context.close()
  }, 60_000)
})
