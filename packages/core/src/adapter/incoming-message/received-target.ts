import { targetOf } from '../../request/fetch-request.ts'

/** What may stand before the path where it is not the path itself: `http` or `https`, a host and a port, and nothing else. */
const PLAIN_ORIGIN = /^https?:\/\/(?:[A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+\])(?::\d*)?(?=[/?]|$)/i

/**
 * Path and query of a request target as Node received it.
 *
 * Node takes more than what is a target, and routers find the path in that in ways of their own: in `http://h:a/b` Express and Koa see
 * `/:a/b`, and in `//a@h/b#` they see `/b`. Where that could be, the whole target is the path. What is in it, a fragment or another
 * beginning than a slash, is in no path that anybody configured, and `isAmbiguousPath` knows it.
 *
 * Source: RFC 9112 section 3.2. Go answers a target whose host is none with a 400.
 *
 * Deviation: a target without a path is `/`, as routers have it; one with a user or another scheme meets no condition; other malformed
 * requests are not refused (`docs/deviations.md`, request targets; syntax of requests; syntax over HTTP/2).
 */
export function receivedTarget(target: string): { readonly path: string; readonly query: string } {
  return isReadable(target) ? targetOf(target) : { path: target, query: '' }
}

function isReadable(target: string): boolean {
  if (/[#\s]/.test(target)) return false
  return target.startsWith('/') || !target.includes('://') || PLAIN_ORIGIN.test(target)
}
