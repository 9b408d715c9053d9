import type { Browser, BrowserContext, Page } from 'playwright-core'
import { describeInBrowser, signedIn, startBrowser } from '../support/browser.ts'
import { type Anything, Laptop, until } from '../support/laptop.ts'

let laptop: Laptop
let browser: Browser
let context: BrowserContext
let page: Page

/** What people come for, with nothing but a keyboard. */
describeInBrowser('journeys', () => {
  beforeAll(async () => {
    laptop = await Laptop.create()
    await laptop.up()
    browser = await startBrowser()
  }, 180_000)

  afterAll(async () => {
    await browser?.close()
    await laptop?.dispose()
  }, 60_000)

  beforeEach(async () => {
    for (const { id } of await tasksOf()) await laptop.call('demo', 'DELETE', `/api/v1/tasks/${id}`)
    ;({ context, page } = await signedIn(browser, laptop.ready.web, laptop.token('demo')))
  })
  afterEach(() => context.close())

  const tasksOf = async (query = ''): Promise<Anything[]> =>
    (await laptop.call('demo', 'GET', `/api/v1/tasks?limit=100${query}`)).body.items
  const add = async (task: object): Promise<Anything> => (await laptop.call('demo', 'POST', '/api/v1/tasks', task)).body
  const today = (hour = '23:59'): object => ({
    due_at: `${new Date().toLocaleDateString('en-CA', { timeZone: 'Europe/Berlin' })}T${hour}`,
    due_tz: 'Europe/Berlin',
  })
  const title = (text: string) => page.getByRole('button', { name: text, exact: true })
  const press = async (...keys: string[]): Promise<void> => {
    for (const key of keys) await page.keyboard.press(key)
  }
  /** Goes through the page as Tab does until the focus is there; fails when it never gets there. */
  const tabTo = async (name: string | RegExp): Promise<void> => {
    const named = (text: string): boolean => (typeof name === 'string' ? text === name : name.test(text))
    for (let presses = 0; presses < 120; presses++) {
      await press('Tab')
      const text = await page.evaluate(() => {
        const element = document.activeElement as HTMLInputElement | null
        const label = element?.labels?.[0]
        return (
          element?.ariaLabel ||
          label?.firstElementChild?.textContent ||
          label?.textContent ||
          element?.textContent ||
          ''
        )
      })
      if (named(text.trim())) return
    }
    throw new Error(`Tab never gets to ${name}`)
  }

  test('signing out and in', async () => {
    await tabTo('Sign out')
    await press('Enter')
    await tabTo('Name')
    await page.keyboard.type('demo')
    await press('Tab')
    await page.keyboard.type('wrong')
    await press('Enter')
    await page.getByRole('alert').filter({ hasText: 'password is wrong' }).waitFor()
    expect(await page.getByLabel('Name').inputValue()).toBe('demo')
  })

  test('adding a task in words, and seeing beforehand what was understood', async () => {
    await press('q')
    await page.keyboard.type('Call Ana today at 23:58 #work !high')
    await page.locator('#quick-add-preview').getByText('high priority').waitFor()
    expect(await tasksOf()).toEqual([])
    await press('Enter')
    await title('Call Ana').waitFor()
    expect(await until('the task', async () => (await tasksOf())[0])).toMatchObject({
      title: 'Call Ana',
      priority: 'high',
      tags: ['work'],
    })
  })

  test('completing a task and taking it back', async () => {
    const { id } = await add({ title: 'Bread', ...today() })
    await title('Bread').waitFor()
    await press('j', 'c')
    await until(
      'it is done',
      async () => (await laptop.call('demo', 'GET', `/api/v1/tasks/${id}`)).body.status === 'done',
    )
    await title('Bread').waitFor({ state: 'detached' })
    await press('z')
    await title('Bread').waitFor()
    await until(
      'it is open',
      async () => (await laptop.call('demo', 'GET', `/api/v1/tasks/${id}`)).body.status === 'open',
    )
  })

  test('deleting a task and taking it back', async () => {
    const { id } = await add({ title: 'Bread', ...today() })
    await title('Bread').waitFor()
    await press('j', 'Delete')
    await title('Bread').waitFor({ state: 'detached' })
    await until('it is gone', async () => (await tasksOf()).length === 0)
    await tabTo('Undo')
    await press('Enter')
    await title('Bread').waitFor()
    await until('it is back', async () => (await tasksOf()).some(task => task.id === id))
  })

  test('changing the words, the notes and the priority of a task', async () => {
    const { id } = await add({ title: 'Bread', ...today() })
    await title('Bread').waitFor()
    await press('j', 'Enter')
    await tabTo('Title')
    await press('Control+A')
    await page.keyboard.type('Rye bread')
    await tabTo('Notes')
    await page.keyboard.type('from the bakery')
    await tabTo('Priority')
    await page.keyboard.type('urgent')
    await tabTo('Save')
    await press('Enter')
    await title('Rye bread').waitFor()
    await until('it is saved', async () => {
      const { body } = await laptop.call('demo', 'GET', `/api/v1/tasks/${id}`)
      return body.title === 'Rye bread' && body.description === 'from the bakery' && body.priority === 'urgent'
    })
    // The focus is where it was before the editor.
    expect(await page.evaluate(() => document.activeElement?.closest('[data-task]') !== null)).toBe(true)
  })

  test('making a task repeat, seeing its next five times, and getting the next one when it is done', async () => {
    await add({ title: 'Bins out', ...today() })
    await title('Bins out').waitFor()
    await press('j', 'e')
    await tabTo('Repeat …')
    await press('Enter')
    await page.getByRole('list', { name: 'The next five times' }).getByRole('listitem').nth(4).waitFor()
    await tabTo('Unit')
    await page.keyboard.type('days')
    await page.getByText('Repeats every day.').waitFor()
    await tabTo('Save')
    await press('Enter')
    await page.getByText('every day', { exact: true }).waitFor()
    await until('it is saved', async () => (await tasksOf())[0]?.recurrence?.rrule === 'FREQ=DAILY')
    await press('j', 'c', 'g', 'u')
    await page.getByRole('heading', { name: /Tomorrow/ }).waitFor()
    await title('Bins out').waitFor()
  })

  test('being reminded: the reminder arrives in the inbox, and opens its task', async () => {
    await add({ title: 'Call back', reminders: [{ at: new Date(Date.now() + 2_000).toISOString() }] })
    await press('g', 'i')
    await title('Call back').waitFor()
    await page.getByRole('link', { name: /Inbox/ }).getByText(/\d/).waitFor()
    await tabTo('Call back')
    await press('Enter')
    await page.getByRole('dialog').getByLabel('Title').waitFor()
    expect(await page.getByRole('dialog').getByLabel('Title').inputValue()).toBe('Call back')
    await press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
  })

  test('finding a task', async () => {
    await add({ title: 'Buy oat milk', description: 'the creamy one' })
    await add({ title: 'Something else' })
    await press('/')
    await page.getByRole('searchbox').and(page.locator(':focus')).waitFor()
    await page.keyboard.type('creamy')
    await page.getByText('1 found').waitFor()
    await title('Buy oat milk').waitFor()
  })

  test('doing something with several tasks at once', async () => {
    for (const each of ['One', 'Two', 'Three']) await add({ title: each, ...today() })
    await title('Three').waitFor()
    await press('j', 'x', 'j', 'x')
    await page.getByText('2 selected').waitFor()
    await tabTo('Cancel')
    await press('Shift+Tab', 'Shift+Tab', 'Shift+Tab', 'Shift+Tab')
    await press('Enter')
    await until('two are done', async () => (await tasksOf('&status=done')).length === 2)
  })

  test('putting a task off until tomorrow', async () => {
    await add({ title: 'Taxes', ...today() })
    await title('Taxes').waitFor()
    await press('j', 's')
    await title('Taxes').waitFor({ state: 'detached' })
    await press('g', 'u')
    await page.getByRole('heading', { name: /Tomorrow/ }).waitFor()
  })

  test('going to a tag, and adding to it', async () => {
    await add({ title: 'Sweep', tags: ['home'], ...today() })
    await page.getByRole('navigation').getByRole('link', { name: /#home/ }).waitFor()
    await tabTo(/^#home/)
    await press('Enter')
    await page.getByRole('heading', { level: 1, name: '#home' }).waitFor()
    await press('q')
    await page.keyboard.type('Dust the shelves')
    await press('Enter')
    await title('Dust the shelves').waitFor()
    await until('it has the tag', async () => (await tasksOf('&tag=home')).length === 2)
  })

  test('setting the time zone and quiet hours', async () => {
    await press('g', ',')
    await tabTo('Time zone')
    await page.keyboard.type('Europe/Berlin')
    await tabTo('Quiet from')
    await page.keyboard.type('1000PM')
    await tabTo('Quiet until')
    await page.keyboard.type('0700AM')
    await press('Enter')
    await page.getByText('Saved').waitFor()
    const { body } = await laptop.call('demo', 'GET', '/api/v1/preferences')
    expect(body).toMatchObject({ timezone: 'Europe/Berlin', quiet_hours: { start: '22:00', end: '07:00' } })
    await laptop.call('demo', 'PATCH', '/api/v1/preferences', { quiet_hours: null })
  })

  test('looking up the keys, and switching them off for those whose speech would press them', async () => {
    await press('?')
    await page.getByRole('dialog', { name: 'Keyboard' }).waitFor()
    await press('Escape', 'g', ',')
    await tabTo('Single-key shortcuts')
    await press('Space')
    await page.locator('body').press('?')
    expect(await page.getByRole('dialog').count()).toBe(0)
  })

  test('telling the assistant what to do, which asks before it deletes', async () => {
    await add({ title: 'Old thing' })
    await press('g', 'c')
    await tabTo('Message')
    await page.keyboard.type('add buy milk tomorrow at 9')
    await press('Enter')
    await until('the task', async () => (await tasksOf()).some(task => task.title === 'buy milk'))
    await page.getByRole('log').getByText('quick_add').waitFor()
    await page
      .getByRole('log')
      .getByText(/^Added buy milk/)
      .waitFor()
    await page.keyboard.type('delete old thing')
    await press('Enter')
    await page.getByRole('button', { name: 'Do it' }).waitFor()
    expect((await tasksOf()).some(task => task.title === 'Old thing')).toBe(true)
    await press('Shift+Tab', 'Shift+Tab', 'Enter')
    await until('it is gone', async () => !(await tasksOf()).some(task => task.title === 'Old thing'))
  })

  test('two windows show the same: what is done in one is seen in the other without a reload', async () => {
    const other = await context.newPage()
    await other.goto('/#/all')
    await press('q')
    await page.keyboard.type('Seen everywhere')
    await press('Enter')
    await other.getByRole('button', { name: 'Seen everywhere', exact: true }).waitFor()
    await other.getByRole('button', { name: 'Complete Seen everywhere' }).press('Enter')
    await page.goto('/#/done')
    await title('Seen everywhere').waitFor()
  })

  test('offline: what is added and changed is kept over a reload and saved later; what crossed another’s change is asked about', async () => {
    const { id } = await add({ title: 'Bread', ...today() })
    await title('Bread').waitFor()
    await page.evaluate(() => navigator.serviceWorker.ready)
    await page.waitForFunction(() => navigator.serviceWorker.controller !== null)
    await context.setOffline(true)
    await press('q')
    await page.keyboard.type('Written offline')
    await press('Enter', 'Escape')
    await page.evaluate(() => (document.activeElement as HTMLElement).blur())
    await press('j', 'e')
    await page.getByRole('dialog').getByLabel('Title').fill('Rye bread')
    await page.getByRole('dialog').getByLabel('Tags').fill('bakery')
    await page.getByRole('button', { name: 'Save' }).press('Enter')
    await page.getByText(/2 to be saved/).waitFor()
    await page.reload()
    await title('Rye bread').waitFor()
    await laptop.call('demo', 'PATCH', `/api/v1/tasks/${id}`, {
      title: 'White bread',
      tags: ['shop'],
      priority: 'high',
    })
    await context.setOffline(false)
    const conflict = page.getByRole('alert', { name: 'Changed in two places' })
    await conflict.waitFor()
    // Neither side lost what the other did not touch.
    const merged = await until('the rest is saved', async () => {
      const { body } = await laptop.call('demo', 'GET', `/api/v1/tasks/${id}`)
      return body.tags.includes('bakery') && body
    })
    expect(merged).toMatchObject({ title: 'White bread', tags: ['shop', 'bakery'], priority: 'high' })
    expect(await conflict.getByRole('row', { name: /Title/ }).textContent()).toMatch(/Rye bread\s*White bread/)
    await conflict.getByRole('button', { name: 'Keep mine' }).press('Enter')
    await until(
      'mine is saved',
      async () => (await laptop.call('demo', 'GET', `/api/v1/tasks/${id}`)).body.title === 'Rye bread',
    )
    await until('the new one is saved', async () => (await tasksOf()).some(task => task.title === 'Written offline'))
    expect((await tasksOf()).filter(task => task.title === 'Written offline')).toHaveLength(1)
  })
})
