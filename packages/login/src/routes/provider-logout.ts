import type { HttpAnswer } from '@kube-authn/core/adapter'
import { isAuthenticationError } from '@kube-authn/core/internal'
import { readJwt } from '@kube-authn/core/oidc'
import { LoginFailure } from '../login-failure.ts'
import { PRIVATE_HEADERS } from '../pages/page.ts'
import type { Provider } from '../provider/provider.ts'
import { parsedRecord } from '../sessions/stored-session.ts'
import type { LoginParts, Route } from './route.ts'

/** A body has one token. */
const MAX_BODY = 65_536
const MAX_SID = 512

/** Ends sessions that a provider has ended. Source: OpenID Connect Back-Channel Logout 1.0 sections 2.5 to 2.8. */
export function backChannelLogoutRoute({ providers, logoutTokens, sessions, report }: LoginParts): Route {
  const useToken = async (token: string): Promise<void> => {
    const provider = providerOf(providers, readJwt(token)?.issuer)
    const use = provider === undefined ? undefined : logoutTokens.get(provider.name)
    if (use === undefined) throw new LoginFailure('expired', 'no provider has the issuer of the logout token')
    await use(token, (which) => sessions.endWhere(which))
  }

  return async ({ request, readBody }) => {
    try {
      const body = await readBody(MAX_BODY)
      const [token, ...others] = body === undefined ? [] : tokensIn(body)
      if (token === undefined || others.length > 0) {
        throw new LoginFailure('expired', 'exactly one logout_token is required')
      }
      await useToken(token)
      return answer(200, '')
    } catch (error) {
      report(asLoginFailure(error), request, 400)
      // Whatever failed, the provider is told that it did (section 2.8).
      return answer(400, JSON.stringify({ error: 'invalid_request' }))
    }
  }
}

/**
 * Ends the session of a provider's session, from a frame in a page of the provider. Browsers send no cookies there, so it is found by `sid`, which only the
 * provider and this app know.
 *
 * Source: OpenID Connect Front-Channel Logout 1.0 section 3.
 */
export function frontChannelLogoutRoute({ providers, sessions }: LoginParts): Route {
  return async ({ query }) => {
    const [issuer, sid] = [query.getAll('iss'), query.getAll('sid')]
    const provider = providerOf(providers, issuer[0])
    const [providerSession = ''] = sid
    const isOnce = issuer.length === 1 && sid.length === 1
    const isSession = providerSession !== '' && providerSession.length <= MAX_SID
    if (provider === undefined || !isOnce || !isSession) {
      const why = 'a front-channel logout needs the iss of a provider and a sid, each once'
      throw new LoginFailure('expired', why)
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

function providerOf(
  providers: ReadonlyMap<string, Provider>,
  issuer: string | undefined,
): Provider | undefined {
  return [...providers.values()].find(({ options }) => options.issuer === issuer)
}

function asLoginFailure(error: unknown): LoginFailure {
  if (error instanceof LoginFailure) return error
  const why = isAuthenticationError(error) ? error.message : 'it failed unexpectedly'
  return new LoginFailure('unavailable', `a back-channel logout: ${why}`)
}

function answer(status: number, content: string): HttpAnswer {
  const type = content === '' ? {} : { 'content-type': 'application/json' }
  return { status, headers: { ...PRIVATE_HEADERS, ...type }, content }
}

/** A body that a body parser has parsed before arrives as JSON. That is not read strictly: a session that is not ended is worse than a member that is twice there. */
function tokensIn(body: Uint8Array): readonly string[] {
  const text = new TextDecoder().decode(body)
  if (!text.startsWith('{')) return new URLSearchParams(text).getAll('logout_token')
  const { logout_token: token } = parsedRecord(text)
  return typeof token === 'string' ? [token] : []
}
