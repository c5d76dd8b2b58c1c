import type { IncomingMessage } from 'node:http'
import { leadsToImpersonation } from '@kube-authn/core/adapter'

/*
 * What Express keeps of an app, in 4 (`app._router`, `layer.path` after a match) and 5 (`app.router`, a match has the path). None of it is
 * declared, so everything is looked at before it is used, and where it is not as expected nothing follows.
 */

/** Routers in routers; an app that is deeper is not walked. */
const MAX_DEPTH = 32

/**
 * Whether a middleware of `impersonation` comes after this middleware, where Express is with a request now. Nothing is known of handlers
 * inside of other functions, such as those of an app that is mounted in this one, nor of other frameworks.
 */
export function impersonationFollows(req: IncomingMessage, own: unknown): boolean {
  try {
    const app = property(req, 'app')
    const baseUrl = property(req, 'baseUrl')
    const [path = ''] = (req.url ?? '').split('?', 1)
    // Of another target than a plain path, Express and others may read the path in several ways.
    if (typeof baseUrl !== 'string' || !/^\/[^#\s\\]*$/.test(path)) return false
    const [sent] = String(property(req, 'originalUrl')).split('?', 1)
    // Below a mount point Express makes `/` of an empty path.
    const whole = path === '/' && sent === baseUrl ? baseUrl : `${baseUrl}${path}`
    const how = { method: (req.method ?? 'GET').toLowerCase(), own, depth: 0 }
    const router = property(app, '_router') ?? property(app, 'router')
    return prefixesOf(baseUrl, property(app, 'parent') !== undefined).some((prefix) =>
      leadsToImpersonation(handlersOf(router, rest(whole, prefix), baseUrl.slice(prefix.length), how), own),
    )
  } catch {
    // A path that cannot be decoded, a router in itself: whatever Express makes of it, it is not known here.
    return false
  }
}

interface Walk {
  readonly method: string
  readonly own: unknown
  readonly depth: number
}

/**
 * The handlers that a router calls for a path, in order, and `undefined` at the end of each route. The middleware itself is among them only
 * where the request is now, and not where else it is mounted.
 *
 * @param base what is left of the mount points that the request passed; `undefined` beside them.
 */
function* handlersOf(router: unknown, path: string, base: string | undefined, how: Walk): Generator {
  const stack = property(router, 'stack')
  if (!Array.isArray(stack)) return
  if (how.depth > MAX_DEPTH) throw new RangeError('routers are too deep in each other')
  for (const layer of stack as readonly unknown[]) {
    const matched = matchOf(layer, path)
    if (matched === undefined) continue
    const route = property(layer, 'route')
    if (route !== undefined) {
      yield* handlersOfRoute(route, base, how)
      continue
    }
    if (!isPrefix(matched, path)) continue
    const mount = matched.endsWith('/') ? matched.slice(0, -1) : matched
    const inner = base?.startsWith(mount) === true ? base.slice(mount.length) : undefined
    const handle = property(layer, 'handle')
    if (Array.isArray(property(handle, 'stack'))) {
      yield* handlersOf(handle, rest(path, matched), inner, { ...how, depth: how.depth + 1 })
    } else if (handle !== how.own || inner === '') yield handle
  }
}

function* handlersOfRoute(route: unknown, base: string | undefined, { method, own }: Walk): Generator {
  const methods = property(route, 'methods')
  const name = method === 'head' && property(methods, 'head') !== true ? 'get' : method
  const stack = property(route, 'stack')
  if (!Array.isArray(stack) || !['_all', name].some((each) => property(methods, each) === true)) return
  for (const layer of stack as readonly unknown[]) {
    const handle = property(layer, 'handle')
    const called = property(layer, 'method')
    if ((called === undefined || called === name) && (handle !== own || base === '')) yield handle
  }
  yield undefined
}

/** What of a path a layer takes. */
function matchOf(layer: unknown, path: string): string | undefined {
  if (typeof layer !== 'object' || layer === null || !('match' in layer)) return undefined
  if (typeof layer.match !== 'function') return undefined
  const match: unknown = Reflect.apply(layer.match, layer, [path])
  const matched = match === true ? property(layer, 'path') : property(match, 'path')
  return typeof matched === 'string' ? matched : undefined
}

function isPrefix(matched: string, path: string): boolean {
  return path.startsWith(matched) && ['', '/'].includes(path.charAt(matched.length))
}

function rest(path: string, matched: string): string {
  const left = path.slice(matched.length)
  return left.startsWith('/') ? left : `/${left}`
}

/** Where an app may be mounted: at a beginning of the path that mount points took. */
function prefixesOf(baseUrl: string, isMounted: boolean): readonly string[] {
  if (!isMounted) return ['']
  const segments = baseUrl.split('/')
  return segments.length > MAX_DEPTH ? [] : segments.map((_, index) => segments.slice(0, index + 1).join('/'))
}

function property(value: unknown, name: string): unknown {
  return (typeof value === 'object' && value !== null) || typeof value === 'function'
    ? Reflect.get(value, name)
    : undefined
}
