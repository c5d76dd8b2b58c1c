import type { AuthenticationRequest, Clock, TokenAuthenticator } from '@kube-authn/core'
import type { HttpAnswer } from '@kube-authn/core/adapter'
import type { ReadBody } from '@kube-authn/core/internal'
import type { CrossSiteCheck } from '../csrf/cross-site-requests.ts'
import type { LoginFailure } from '../login-failure.ts'
import type { LoginPaths } from '../paths.ts'
import type { UseLogoutToken } from '../provider/logout-token.ts'
import type { Provider } from '../provider/provider.ts'
import type { SessionKeeper } from '../sessions/session-keeper.ts'
import type { Transactions } from '../transactions.ts'

export interface RouteRequest {
  readonly request: AuthenticationRequest
  readonly query: URLSearchParams
  readonly cookieHeader: string
  readonly readBody: ReadBody
}

/** Responds to a request. @throws {LoginFailure} which becomes a page. */
export type Route = (given: RouteRequest) => Promise<HttpAnswer>

export interface LoginParts {
  readonly origin: string
  readonly title: string
  readonly paths: Required<LoginPaths>
  readonly providers: ReadonlyMap<string, Provider>
  readonly logoutTokens: ReadonlyMap<string, UseLogoutToken>
  readonly sessions: SessionKeeper
  readonly tokens: TokenAuthenticator
  readonly transactions: Transactions
  readonly crossSiteRefusal: CrossSiteCheck
  readonly idTokenHint: boolean | undefined
  readonly clock: Clock
  readonly report: (failure: LoginFailure, request: AuthenticationRequest, status: number) => void
}
