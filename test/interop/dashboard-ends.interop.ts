import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { has } from './components.ts'
import { type DashboardSite, pageEnds, useDashboardSite } from './dashboard-site.ts'

/** Follows a watch as a program would, and tells how it ended and what the next request gets. */
const FOLLOW = `(async () => {
  const path = '/cluster/api/v1/namespaces/shop/configmaps'
  const follow = async () => {
    const { body } = await fetch(path + '?watch=true')
    const reader = body.getReader()
    while (!(await reader.read()).done);
  }
  let watches = 0
  for (;;) {
    const { status } = await fetch(path)
    if (status !== 200) return { status, watches }
    await follow()
    watches++
  }
})()`

describe.runIf(has('chromium'))('sessions of examples/dashboard that end, in Chromium', () => {
  let site: DashboardSite
  const { enter } = useDashboardSite((started) => {
    site = started
  })

  /** Another page of the same browser. */
  async function beside(page: Page, path: string): Promise<Page> {
    const other = await page.context().newPage()
    await other.goto(site.origin + path)
    return other
  }

  it('are ended by an admin, and by no other user', async () => {
    const [jane, joe, ada] = [await enter('jane'), await enter('joe'), await enter('ada')]
    await ada.goto(`${site.origin}/sessions?of=all`)
    const row = ada.locator('tbody tr', { hasText: 'jane@example.com' }).first()
    const digest = await row.locator('input[name=digest]').getAttribute('value')
    await joe.goto(`${site.origin}/sessions?of=all`)
    expect(await joe.locator('tbody').textContent()).not.toContain('jane')
    const posted = `fetch('/sessions/end', { method: 'POST', body: new URLSearchParams({ digest: '${digest}' }) })`
    expect(await joe.evaluate(`${posted}.then(({ ok }) => ok)`)).toBe(true)
    await jane.reload()
    await jane.locator('.live.on').waitFor()
    await row.locator('button').click()
    await pageEnds(jane)
  })

  it('that an admin ends cut off their watches at once, and no other one', async () => {
    const [jane, ada] = [await enter('jane'), await enter('ada')]
    const plain = await jane.context().newPage()
    await plain.goto(`${site.origin}/assets/icon.svg`)
    await plain.evaluate(`void (globalThis.watching = (async () => {
      const { body } = await fetch('/cluster/api/v1/namespaces/shop/configmaps?watch=true')
      globalThis.isOpen = true
      const reader = body.getReader()
      while (!(await reader.read()).done);
      return (await fetch('/session')).status
    })())`)
    await plain.waitForFunction('globalThis.isOpen')
    await ada.goto(`${site.origin}/sessions?of=all`)
    await ada.locator('tbody tr', { hasText: 'jane@example.com' }).first().locator('button').click()
    expect(await plain.evaluate('globalThis.watching')).toBe(401)
    await ada.goto(site.origin)
    await ada.locator('.live.on').waitFor()
  })

  it('are seen as another user by an admin, with the rights of that user, and by no other', async () => {
    await enter('jane')
    const [joe, ada] = [await enter('joe'), await enter('ada')]
    await ada.click('text=See as')
    await ada.click('button:has-text("See as jane@example.com")')
    await ada.locator('#acting', { hasText: 'Seeing the cluster as jane@example.com' }).waitFor()
    expect(await ada.textContent('h1')).toBe('You are ada@example.com')
    await ada.locator('#objects th', { hasText: 'storefront' }).waitFor()
    await ada.click('#namespaces >> text=accounts')
    await ada.locator('#message', { hasText: 'User "jane@example.com" cannot list' }).waitFor()
    await ada.click('text=Stop')
    await ada.locator('#objects th', { hasText: 'ledger' }).waitFor()

    await joe.goto(`${site.origin}/?as=jane%40example.com&asGroup=oidc%3Adevelopers`)
    await joe.locator('#message', { hasText: 'User "joe@example.com" cannot impersonate' }).waitFor()
    expect(await joe.locator('#objects tbody tr').count()).toBe(0)
    expect((await joe.goto(`${site.origin}/people`))?.status()).toBe(404)
    // Nor may an admin act as a group that the configuration does not name.
    await ada.goto(`${site.origin}/?as=jane%40example.com&asGroup=system%3Amasters`)
    await ada.locator('#message', { hasText: 'cannot impersonate resource "groups"' }).waitFor()
  })

  it('end on every page when the provider closes the account, and so do watches', async () => {
    const [jane, elsewhere, joe] = [await enter('jane'), await enter('jane'), await enter('joe')]
    const sessions = await beside(jane, '/sessions')
    const plain = await beside(jane, '/assets/icon.svg')
    const followed = plain.evaluate(FOLLOW)
    await site.provider.closeAccount('jane')
    const shown = await Promise.all([jane, elsewhere, sessions].map(pageEnds))
    expect(shown).toEqual(Array(3).fill('Your session has endedLog in again'))
    expect(await followed).toMatchObject({ status: 401 })
    await joe.locator('.live.on').waitFor()
    await jane.click('text=Log in again')
    await jane.locator('input[name=login]').waitFor()
  })

  // Last, since the user cannot log in again for ten seconds.
  it('are ended by the user, one by one and all at once', async () => {
    const [one, other, third] = [await enter('joe'), await enter('joe'), await enter('joe')]
    await one.goto(`${site.origin}/sessions`)
    const count = await one.locator('tbody tr').count()
    expect(await one.locator('tbody tr', { hasText: 'this browser' }).count()).toBe(1)
    // The newest one is first.
    await one.locator('tbody tr').first().locator('button').click()
    await pageEnds(third)
    expect(await one.locator('tbody tr').count()).toBe(count - 1)
    expect(await other.locator('#objects th', { hasText: 'ledger' }).count()).toBe(1)
    await one.click('text=End all of my sessions')
    await pageEnds(other)
  })
})
