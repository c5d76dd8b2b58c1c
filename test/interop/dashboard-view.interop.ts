import axe from 'axe-core'
import type { BrowserContextOptions, Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { has } from './components.ts'
import { type DashboardSite, logIn, openAs, pageEnds, useDashboardSite } from './dashboard-site.ts'

/** A violation that axe found. */
interface Violation {
  readonly id: string
  readonly nodes: readonly { readonly html: string }[]
}

describe.runIf(has('chromium'))('the pages of examples/dashboard, in Chromium', () => {
  let site: DashboardSite
  const { enter, newPage } = useDashboardSite((started) => {
    site = started
  })

  /** What is wrong with the page: violations, and pixels beyond the screen. */
  async function problems(page: Page): Promise<unknown> {
    await page.evaluate(axe.source)
    const found = await page.evaluate('axe.run().then(({ violations }) => violations)')
    const told = (found as readonly Violation[]).map(({ id, nodes }) => ({
      id,
      nodes: nodes.map((node) => node.html),
    }))
    const wider = await page.evaluate('document.documentElement.scrollWidth > innerWidth')
    return { told, wider }
  }
  const NONE = { told: [], wider: false }

  const views: readonly [string, BrowserContextOptions][] = [
    ['light', { colorScheme: 'light' }],
    ['dark', { colorScheme: 'dark' }],
    ['on a phone', { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }],
  ]
  it.each(views)('are accessible and as wide as the screen: %s', async (_, options) => {
    // The tool that checks it is not part of the page.
    const context = await site.open({ ...options, bypassCSP: true })
    await enter('jane')
    const page = await openAs(site, context, 'ada')
    expect(await problems(page)).toEqual(NONE)
    await page.click('nav >> text=See as')
    expect(await problems(page)).toEqual(NONE)
    await page.click('button:has-text("See as jane@example.com")')
    await page.locator('#acting').waitFor()
    await page.locator('.live.on').waitFor()
    expect(await problems(page)).toEqual(NONE)
    await page.goto(`${site.origin}/sessions?of=all`)
    expect(await problems(page)).toEqual(NONE)
    await context.clearCookies()
    await pageEnds(page)
    expect(await problems(page)).toEqual(NONE)
  })

  it('follow the color scheme of the browser', async () => {
    const background = async (colorScheme: 'light' | 'dark'): Promise<unknown> => {
      const page = await enter('jane', { colorScheme })
      return page.evaluate('getComputedStyle(document.body).backgroundColor')
    }
    expect([await background('light'), await background('dark')]).toEqual([
      'rgb(245, 246, 250)',
      'rgb(18, 20, 27)',
    ])
  })

  it('keep their own policy, run nothing inline, and cannot be framed or kept', async () => {
    const page = await newPage()
    const complaints: string[] = []
    page.on('pageerror', ({ message }) => complaints.push(message))
    page.on('console', (message) => {
      if (message.text().includes('Content Security Policy')) complaints.push(message.text())
    })
    await page.goto(site.origin)
    await logIn(page, site, 'joe')
    await page.locator('.live.on').waitFor()
    const response = await page.goto(`${site.origin}/sessions`)
    const { 'content-security-policy': policy = '', 'cache-control': cache } = response?.headers() ?? {}
    expect(policy).toContain(`default-src 'none'; script-src 'self'; style-src 'self'`)
    expect(policy).toContain(`frame-ancestors 'none'`)
    expect(cache).toBe('no-store')
    expect(complaints).toEqual([])
    await page.evaluate(`document.body.innerHTML = '<img src=x onerror="document.title = 1">'`)
    await expect.poll(() => complaints.join('\n')).toContain('inline event handler')
    expect(await page.title()).not.toBe('1')
  })

  it('show a hostile name as text', async () => {
    const ada = await enter('ada')
    const name = '<img src=x onerror=alert(1)>'
    await ada.goto(`${site.origin}/?${String(new URLSearchParams({ as: name }))}`)
    await ada.locator('#acting strong', { hasText: name }).waitFor()
    expect(await ada.locator('img[src=x]').count()).toBe(0)
  })

  it('can be used with the keyboard alone', async () => {
    const page = await enter('jane')
    await page.reload()
    await page.locator('.live.on').waitFor()
    await page.keyboard.press('Tab')
    expect(await page.locator(':focus').textContent()).toBe('Skip to the content')
    await page.keyboard.press('Enter')
    expect(await page.locator(':focus').getAttribute('id')).toBe('main')
    await page.keyboard.press('Tab')
    await page.locator('#namespaces a:focus').waitFor()
  })
})
