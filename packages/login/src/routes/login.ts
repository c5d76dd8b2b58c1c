import type { AuthenticationRequest } from '@kube-authn/core'
import type { HttpAnswer } from '@kube-authn/core/adapter'
import { asLoginFailure, LoginFailure } from '../login-failure.ts'
import { redirect } from '../pages/page.ts'
import { choosePage } from '../pages/pages.ts'
import { authorizationUrl } from '../provider/authorization-url.ts'
import type { Provider } from '../provider/provider.ts'
import { acceptedUser, exchangedTokens } from '../provider/tokens.ts'
import { safeReturnUrl } from '../return-url.ts'
import { clientCertificateDigest } from '../session/request-session.ts'
import type { Transaction } from '../transactions.ts'
import type { LoginParts, Route, RouteRequest } from './route.ts'

/** A longer hint is left out. */
const MAX_HINT = 320

/** Begins a login: `?provider=` names the provider, `?returnTo=` where to go on, and `?loginHint=` who logs in. */
export function loginRoute(parts: LoginParts): Route {
  const { providers, transactions, paths, title } = parts

  const begin = async (provider: Provider, { query, cookieHeader }: RouteRequest): Promise<HttpAnswer> => {
    const returnTo = returnUrlIn(query, parts)
    const { transaction, setCookies } = await transactions.begin(cookieHeader, provider.name, returnTo)
    const hint = query.get('loginHint') ?? ''
    const loginHint = hint === '' || hint.length > MAX_HINT ? undefined : hint
    try {
      return redirect(await authorizationUrl(provider, transaction, loginHint), setCookies)
    } catch (error) {
      throw error instanceof LoginFailure ? error.followedBy({ returnTo }) : error
    }
  }

  return async (given) => {
    const { query, request } = given
    if (!mayBeginLogin(request)) throw new LoginFailure('crossOrigin', 'a login must begin with a navigation')
    const [first] = providers.values()
    const name = query.get('provider')
    const chosen = name === null ? (providers.size === 1 ? first : undefined) : providers.get(name)
    if (chosen !== undefined) return begin(chosen, given)
    const returnTo = returnUrlIn(query, parts)
    const choices = [...providers.values()].map(({ name: provider, label }) => ({
      label,
      url: `${paths.login}?${String(new URLSearchParams({ provider, returnTo }))}`,
    }))
    return choosePage(title, choices)
  }
}

/** Where to go on after a login. Not to the login itself. */
function returnUrlIn(
  query: URLSearchParams,
  { origin, paths }: Pick<LoginParts, 'origin' | 'paths'>,
): string {
  const url = safeReturnUrl(query.get('returnTo'), origin)
  if (url === undefined) return '/'
  const path = url.split(/[?#]/, 1)[0] ?? ''
  return Object.values(paths).some((own) => path === own || path.startsWith(`${own}/`)) ? '/' : url
}

/** Destinations of navigations. A page of any site can embed the others. */
const NAVIGATIONS: ReadonlySet<string | undefined> = new Set([undefined, 'document', 'empty'])

/**
 * Whether a request may begin a login. An image or a frame of another site would only fill up the browser with cookies of attempts.
 *
 * Source: W3C Fetch Metadata sections 2.1 and 2.2. Clients without them are let through.
 */
function mayBeginLogin({ headers }: AuthenticationRequest): boolean {
  return headers.first('sec-fetch-mode') !== 'no-cors' && NAVIGATIONS.has(headers.first('sec-fetch-dest'))
}

/** A longer query is none of a provider. */
const MAX_QUERY = 8192

/**
 * Completes a login with what the provider sent by the browser, which must be the browser that began it.
 *
 * Source: OpenID Connect Core 1.0 section 3.1.2.5; RFC 9700 sections 2.1, 4.4 and 4.7 (mix-up, login CSRF).
 *
 * @param providerName the provider whose redirect URI it is: an answer counts for the provider that the login began at only.
 */
export function callbackRoute(parts: LoginParts, providerName: string): Route {
  return async (given) => {
    const { request, query, cookieHeader } = given
    if (request.query.length > MAX_QUERY) throw expired('the query is too long')
    const [state, ...others] = query.getAll('state')
    if (state === undefined || others.length > 0) throw expired('the callback must have exactly one state')
    // While it is not known whether the state was used, the browser keeps its cookie.
    const finishing = parts.transactions.finish(cookieHeader, state)
    const { transaction, setCookies } = await finishing.catch((error: unknown) => {
      throw asLoginFailure(error)
    })
    if (transaction === undefined) {
      throw expired(
        'this browser has not begun a login with this state, or it took too long, or the state was used before',
      ).followedBy({ setCookies })
    }
    try {
      if (transaction.provider !== providerName) {
        throw new LoginFailure(
          'badAnswer',
          `the answer came to the redirect URI of ${providerName}, and the login began at ${transaction.provider}`,
        )
      }
      const answer = await completeLogin(parts, given, transaction)
      return {
        ...answer,
        headers: {
          ...answer.headers,
          'set-cookie': [answer.headers['set-cookie'] ?? [], ...setCookies].flat(),
        },
      }
    } catch (error) {
      throw asLoginFailure(error).followedBy({ returnTo: transaction.returnTo, setCookies })
    }
  }
}

async function completeLogin(
  { providers, sessions, tokens, origin }: LoginParts,
  { request, query, cookieHeader }: RouteRequest,
  transaction: Transaction,
): Promise<HttpAnswer> {
  const provider = providers.get(transaction.provider)
  if (provider === undefined) throw expired('the provider is no longer configured')
  const received = await exchangedTokens(provider, query, transaction)
  const accepted = await acceptedUser(tokens, received.idToken)
  if ('refusal' in accepted)
    throw new LoginFailure('notAccepted', `the chain does not accept the id token: ${accepted.refusal}`)
  const certificate = await clientCertificateDigest(request)
  const before = await sessions.find(cookieHeader)
  const content = {
    provider: provider.name,
    username: accepted.username,
    ...received,
    ...(certificate !== undefined && { certificate }),
  }
  const { setCookies } = await sessions.begin(content, before)
  return redirect(origin + transaction.returnTo, setCookies)
}

function expired(why: string): LoginFailure {
  return new LoginFailure('expired', why)
}
