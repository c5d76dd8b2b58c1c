import { LoginFailure } from '../login-failure.ts'
import { PRIVATE_HEADERS } from '../pages/page.ts'
import type { LoginParts, Route } from './route.ts'

const MAX_SID = 512

/**
 * Ends the session of a provider's session, from a frame in a page of the provider. Browsers send no cookies there, so it is found by `sid`, which only the
 * provider and this app know.
 *
 * Source: OpenID Connect Front-Channel Logout 1.0 section 3.
 */
export function frontChannelLogoutRoute({ providers, sessions }: LoginParts): Route {
  return async ({ query }) => {
    const [issuer, sid] = [query.getAll('iss'), query.getAll('sid')]
    const provider = [...providers.values()].find(({ options }) => options.issuer === issuer[0])
    const [providerSession = ''] = sid
    if (
      provider === undefined ||
      issuer.length !== 1 ||
      sid.length !== 1 ||
      providerSession === '' ||
      providerSession.length > MAX_SID
    ) {
      throw new LoginFailure(
        'expired',
        'a front-channel logout needs the iss of a provider and a sid, each once',
      )
    }
    await sessions.endWhere({ provider: provider.name, providerSession }, { isProven: false })
    const { origin } = new URL(provider.options.issuer)
    return {
      status: 200,
      headers: {
        ...PRIVATE_HEADERS,
        'content-type': 'text/html; charset=utf-8',
        'content-security-policy': `default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors ${origin}`,
      },
      content: '<!doctype html><title>Logged out</title>',
    }
  }
}
