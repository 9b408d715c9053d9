import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { root } from './laptop.ts'

const PLACES = [
  process.env['CHROMIUM'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]

/** Where a Chromium is; undefined where there is none. */
export const browserPath = PLACES.find(path => path && existsSync(path))

/** `describe`, or a plain word on why not and what to do about it. */
export function describeInBrowser(name: string, body: () => void): void {
  if (browserPath) {
    describe(name, body)
    return
  }
  process.stderr.write(
    `skipped: ${name}: no Chromium here; install one (apt-get install chromium) or set CHROMIUM=<path>\n`,
  )
  describe.skip(name, body)
}

/** As root there is no sandbox to be had; the only pages opened are our own. */
export const startBrowser = (): Promise<Browser> =>
  chromium.launch({
    executablePath: browserPath!,
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
  })

export const SCREENSHOTS = join(root, 'dist/screenshots')

/** For people to look at: `dist/screenshots/<name>.png`. */
export async function picture(page: Page, name: string): Promise<void> {
  mkdirSync(SCREENSHOTS, { recursive: true })
  await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`), fullPage: true })
}

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** What axe finds against WCAG 2.2 AA, one line for each: rule, element, what to do. */
export async function violations(page: Page): Promise<string[]> {
  // Through the debugger, not as a script of the page: the page's policy stays as strict as it is.
  await page.evaluate(axeSource)
  return page.evaluate(async () => {
    const axe = (
      globalThis as unknown as {
        axe: {
          run(
            options: object,
          ): Promise<{ violations: { id: string; nodes: { html: string; failureSummary: string }[] }[] }>
        }
      }
    ).axe
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
    const { violations } = await axe.run({ runOnly: { type: 'tag', values: tags } })
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html}: ${failureSummary}`),
    )
  })
}

/** A browser profile of its own in which a person is signed in. */
export async function signedIn(
  browser: Browser,
  web: string,
  token: string,
  options: object = {},
): Promise<{ context: BrowserContext; page: Page }> {
  const context = await browser.newContext({ baseURL: web, timezoneId: 'Europe/Berlin', locale: 'en-GB', ...options })
  await context.addInitScript(value => localStorage.setItem('todo.token', value), token)
  const page = await context.newPage()
  await page.goto('/')
  await page.getByRole('heading', { level: 1, name: 'Today' }).waitFor()
  return { context, page }
}
