import type { IncomingMessage } from 'node:http'
import { leadsToImpersonation } from '@kube-authn/core/internal'

/*
 * Express internals of version 4 (`app._router`, `layer.path` after a match) and 5 (`app.router`, a match has the path). None of them is a public
 * API, so everything is checked before use; if it is not as expected, no impersonation is found.
 */

/** Nested routers; deeper apps are not searched. */
const MAX_DEPTH = 32

/**
 * Whether a middleware of `impersonation` comes after this middleware for the current request. Handlers inside other functions, such as those of a
 * mounted app, and other frameworks are unknown.
 */
export function impersonationFollows(req: IncomingMessage, own: unknown): boolean {
  try {
    const app = property(req, 'app')
    const baseUrl = property(req, 'baseUrl')
    const [path = ''] = (req.url ?? '').split('?', 1)
    // If the target is not a plain path, Express and others may parse it differently.
    if (typeof baseUrl !== 'string' || !/^\/[^#\s\\]*$/.test(path)) return false
    const [sent] = String(property(req, 'originalUrl')).split('?', 1)
    // Below a mount point Express replaces an empty path by `/`.
    const whole = path === '/' && sent === baseUrl ? baseUrl : `${baseUrl}${path}`
    const how = { method: (req.method ?? 'GET').toLowerCase(), own, depth: 0 }
    const router = property(app, '_router') ?? property(app, 'router')
    return prefixesOf(baseUrl, property(app, 'parent') !== undefined).some((prefix) =>
      leadsToImpersonation(handlersOf(router, rest(whole, prefix), baseUrl.slice(prefix.length), how), own),
    )
  } catch {
    // A path that cannot be decoded, or a router that contains itself: what Express does with it is unknown.
    return false
  }
}

interface Walk {
  readonly method: string
  readonly own: unknown
  readonly depth: number
}

/**
 * The handlers that a router calls for a path, in order, and `undefined` at the end of each route. The middleware itself is included only at the
 * current position of the request, not where it is mounted elsewhere.
 *
 * @param base the rest of the mount points that the request passed; `undefined` outside of them.
 */
function* handlersOf(router: unknown, path: string, base: string | undefined, how: Walk): Generator {
  const stack = property(router, 'stack')
  if (!Array.isArray(stack)) return
  if (how.depth > MAX_DEPTH) throw new RangeError('routers are nested too deeply')
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

/** The part of a path that a layer matches. */
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

/** Where an app may be mounted: the prefixes of the path of the mount points. */
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
