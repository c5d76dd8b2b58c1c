import type { Page } from 'playwright-core'
import { describe, expect, it, vi } from 'vitest'
import { has } from './components.ts'
import {
  type DashboardSite,
  logIn,
  openAs,
  pageEnds,
  SHORT_SECONDS,
  useDashboardSite,
} from './dashboard-site.ts'

describe.runIf(has('chromium'))('examples/dashboard, in Chromium', () => {
  let site: DashboardSite
  const { enter, newPage } = useDashboardSite((started) => {
    site = started
  })

  const objects = async (page: Page): Promise<readonly string[]> =>
    page.locator('#objects tbody th').allTextContents()

  it('shows the user of the id token, and what the cluster lets this user see', async () => {
    const page = await enter('jane')
    expect(await page.textContent('h1')).toBe('You are jane@example.com')
    expect(await page.locator('#groups li').allTextContents()).toEqual([
      'oidc:developers',
      'system:authenticated',
    ])
    expect(await objects(page)).toContain('storefront')
    await page.click('#namespaces >> text=accounts')
    await page
      .locator('#message', { hasText: 'User "jane@example.com" cannot list resource "configmaps"' })
      .waitFor()
    expect(await objects(page)).toEqual([])
  })

  it('shows changes of the cluster as they happen', async () => {
    const page = await enter('jane')
    const metadata = { name: 'brand-new' }
    const path = '/api/v1/namespaces/shop/configmaps'
    await site.cluster.call('POST', path, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata,
      data: { a: '<b>1</b>' },
    })
    const row = page.locator('#objects tr', { hasText: 'brand-new' })
    await row.waitFor()
    expect(await row.locator('td').first().textContent()).toBe('a=<b>1</b>')
    await site.cluster.call('DELETE', `${path}/brand-new`)
    await row.waitFor({ state: 'detached' })
  })

  it('returns to a deep link after the login', async () => {
    const page = await newPage()
    const link = `${site.origin}/namespaces/shop/serviceaccounts?from=mail`
    await page.goto(link)
    await logIn(page, site, 'jane')
    expect(page.url()).toBe(link)
    await page.locator('#objects th', { hasText: 'cart' }).waitFor()
  })

  it('logs out at both sides, and the back button brings nothing back', async () => {
    const page = await enter('jane')
    await page.click('text=Log out')
    await page.waitForURL(`${site.issuer}/session/end?**`)
    await page.click('button[value=yes]')
    await page.waitForURL(`${site.origin}/logout/done**`)
    expect(await page.textContent('h1')).toBe('Logged out')
    for (let step = 0; step < 3; step++) {
      await page.goBack().catch(() => undefined)
      expect(await page.locator('#objects:visible').count()).toBe(0)
    }
    await page.goto(site.origin)
    // The provider has forgotten the person too: it asks for the name again.
    await page.locator('input[name=login]').waitFor()
  })

  it('gives a script a 401 with the URL of the login, and no redirect', async () => {
    const opened = await site.open()
    const page = await opened.newPage()
    await page.goto(`${site.origin}/assets/icon.svg`)
    const answer = await page.evaluate(`fetch('/cluster/api/v1/namespaces').then(async (response) => ({
      status: response.status, redirected: response.redirected, body: await response.json() }))`)
    expect(answer).toMatchObject({
      status: 401,
      redirected: false,
      body: { kind: 'Status', loginUrl: '/login?returnTo=%2Fcluster%2Fapi%2Fv1%2Fnamespaces' },
    })
  })

  it('lets two tabs log in at the same time, and a logout in one ends the other', async () => {
    const opened = await site.open()
    const [one, other] = [await opened.newPage(), await opened.newPage()]
    await Promise.all([one.goto(site.origin), other.goto(`${site.origin}/sessions`)])
    await logIn(one, site, 'jane')
    await logIn(other, site, 'jane')
    expect(other.url()).toBe(`${site.origin}/sessions`)
    await one.reload()
    await one.locator('.live.on').waitFor()
    await other.click('text=Log out')
    await other.waitForURL(`${site.issuer}/session/end?**`)
    expect(await pageEnds(one)).toBe('Your session has endedLog in again')
    await one.click('text=Log in again')
    // The person has not confirmed the logout at the provider, which asks for consent only.
    await one.locator('button[type=submit]', { hasText: 'Continue' }).click()
    await one.locator('.live.on').waitFor()
  })

  it('keeps two users apart', async () => {
    const [jane, joe] = [await enter('jane'), await enter('joe')]
    expect([await jane.textContent('h1'), await joe.textContent('h1')]).toEqual([
      'You are jane@example.com',
      'You are joe@example.com',
    ])
    expect(await objects(jane)).toContain('storefront')
    expect(await objects(joe)).toContain('ledger')
    await joe.click('text=Log out')
    await joe.waitForURL(`${site.issuer}/**`)
    await jane.reload()
    await jane.locator('.live.on').waitFor()
  })

  it('goes on without the session of the provider, which asks for the password at the next login', async () => {
    const opened = await site.open()
    const page = await openAs(site, opened, 'jane')
    await opened.clearCookies({ domain: '127.0.0.1' })
    await page.reload()
    await page.locator('.live.on').waitFor()
    await opened.clearCookies()
    await pageEnds(page)
    await page.click('text=Log in again')
    await page.locator('input[name=login]').waitFor()
    expect(new URL(page.url()).origin).toBe(site.issuer)
  })
})

describe.runIf(has('chromium'))('examples/dashboard with id tokens that end soon, in Chromium', () => {
  let site: DashboardSite
  const { enter } = useDashboardSite((started) => {
    site = started
  }, SHORT_SECONDS)

  it('renews the id token before it ends, while the page stays as it is', async () => {
    const page = await enter('jane')
    await page.evaluate(`document.body.dataset.opened = 'once'`)
    const count = (): number => site.asked.filter((each) => each === 'POST /token').length
    const before = count()
    // One every four seconds: it would have ended without.
    await vi.waitFor(() => expect(count()).toBeGreaterThanOrEqual(before + 6))
    await page.locator('.live.on').waitFor()
    expect(await page.getAttribute('body', 'data-opened')).toBe('once')
    expect(await page.locator('#objects tbody th').allTextContents()).toContain('storefront')
  })

  // Last, since the user cannot log in again.
  it('ends the pages of an account that a provider without back-channel logout closes, with the id token', async () => {
    const [jane, joe] = [await enter('jane'), await enter('joe')]
    await site.provider.closeAccount('jane', true)
    expect(await pageEnds(jane)).toBe('Your session has endedLog in again')
    await joe.reload()
    await joe.locator('.live.on').waitFor()
  })
})
