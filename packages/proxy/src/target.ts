import { badRequest, notServed } from '@kube-authn/core/internal'
import type { StatusError } from '@kube-authn/core/adapter'

/**
 * The target for the upstream: what the client sent, byte by byte, without the prefix. Whatever servers read in different ways is refused: a target with a
 * host, two slashes at the beginning, dot segments in any encoding and with any parameters (`..;a`), and characters that no URL may have.
 *
 * Source: RFC 9112 section 3.2, RFC 3986 section 3.3.
 *
 * @param prefix without a slash at its end; empty for none.
 */
export function forwardedTarget(received: string, prefix: string): string | StatusError {
  if (!received.startsWith('/')) return badRequest('the request target must be a path')
  if (/[^!-~]|[#\\]/.test(received))
    return badRequest('the request target has characters that no URL may have')
  if (!received.startsWith(prefix)) return notServed()
  const rest = received.slice(prefix.length)
  if (rest !== '' && !/^[/?]/.test(rest)) return notServed()
  const target = rest.startsWith('/') ? rest : `/${rest}`
  const [path = ''] = target.split('?', 1)
  if (path.startsWith('//')) return badRequest('the path must not begin with two slashes')
  if (path.includes('%') && /%(?![\da-f]{2})/i.test(path))
    return badRequest('the path has a malformed escape')
  return hasDotSegment(path) ? badRequest('the path must not have the segments . and ..') : target
}

/** Whether a target may be one below a prefix: whatever cannot be read is, so that it is refused. */
export function isBelow(received: string, prefix: string): boolean {
  const target = forwardedTarget(received, prefix)
  return typeof target === 'string' || target.status !== 404
}

/** As a server sees it that decodes before it splits. Servlet containers ignore what follows a semicolon. */
function hasDotSegment(path: string): boolean {
  if (!/[.%]/.test(path)) return false
  const decoded = path
    .replaceAll(/%2e/gi, '.')
    .replaceAll(/%3b/gi, ';')
    .replaceAll(/%(?:2f|5c)/gi, '/')
  return decoded.split('/').some((segment) => /^\.{1,2}(?:;|$)/.test(segment))
}
