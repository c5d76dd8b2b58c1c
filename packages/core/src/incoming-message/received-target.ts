import { targetOf } from '../request/fetch-request.ts'

/** What may stand before the path where it is not the path itself: `http` or `https`, a host and a port, and nothing else. */
const PLAIN_ORIGIN = /^https?:\/\/(?:[A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+\])(?::\d*)?(?=[/?#]|$)/i

/**
 * Path and query of a request target as Node received it.
 *
 * Node takes an absolute target as it comes, and routers find the path in one that is no URL in ways of their own: in `http://h:a/b`
 * Express and Koa see `/:a/b`. Where that could be, the whole target is the path, which no path that anybody configured equals or begins.
 *
 * Source: RFC 9112 section 3.2. Go answers such a target with a 400.
 */
export function receivedTarget(target: string): { readonly path: string; readonly query: string } {
  const isReadable = !target.includes('://') || target.startsWith('/') || PLAIN_ORIGIN.test(target)
  return isReadable ? targetOf(target) : { path: target, query: '' }
}
