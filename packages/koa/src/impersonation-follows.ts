import { leadsToImpersonation } from '@kube-authn/core/internal'

/** The used part of a context. */
interface ContextOfApp {
  readonly app: unknown
  readonly path: string
  readonly method: string
}

/** Nested routers; @koa/router flattens them, so more is a mistake. */
const MAX_DEPTH = 32

/**
 * Whether a middleware of `impersonation` comes after this middleware: in `app.middleware`, or in a router of @koa/router in it. Middlewares inside
 * other functions, such as those of koa-compose and koa-mount, are unknown.
 */
export function impersonationFollows(ctx: ContextOfApp, own: unknown): boolean {
  try {
    return leadsToImpersonation(handlersIn(property(ctx.app, 'middleware'), ctx, 0), own)
  } catch {
    // A path that cannot be decoded: what the router does with it is unknown.
    return false
  }
}

/** The middlewares that are called, in order, and `undefined` at the end of each route. */
function* handlersIn(middlewares: unknown, ctx: ContextOfApp, depth: number): Generator {
  if (!Array.isArray(middlewares)) return
  if (depth > MAX_DEPTH) throw new RangeError('routers are nested too deeply')
  for (const middleware of middlewares as readonly unknown[]) {
    const router = property(middleware, 'router')
    if (router === undefined) yield middleware
    else yield* handlersOfRouter(router, ctx, depth)
  }
}

function* handlersOfRouter(router: unknown, ctx: ContextOfApp, depth: number): Generator {
  // If a router matches by host, by another path or by one layer only, its handlers are unknown.
  const unusual = [
    property(router, 'host'),
    property(router, 'exclusive'),
    property(property(router, 'opts'), 'routerPath'),
  ]
  const match = property(router, 'match')
  if (typeof match !== 'function' || [...unusual, property(ctx, 'newRouterPath')].some(Boolean)) return
  const matched: unknown = Reflect.apply(match, router, [ctx.path, ctx.method])
  const layers = property(matched, 'pathAndMethod')
  if (property(matched, 'route') !== true || !Array.isArray(layers)) return
  for (const layer of layers as readonly unknown[])
    yield* handlersIn(property(layer, 'stack'), ctx, depth + 1)
  yield undefined
}

function property(value: unknown, name: string): unknown {
  return (typeof value === 'object' && value !== null) || typeof value === 'function'
    ? Reflect.get(value, name)
    : undefined
}
