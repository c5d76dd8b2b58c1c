import type { HttpAnswer } from '@kube-authn/core/adapter'
import { isAuthenticationError } from '@kube-authn/core/internal'
import { readJwt } from '@kube-authn/core/oidc'
import { LoginFailure } from '../login-failure.ts'
import { PRIVATE_HEADERS, redirect } from '../pages/page.ts'
import { confirmLogoutPage } from '../pages/pages.ts'
import { isHttps, withParameters } from '../provider/authorization-url.ts'
import type { Provider } from '../provider/provider.ts'
import { AFTER_EXPIRY_MS } from '../sessions/revoked-id-tokens.ts'
import type { Session } from '../sessions/session-keeper.ts'
import { parsedRecord } from '../sessions/stored-session.ts'
import type { LoginParts, Route } from './route.ts'

/** Shows the form that asks. */
export function confirmLogoutRoute({ providers, paths }: LoginParts): Route {
  return async () => {
    const targets = await Promise.all([...providers.values()].map(({ server }) => endSessionOrigin(server)))
    return confirmLogoutPage(paths.logout, [...new Set(targets.flat())])
  }
}

/** An origin that ends no directive of a policy: hosts may have `;` and `,` in them. */
const SOURCE = /^https:\/\/[\w.:[\]-]+$/

/** Browsers compare also the redirect after a form with the policy of its page. */
async function endSessionOrigin(
  server: () => Promise<{ readonly end_session_endpoint?: string }>,
): Promise<readonly string[]> {
  try {
    const { end_session_endpoint: endpoint = '' } = await server()
    const origin = URL.canParse(endpoint) ? new URL(endpoint).origin : ''
    return SOURCE.test(origin) ? [origin] : []
  } catch (error) {
    if (error instanceof LoginFailure) return []
    throw error
  }
}

/** Ends the session here, and then at the provider. Source: OpenID Connect RP-Initiated Logout 1.0 section 2. */
export function logoutRoute(parts: LoginParts): Route {
  const { sessions, providers, origin, paths, crossSiteRefusal } = parts
  return async ({ request, cookieHeader }): Promise<HttpAnswer> => {
    const session = await sessions.find(cookieHeader)
    // Also without a session: browsers send no cookie with a form of another site, but take the removal of one from its answer.
    const why = await crossSiteRefusal(request, session)
    if (why !== undefined) throw new LoginFailure('crossOrigin', `a logout was refused: ${why}`)
    const setCookies = await sessions.end(session)
    const done = origin + paths.loggedOut
    const provider = session === undefined ? undefined : providers.get(session.content.provider)
    if (session === undefined || provider === undefined) return redirect(done, setCookies)
    const url = await providerLogoutUrl(provider, idTokenHintFor(session, parts), done)
    return redirect(url ?? done, setCookies)
  }
}

/**
 * Where a person is also logged out at the provider; `undefined` if it offers no such thing or cannot be reached, since a logout here must succeed anyway.
 *
 * @param idToken the id token that the provider is sent, if any.
 *
 * Source: OpenID Connect RP-Initiated Logout 1.0 section 2.
 */
async function providerLogoutUrl(
  { server, options }: Provider,
  idToken: string | undefined,
  returnTo: string,
): Promise<string | undefined> {
  try {
    const { end_session_endpoint: endpoint = '' } = await server()
    if (!isHttps(endpoint)) return undefined
    const parameters = {
      ...(idToken !== undefined && { id_token_hint: idToken }),
      client_id: options.clientId,
      post_logout_redirect_uri: returnTo,
    }
    return withParameters(endpoint, new URLSearchParams(parameters))
  } catch (error) {
    if (error instanceof LoginFailure) return undefined
    throw error
  }
}

/** The id token, if it may be in a URL. As a rule the app accepts it as a bearer token: then only if it is revoked or has expired. */
function idTokenHintFor(
  { content: { idToken, expiresAtMs } }: Session,
  { idTokenHint, sessions, clock }: Pick<LoginParts, 'idTokenHint' | 'sessions' | 'clock'>,
): string | undefined {
  const isOver = (): boolean => expiresAtMs + AFTER_EXPIRY_MS <= clock.now()
  return (idTokenHint ?? (sessions.revokesIdTokens === true || isOver())) ? idToken : undefined
}

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
