import type { Context } from 'hono'
import { leadsToImpersonation } from '@kube-authn/core/adapter'

/** Where Hono keeps the handler of an app with an error handler of its own that was made part of another app. */
const COMPOSED_HANDLER = '__COMPOSED_HANDLER'

/**
 * Whether a middleware of `impersonation` comes after the handler that Hono is at, among those it found for the request. Nothing is known
 * of middlewares inside of other functions, such as those that `every`, `some` and `except` make, nor of an app that is mounted.
 */
export function impersonationFollows(c: Context): boolean {
  return leadsToImpersonation(handlersOf(c), HERE)
}

const HERE = Symbol('here')

/** The handlers of the request in order, and `undefined` after one that cannot call another. */
function* handlersOf({ req }: Context): Generator {
  // Newer versions have `matchedRoutes(c)` of `hono/route`, which the first ones of Hono 4 have not.
  const routes: unknown = Reflect.get(req, 'matchedRoutes')
  if (!Array.isArray(routes)) return
  for (const [index, { handler, method }] of (routes as readonly MatchedRoute[]).entries()) {
    const composed = innermost(handler)
    yield index === req.routeIndex ? HERE : composed
    if (method !== 'ALL' && typeof composed === 'function' && composed.length < 2) yield undefined
  }
}

interface MatchedRoute {
  readonly handler: unknown
  readonly method: unknown
}

function innermost(handler: unknown): unknown {
  let inner = handler
  while (typeof inner === 'function' && COMPOSED_HANDLER in inner)
    inner = Reflect.get(inner, COMPOSED_HANDLER)
  return inner
}
