import type { HttpAnswer } from '@kube-authn/core/adapter'
import { LoginFailure } from '../login-failure.ts'
import { confirmLogoutPage } from '../pages/pages.ts'
import { redirect } from '../pages/page.ts'
import { isHttps, withParameters } from '../provider/authorization-url.ts'
import type { Provider } from '../provider/provider.ts'
import { AFTER_EXPIRY_MS } from '../sessions/revoked-id-tokens.ts'
import type { Session } from '../sessions/session-keeper.ts'
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
