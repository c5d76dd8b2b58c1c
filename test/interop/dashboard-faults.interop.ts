import { chromium } from 'playwright-core'
import { describe, expect, it, vi } from 'vitest'
import { COMPONENTS, has } from './components.ts'
import { type DashboardSite, logIn, openAs, SHORT_SECONDS, useDashboardSite } from './dashboard-site.ts'

describe.runIf(has('chromium'))('examples/dashboard without its provider, in Chromium', () => {
  let site: DashboardSite
  const { enter, newPage } = useDashboardSite((started) => {
    site = started
  }, SHORT_SECONDS)

  it('says so before a login if discovery fails, and goes on once it is back', async () => {
    await site.restart()
    site.down.add('/.well-known/openid-configuration')
    const page = await newPage()
    const response = await page.goto(`${site.origin}/namespaces/shop/services`)
    expect([response?.status(), await page.textContent('h1')]).toEqual([503, 'The login is not available'])
    expect(response?.headers()['retry-after']).toMatch(/^\d+$/)
    site.down.clear()
    await page.click('main a')
    await logIn(page, site, 'jane')
    // The chain asks for the keys of an issuer every ten seconds, as kube-apiserver does.
    const again = async (): Promise<string> => {
      if ((await page.textContent('h1')) === 'The login is not available') {
        await page.click('main a')
        await page.locator('button[type=submit]', { hasText: 'Continue' }).click()
        await page.waitForURL(`${site.origin}/**`)
      }
      return page.url()
    }
    await vi.waitFor(async () => expect(await again()).toBe(`${site.origin}/namespaces/shop/services`), {
      interval: 500,
    })
  })

  it('leaves a browser at the provider whose login page fails, and a reload goes on', async () => {
    site.down.add('/auth')
    const page = await newPage()
    await expect(page.goto(site.origin)).rejects.toThrow('ERR_EMPTY_RESPONSE')
    await page.waitForURL('chrome-error://**')
    site.down.clear()
    await page.goto(site.origin)
    await logIn(page, site, 'jane')
    await page.locator('.live.on').waitFor()
  })

  it.each([
    ['token', '/token'],
    ['key', '/jwks'],
  ])('gives no session without an answer of the %s endpoint, and a link to try again', async (_, path) => {
    await site.restart()
    site.down.add(path)
    const page = await newPage()
    await page.goto(`${site.origin}/sessions`)
    await logIn(page, site, 'jane')
    expect(await page.textContent('h1')).toBe('The login is not available')
    const cookies = await page.context().cookies(site.origin)
    expect(cookies.map(({ name }) => name)).not.toContain('__Host-session')
    site.down.clear()
    await page.click('main a')
    await page.locator('button[type=submit]', { hasText: 'Continue' }).click()
    await page.waitForURL(`${site.origin}/sessions`)
    expect(await page.textContent('h1')).toBe('Your sessions')
  })

  it('hides what it cannot check once the id token has ended, and shows it again afterwards', async () => {
    const page = await enter('jane')
    await page.evaluate(`document.body.dataset.opened = 'once'`)
    site.down.add('*')
    await page.locator('#notice', { hasText: 'cannot be checked' }).waitFor()
    await page.locator('#main').waitFor({ state: 'hidden' })
    // A page that is opened now is not sent to a provider that cannot respond.
    const other = await page.context().newPage()
    expect((await other.goto(site.origin))?.status()).toBe(503)
    site.down.clear()
    await page.locator('#main').waitFor()
    await page.locator('.live.on').waitFor()
    expect(await page.getAttribute('body', 'data-opened')).toBe('once')
  })

  it('ends its own session also if the logout of the provider fails', async () => {
    const opened = await site.open()
    const page = await openAs(site, opened, 'jane')
    site.down.add('/session/end')
    await page.click('text=Log out')
    await page.waitForURL('chrome-error://**')
    expect(await opened.cookies(site.origin)).toEqual([])
    site.down.clear()
    await page.goto(site.origin)
    // The provider still knows the person, and asks for consent only.
    await page.locator('button[type=submit]', { hasText: 'Continue' }).waitFor()
  })

  it('says that a login is over in a browser that blocks cookies, and does not go round in circles', async () => {
    const rule = { [`${site.origin},*`]: { setting: 2 } }
    const preferences = { profile: { content_settings: { exceptions: { cookies: rule } } } }
    site.scratch.write('blocking/Default/Preferences', JSON.stringify(preferences))
    const blocking = await chromium.launchPersistentContext(site.scratch.path('blocking'), {
      executablePath: COMPONENTS.chromium.command,
      args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-component-update'],
      ignoreHTTPSErrors: true,
    })
    try {
      const page = await blocking.newPage()
      await page.goto(site.origin)
      await logIn(page, site, 'jane')
      expect(await page.textContent('h1')).toBe('This login is over')
      expect(await blocking.cookies(site.origin)).toEqual([])
    } finally {
      await blocking.close()
    }
  })
})
