import type { Browser } from './browser.ts'
import { locationOf } from './browser.ts'
import type { LoginProvider } from './login-provider.ts'

/** Opens a page and follows to the provider. Returns the URL there. */
export async function beginLogin(browser: Browser, path = '/orders?page=2'): Promise<string> {
  return locationOf(await browser.open(locationOf(await browser.open(path))))
}

/** Logs in, and returns the response of the callback. */
export async function logIn(provider: LoginProvider, browser: Browser, subject = 'jane'): Promise<Response> {
  return browser.open(provider.logIn(await beginLogin(browser), subject))
}
