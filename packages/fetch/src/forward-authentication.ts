/**
 * Decides for proxies about the requests of their clients. It needs `@kube-authn/api`.
 *
 * @module
 */
import type { Authenticator } from '@kube-authn/core'
import { responseOf } from '@kube-authn/core/adapter'
import {
  forwardAuthentication as decideFor,
  type ForwardAuthenticationOptions,
} from '@kube-authn/api/forward-authentication'
import { clientOf, stateOf } from './state.ts'

export type { ForwardAuthenticationOptions }

/**
 * Decides for a proxy about the requests of its clients: nginx (`auth_request`), Traefik, Caddy (`forward_auth`), HAProxy and Envoy (`ext_authz`). The answer is 200 with the
 * headers of an authenticating proxy (`X-Remote-User`, `X-Remote-Group`, ...), which the proxy hands on instead of those that the client sent; or the 401 or 403 for the
 * client, or the way to a login.
 *
 * The credential of the client must reach it. Client certificates do not: TLS ends at the proxy.
 *
 * The handler may get further arguments, such as `env` of `@hono/node-server`, by which it finds the connection.
 *
 * @throws {ConfigurationError} if an option is invalid.
 * @example
 * app.all('/authenticate', (c) => decide(c.req.raw)) // const decide = forwardAuthentication(authenticator, { loginUrl: '/login' })
 */
export function forwardAuthentication(
  authenticator: Authenticator,
  options: ForwardAuthenticationOptions = {},
): (request: Request, ...rest: readonly unknown[]) => Promise<Response> {
  const decide = decideFor(authenticator, options)
  return async function forwardAuthenticationHandler(request, ...rest) {
    const state = stateOf(request, rest)
    return responseOf(await decide(state.request, clientOf(state)))
  }
}
