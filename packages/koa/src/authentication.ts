import type { ServerResponse } from 'node:http'
import type { Authenticator, Awaitable } from '@kube-authn/core'
import { type OptionsShape, warningHeaders } from '@kube-authn/core/adapter'
import {
  AUDIT_ID_HEADER,
  type AuthenticateRequestOptions,
  authenticationShape,
  nodeAuthentication,
} from '@kube-authn/core/internal'
import type { Middleware } from 'koa'
import { answer, type FailureOptions } from './failure.ts'
import { impersonationFollows } from './impersonation-follows.ts'
import { type AuthenticationState, users } from './state.ts'

/** Options of {@link authentication}. */
export interface AuthenticationOptions extends AuthenticateRequestOptions, FailureOptions {}

const shape: OptionsShape<AuthenticationOptions> = authenticationShape

/**
 * Authenticates requests: sets `ctx.state.user`, or responds with 401.
 *
 * The headers that carried the credential are removed from the request.
 *
 * @throws {ConfigurationError} if an option is invalid, or the authenticator needs the certificates of TLS peers and the runtime does not provide
 *   them.
 * @example
 * new Koa().use(authentication(authenticator)).use((ctx) => { ctx.body = `Hello ${ctx.state.user.username}` })
 */
export function authentication(
  authenticator: Authenticator,
  options: AuthenticationOptions = {},
): Middleware<AuthenticationState> {
  const authenticate = nodeAuthentication(users, authenticator, shape, options)
  const { observer, onFailure } = options

  return async function authenticationMiddleware(ctx, next) {
    const { req, res } = ctx
    const outcome = await authenticate(ctx, req, res, () =>
      impersonationFollows(ctx, authenticationMiddleware),
    )
    if ('failure' in outcome) {
      if (onFailure !== undefined) await keepingHeaders(res, () => onFailure(outcome.failure, ctx, next))
      else answer(outcome.answer, ctx)
      return
    }
    const { warnings } = outcome
    for (const value of warningHeaders(warnings)) ctx.append('Warning', value)
    if (observer === undefined && warnings.length === 0) await next()
    else await keepingHeaders(res, next)
  }
}

const KEPT = ['Warning', AUDIT_ID_HEADER]

/** Koa removes all headers before it responds to an error, so these are restored when headers are sent. */
async function keepingHeaders(res: ServerResponse, next: () => Awaitable<unknown>): Promise<void> {
  const kept = KEPT.flatMap((name) => {
    const value = res.getHeader(name)
    return value === undefined ? [] : [[name, value] as const]
  })
  if (kept.length === 0) {
    await next()
    return
  }
  try {
    await next()
  } catch (error) {
    const writeHead = res.writeHead.bind(res)
    Object.assign(res, {
      writeHead(...given: unknown[]): unknown {
        if (!res.headersSent) for (const [name, value] of kept) res.setHeader(name, value)
        return Reflect.apply(writeHead, undefined, given)
      },
    })
    throw error
  }
}
