import type { Context } from 'hono'
import { leadsToImpersonation } from '@kube-authn/core/internal'

/** Where Hono keeps the handler of an app with its own error handler that was added to another app. */
const COMPOSED_HANDLER = '__COMPOSED_HANDLER'

/**
 * Whether a middleware of `impersonation` comes after the current handler, among those that Hono matched. Middlewares inside other functions, such as
 * those of `every`, `some` and `except`, and of mounted apps are unknown.
 */
export function impersonationFollows(c: Context): boolean {
  return leadsToImpersonation(handlersOf(c), HERE)
}

const HERE = Symbol('here')

/** The handlers of the request in order, and `undefined` after one that cannot call another. */
function* handlersOf({ req }: Context): Generator {
  // Newer versions have `matchedRoutes(c)` of `hono/route`; the first versions of Hono 4 do not.
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
