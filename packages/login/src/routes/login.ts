import type { AuthenticationRequest } from '@kube-authn/core'
import type { HttpAnswer } from '@kube-authn/core/adapter'
import { LoginFailure } from '../login-failure.ts'
import { choosePage } from '../pages/pages.ts'
import { redirect } from '../pages/page.ts'
import { authorizationUrl } from '../provider/authorization-url.ts'
import type { Provider } from '../provider/provider.ts'
import { safeReturnUrl } from '../return-url.ts'
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
