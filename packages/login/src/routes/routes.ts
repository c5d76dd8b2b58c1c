import type { AuthenticationRequest } from '@kube-authn/core'
import type { HttpAnswer } from '@kube-authn/core/adapter'
import { isAuthenticationError, type ReadBody } from '@kube-authn/core/internal'
import { LoginFailure } from '../login-failure.ts'
import { failurePage, loggedOutPage } from '../pages/pages.ts'
import { PRIVATE_HEADERS } from '../pages/page.ts'
import { callbackPath } from '../paths.ts'
import { cookieHeader } from '../session/request-session.ts'
import { backChannelLogoutRoute, confirmLogoutRoute, frontChannelLogoutRoute, logoutRoute } from './logout.ts'
import { callbackRoute, loginRoute } from './login.ts'
import type { LoginParts, Route } from './route.ts'

/** The routes of one path, by their methods. */
type Methods = ReadonlyMap<string, Route>

/** The routes of a login. */
export interface LoginRoutes {
  readonly paths: ReadonlySet<string>
  /** Responds to a request for one of them; `undefined` for all others. It rejects only for a fault of the app. */
  answer(this: void, request: AuthenticationRequest, readBody: ReadBody): Promise<HttpAnswer> | undefined
}

export function loginRoutes(parts: LoginParts): LoginRoutes {
  const { paths } = parts
  const callbacks = [...parts.providers.values()].map(
    ({ name }) =>
      [callbackPath(paths.callback, name), new Map([['GET', callbackRoute(parts, name)]])] as const,
  )
  const routes: ReadonlyMap<string, Methods> = new Map<string, Methods>([
    ...callbacks,
    [paths.login, new Map([['GET', loginRoute(parts)]])],
    [
      paths.logout,
      new Map([
        ['GET', confirmLogoutRoute(parts)],
        ['POST', logoutRoute(parts)],
      ]),
    ],
    [paths.loggedOut, new Map([['GET', () => loggedOutPage(paths.login)]])],
    [paths.backChannelLogout, new Map([['POST', backChannelLogoutRoute(parts)]])],
    [paths.frontChannelLogout, new Map([['GET', frontChannelLogoutRoute(parts)]])],
  ])

  const answer: LoginRoutes['answer'] = (request, readBody) => {
    const methods = routes.get(request.path)
    if (methods === undefined) return undefined
    if (request.refusal !== undefined) return Promise.resolve(request.refusal)
    const route = methods.get(request.method)
    if (route !== undefined) return runRoute(parts, route, request, readBody)
    const headers = { ...PRIVATE_HEADERS, allow: [...methods.keys()].join(', ') }
    return Promise.resolve({ status: 405, headers, content: '' })
  }
  return { paths: new Set(routes.keys()), answer }
}

async function runRoute(
  { report, paths }: LoginParts,
  route: Route,
  request: AuthenticationRequest,
  readBody: ReadBody,
): Promise<HttpAnswer> {
  try {
    const query = new URLSearchParams(request.query)
    return await route({ request, query, readBody, cookieHeader: cookieHeader(request) })
  } catch (error) {
    if (!(error instanceof LoginFailure) && !isAuthenticationError(error)) throw error
    // Outside of a callback no account is judged, so what an authenticator throws is an outage.
    const failure = error instanceof LoginFailure ? error : new LoginFailure('unavailable', error.message)
    const { returnTo, setCookies } = failure
    const retryUrl =
      returnTo === undefined ? paths.login : `${paths.login}?${String(new URLSearchParams({ returnTo }))}`
    const answer = await failurePage(failure.kind, retryUrl, setCookies)
    report(failure, request, answer.status)
    return answer
  }
}
