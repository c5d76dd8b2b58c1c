import { describe, expect, it } from 'vitest'
import { type Browser, browserOf, locationOf } from '../test/browser.ts'
import { beginLogin, logIn } from '../test/log-in.ts'
import { loginApp, ORIGIN } from '../test/login-app.ts'
import { ATTEMPTS_BYTES, SESSION_BYTES } from './cookies.ts'
import { cookieJar } from './sessions/cookie-jar.ts'

/** What nginx and many load balancers accept as one header. */
const SMALLEST_SERVER = 8192
const CROSS_SITE = { 'sec-fetch-site': 'cross-site' }

const setUp = async () => {
  const given = await loginApp({
    urls: ['https://issuer.example.com', 'https://other.example.com'],
    options: {
      providers: ['https://issuer.example.com', 'https://other.example.com'].map((issuer, index) => ({
        name: `${'p'.repeat(31)}${index}`,
        issuer,
        clientId: 'my-app',
        clientSecret: 'client-secret',
      })),
    },
  })
  return { ...given, browser: browserOf(given.app, ORIGIN) }
}

const loginUrl = (returnTo: string): string =>
  `/login?${String(new URLSearchParams({ provider: `${'p'.repeat(31)}0`, returnTo }))}`

/** The longest session that the cookies hold, as the browser keeps it. */
function longestSession(maxCookies: number): readonly (readonly [string, string])[] {
  const jar = cookieJar({ cookieName: 's'.repeat(64), allowInsecureHttp: false, maxCookies })
  let [fits, tooLong] = [1, 20_000]
  while (tooLong - fits > 1) {
    const length = Math.floor((fits + tooLong) / 2)
    try {
      jar.write('v'.repeat(length), 28_800_000)
      fits = length
    } catch {
      tooLong = length
    }
  }
  return jar.write('v'.repeat(fits), 28_800_000).flatMap((line) => {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
    return value === '' ? [] : [[name, value] as const]
  })
}

function headerOf({ cookieHeader }: Pick<Browser, 'cookieHeader'>): string {
  return `Cookie: ${cookieHeader}\r\n`
}

describe('the cookies of a login', () => {
  const long = [
    ['letters', 'a'],
    ['quotes', '%22'],
    ['quotes as such', '"'],
    ['backslashes', '\\'],
    ['letters of two bytes', '%C3%A9'],
  ] as const

  it.each(
    long.flatMap(([what, part]) => [500, 511, 512, 513, 2047].map((length) => [what, length, part] as const)),
  )('of attempts that another site begins, with %s and %i characters, stay few', async (_, length, part) => {
    const { browser } = await setUp()
    for (let attempt = 0; attempt < 9; attempt++) {
      const start = `/${attempt}?b=`
      const returnTo = start + part.repeat(Math.floor((length - start.length) / part.length))
      expect((await browser.open(loginUrl(returnTo), CROSS_SITE)).status).toBe(303)
      expect(browser.cookieHeader.length).toBeLessThanOrEqual(ATTEMPTS_BYTES)
      expect(browser.cookies.size).toBeGreaterThan(0)
    }
  })

  it.each([1, 2])('fit into 8 KiB with the longest session in %i cookies', async (maxCookies) => {
    const { browser } = await setUp()
    const session = longestSession(maxCookies)
    for (const [name, value] of session) browser.cookies.set(name, value)
    expect(browser.cookieHeader.length).toBeLessThanOrEqual(SESSION_BYTES)
    for (let attempt = 0; attempt < 9; attempt++)
      await browser.open(loginUrl(`/${'a'.repeat(511)}`), CROSS_SITE)
    expect(browser.cookies.size).toBeGreaterThan(session.length)
    expect(headerOf(browser).length).toBeLessThan(SMALLEST_SERVER)
  })

  it('fit into 15 KiB with the longest session in three cookies', async () => {
    const { browser } = await setUp()
    for (const [name, value] of longestSession(3)) browser.cookies.set(name, value)
    for (let attempt = 0; attempt < 9; attempt++)
      await browser.open(loginUrl(`/${'a'.repeat(511)}`), CROSS_SITE)
    expect(headerOf(browser).length).toBeLessThan(15 * 1024)
  })

  it('become few again with the first login of many tabs that were opened at once', async () => {
    const given = await loginApp()
    const browser = browserOf(given.app, ORIGIN)
    const path = `/${'a'.repeat(500)}`
    const tabs = await Promise.all(Array.from({ length: 12 }, () => beginLogin(browser, path)))
    expect(browser.cookieHeader.length).toBeGreaterThan(ATTEMPTS_BYTES)
    const last = tabs.at(-1) ?? ''
    const answer = await browser.open(given.providers[0]?.logIn(last, 'jane') ?? '')
    expect(locationOf(answer)).toBe(ORIGIN + path)
    const attempts = [...browser.cookies].filter(([name]) => name.includes('kube-authn-login'))
    expect(attempts.map((pair) => pair.join('=')).join('; ').length).toBeLessThanOrEqual(ATTEMPTS_BYTES)
    expect(attempts.length).toBeGreaterThan(0)
  })

  it('lead back to the start if the URL to return to is too long', async () => {
    const given = await loginApp()
    const browser = browserOf(given.app, ORIGIN)
    const answer = await logIn(given.providers[0]!, browser)
    expect(locationOf(answer)).toBe(`${ORIGIN}/orders?page=2`)
    const begun = locationOf(await browser.open(`/login?returnTo=/${'a'.repeat(512)}`))
    expect(locationOf(await browser.open(given.providers[0]!.logIn(begun, 'jane')))).toBe(`${ORIGIN}/`)
  })
})
