import {
  type AuthenticateRequestOptions,
  authenticateRequest,
  type Authenticator,
  notify,
  warningHeader,
} from '@kube-authn/core'
import { closeConnection, requirePeerCertificates } from '@kube-authn/core/incoming-message'
import type { MiddlewareHandler } from 'hono'
import { answer, type FailureOptions } from './failure.ts'
import { clientOf, endingOf } from './client.ts'
import { keepAlive } from './keep-alive.ts'
import { nodeRequestOf } from './node-server.ts'
import { type AuthenticationEnv, changeHeaders, requestOf, setAuthentication } from './state.ts'

/** Options of {@link authentication}. */
export interface AuthenticationOptions extends AuthenticateRequestOptions, FailureOptions {}

/**
 * Lets a request pass when the authenticator knows who makes it: as `c.var.user`. Answers 401 otherwise.
 *
 * The headers that carried the credential are removed from the request. On `@hono/node-server` headers are read exactly as
 * sent; elsewhere the runtime joined repeated ones already.
 *
 * @typeParam E the environment of an app that has bindings or variables of its own.
 * @throws {ConfigurationError} when the options cannot work, or the authenticator needs the certificates of TLS peers and the
 *   runtime does not tell them.
 * @example
 * new Hono().use(authentication(authenticator)).get('/', (c) => c.text(`Hello ${c.var.user.username}`))
 */
export function authentication<E extends AuthenticationEnv = AuthenticationEnv>(
  authenticator: Authenticator,
  options: AuthenticationOptions = {},
): MiddlewareHandler<E> {
  const authenticate = authenticateRequest(authenticator, options)
  requirePeerCertificates(authenticator)
  const { observer, onFailure = answer } = options

  const middleware: MiddlewareHandler = async function authenticationMiddleware(c, next) {
    const request = requestOf(c)
    const ending = observer === undefined ? undefined : endingOf(c)
    const deciding = authenticate(request, clientOf(c))
    keepAlive(c, deciding)
    const outcome = await deciding
    ending?.tell((status) => notify(observer, { type: 'response', request, status }))
    const incoming = nodeRequestOf(c)
    if (outcome.closesConnection && incoming !== undefined) closeConnection(incoming)
    changeHeaders(c, outcome.headerChanges)
    try {
      const refused = 'failure' in outcome ? await onFailure(outcome.failure, c, next) : undefined
      if (!('failure' in outcome)) {
        for (const text of outcome.warnings) c.header('Warning', warningHeader(text), { append: true })
        setAuthentication(c, outcome.authentication)
        await next()
      }
      ending?.answered((refused ?? c.res).status)
      return refused
    } catch (error) {
      // What is made of it is not known here: of a refusal likely its own answer, and of what an app throws that is no Error a 500.
      ending?.answered('failure' in outcome ? outcome.failure.status : 500)
      throw error
    }
  }
  return middleware
}
