import axe from 'axe-core'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { COMPONENTS, has } from './components.ts'
import { type DemoApp, startDemoApp } from './demo-app.ts'
import { makeScratch, type Scratch } from './scratch.ts'

/** Marks the answer that is shown, so that the next one can be waited for. */
const OLD = "document.getElementById('result').setAttribute('data-old', '')"

/** A violation that axe found. */
interface Violation {
  readonly id: string
  readonly nodes: readonly { readonly html: string }[]
}

describe.runIf(has('chromium'))('the page of npm start, in Chromium', () => {
  let scratch: Scratch
  let app: DemoApp
  let browser: Browser
  /** For tests that need no options: opening one takes a second. */
  let page: Page
  /** What the browser complains about: errors of scripts, of the console, and of the content security policy. */
  let complaints: string[] = []

  beforeAll(async () => {
    scratch = makeScratch()
    app = await startDemoApp(scratch.path('material'))
    browser = await chromium.launch({
      executablePath: COMPONENTS.chromium.command,
      args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-component-update'],
      env: { PATH: process.env['PATH'] ?? '', HOME: scratch.folder },
    })
    page = await open({ permissions: ['clipboard-read', 'clipboard-write'] })
  })
  afterAll(async () => {
    await browser.close()
    app.close()
    scratch.remove()
  })
  beforeEach(() => {
    complaints = []
  })

  async function open(options: BrowserContextOptions = {}): Promise<Page> {
    const context = await browser.newContext({
      ignoreHTTPSErrors: true,
      reducedMotion: 'reduce',
      viewport: { width: 1280, height: 900 },
      ...options,
    })
    const opened = await context.newPage()
    opened.on('pageerror', ({ message }) => complaints.push(message))
    opened.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
    })
    await opened.goto(app.origin)
    return opened
  }

  /** Presses a button, and waits for the answer to be shown. */
  async function press(on: Page, selector: string): Promise<void> {
    await on.evaluate(OLD)
    await on.locator(selector).click()
    await on.locator('#result:not([data-old])').waitFor()
  }
  const choose = (on: Page, name: string): Promise<void> => press(on, `button[value="prepared:${name}"]`)
  const headline = async (on: Page): Promise<string | null> => on.textContent('h1')

  it.each([
    ['jane', 'You are jane', 'Token file'],
    ['joe', 'You are joe', 'Password file'],
    ['mary', 'You are mary', 'OpenID Connect'],
    ['jbeda', 'You are jbeda', 'Client certificate'],
    ['cart', 'You are system:serviceaccount:shop:cart', 'Service account token'],
    ['fido', 'You are fido', 'Authenticating proxy'],
    ['Wrong token', 'You are not authenticated', 'Bearer token'],
  ])('explains %s with one click, and says it to screen readers', async (name, expected, decisive) => {
    await page.goto(app.origin)
    await choose(page, name)
    expect(await headline(page)).toBe(expected)
    expect(await page.textContent('.decisive .step-title')).toBe(decisive)
    expect(await page.getAttribute(`button[value="prepared:${name}"]`, 'aria-current')).toBe('true')
    expect(await page.locator('.picks [aria-current]').count()).toBe(1)
    expect(await page.textContent('[role=status]')).toContain(expected)
    expect(await page.locator(':focus').getAttribute('value')).toBe(`prepared:${name}`)
    expect(complaints).toEqual([])
  })

  it('shows both names of a user who acts as another, until that is stopped', async () => {
    await page.goto(app.origin)
    await choose(page, 'clark')
    await press(page, '.chip[value="/nodes/mynode"]')
    expect(await page.textContent('.decision')).toMatch(/^clark may not get nodes/)
    await press(page, '.chip[value="0"]')
    expect(await headline(page)).toBe('You are clark, acting as superman')
    expect(await page.textContent('.decision')).toMatch(/^superman may get nodes .*, since the ClusterRole/)
    expect(await page.textContent('#audit')).toContain('impersonatedUser')
    await press(page, '#stop')
    expect(await headline(page)).toBe('You are clark')
    expect(await page.locator(':focus').getAttribute('id')).toBe('headline')
    expect(complaints).toEqual([])
  })

  it('keeps a pasted token in its field, out of the page and out of the address', async () => {
    await page.goto(app.origin)
    await page.click('.paste summary')
    await page.fill('#token', 'a-token-that-is-pasted')
    await page.evaluate(OLD)
    await page.press('#token', 'Enter')
    await page.locator('#result:not([data-old])').waitFor()
    expect(await headline(page)).toBe('You are not authenticated')
    expect(await page.content()).not.toContain('a-token-that-is-pasted')
    expect(page.url()).not.toContain('a-token-that-is-pasted')
    expect(await page.inputValue('#token')).toBe('a-token-that-is-pasted')
    const sent = page.waitForRequest((request) => request.method() === 'POST')
    await choose(page, 'jane')
    expect((await sent).postData()).not.toContain('a-token-that-is-pasted')
    expect(complaints).toEqual([])
  })

  it('copies the curl command as it is', async () => {
    await page.goto(app.origin)
    await choose(page, 'jane')
    await page.click('[data-copies="curl"]')
    await page.locator('[data-copies="curl"]', { hasText: 'Copied' }).waitFor()
    const copied = await page.evaluate('navigator.clipboard.readText()')
    expect(copied).toBe(await page.getAttribute('#curl', 'data-text'))
    expect(copied).toContain('jane.header')
  })

  it('works without scripts', async () => {
    const plain = await open({ javaScriptEnabled: false })
    await plain.click('button[value="prepared:jane"]')
    await plain.locator('h1', { hasText: 'You are jane' }).waitFor()
    await plain.fill('#path', '/nodes/mynode')
    await plain.press('#path', 'Enter')
    await plain.locator('.path', { hasText: '/nodes/mynode' }).waitFor()
    expect(await headline(plain)).toBe('You are jane')
    expect(await plain.textContent('.decision')).toMatch(/^jane may not get nodes/)
    await plain.context().close()
  })

  it('shows hostile names as text', async () => {
    await page.goto(app.origin)
    await choose(page, 'clark')
    await page.click('.other-user summary')
    await page.fill('#as-user', '<img src=x onerror=alert(1)>\u202Enimda')
    await press(page, 'button[value="typed"]')
    expect(await headline(page)).toBe('You are clark, acting as <img src=x onerror=alert(1)>U+202Enimda')
    expect(await page.locator('img').count()).toBe(0)
    expect(complaints).toEqual([])
  })

  it('can be used with the keyboard alone', async () => {
    await page.goto(app.origin)
    await page.keyboard.press('Tab')
    expect(await page.locator(':focus').getAttribute('class')).toBe('skip')
    await page.keyboard.press('Tab')
    expect(await page.locator(':focus').getAttribute('value')).toBe('prepared:jane')
    const outline = await page.evaluate('getComputedStyle(document.activeElement).outlineStyle')
    expect(outline).toBe('solid')
    await page.evaluate(OLD)
    await page.keyboard.press('Enter')
    await page.locator('#result:not([data-old])').waitFor()
    expect(await headline(page)).toBe('You are jane')
  })

  it('cannot be framed by another page', async () => {
    // A document of the same origin, without a policy of its own.
    await page.goto(`${app.origin}/healthz`)
    await page.evaluate(
      `document.body.innerHTML = '<iframe id="page" src="/"></iframe><iframe src="/healthz"></iframe>'`,
    )
    await page.frameLocator('#page').locator('body.neterror').waitFor({ state: 'attached' })
    await page.frameLocator('iframe:not([id])').locator('body', { hasText: 'ok' }).waitFor()
    const framed = page.frames().map((frame) => frame.url())
    expect(framed.slice(1)).toEqual(['chrome-error://chromewebdata/', `${app.origin}/healthz`])
  })

  const views: readonly [string, BrowserContextOptions][] = [
    ['light', { colorScheme: 'light' }],
    ['dark', { colorScheme: 'dark' }],
    ['on a phone', { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }],
  ]
  it.each(views)('is accessible and as wide as the screen: %s', async (_, options) => {
    // The tool that checks it is not part of the view.
    const view = await open({ ...options, bypassCSP: true })
    const check = async (): Promise<void> => {
      await view.evaluate(axe.source)
      const found = await view.evaluate('axe.run().then(({ violations }) => violations)')
      const told = (found as readonly Violation[]).map(({ id, nodes }) => ({
        id,
        nodes: nodes.map((node) => node.html),
      }))
      expect(told).toEqual([])
      expect(await view.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0)
    }
    await view.click('.paste summary')
    await check()
    await choose(view, 'Wrong token')
    await view.click('.all-steps summary')
    await check()
    await choose(view, 'clark')
    await press(view, '.chip[value="0"]')
    await check()
    await view.context().close()
  })
})
