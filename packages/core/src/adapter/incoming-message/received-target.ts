import { targetOf } from '../../request/fetch-request.ts'

/** The accepted prefix of an absolute target: `http` or `https`, a host and a port, and nothing else. */
const PLAIN_ORIGIN = /^https?:\/\/(?:[A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+\])(?::\d*)?(?=[/?]|$)/i

/**
 * Path and query of a request target as Node received it.
 *
 * Node accepts malformed targets, and routers parse their path differently: in `http://h:a/b` Express and Koa see `/:a/b`, and in
 * `//a@h/b#` they see `/b`. If a target may be ambiguous, all of it is the path. Such a path has a fragment or does not start with a slash,
 * so it matches no configured path, and `isAmbiguousPath` recognises it.
 *
 * Source: RFC 9112 section 3.2. Go responds with 400 to a target with an invalid host.
 *
 * Deviation: a target without a path is `/`, as in routers; one with a user or another scheme meets no condition; other malformed
 * requests are not refused (`docs/deviations.md`, request targets; syntax of requests; syntax over HTTP/2).
 */
export function receivedTarget(target: string): { readonly path: string; readonly query: string } {
  return isReadable(target) ? targetOf(target) : { path: target, query: '' }
}

function isReadable(target: string): boolean {
  if (/[#\s]/.test(target)) return false
  return target.startsWith('/') || !target.includes('://') || PLAIN_ORIGIN.test(target)
}
