import type { RequestAttributes } from './attributes.ts'
import { internalError } from './error-answers.ts'
import { belowPrefix } from './path-prefix.ts'
import type { RequestSelectors } from './request-info/list-options.ts'
import { readRequest, type RequestInfo, type RequestTarget } from './request-info/request-info.ts'
import { parseFieldSelector } from './selectors/field-selector.ts'
import { parseLabelSelector } from './selectors/label-selector.ts'
import { StatusError } from '../authenticator/status.ts'

/**
 * Reads the attributes of a request with a Kubernetes-style path.
 *
 * Deviation: a path that a router may read differently than the authorizer is refused (`docs/deviations.md`, ambiguous paths).
 *
 * @throws {StatusError} 400 when the path is malformed or ambiguous, 500 when it ends after `proxy` or `watch`.
 */
export function requestAttributes(request: RequestTarget): RequestAttributes {
  const { info, selectors } = readRequest(request)
  const { problem } = info
  if (problem?.status === 500) throw internalError(request, problem.message)
  const message = problem?.message ?? (isAmbiguousPath(request.path, info.path) ? AMBIGUOUS : undefined)
  if (message !== undefined) throw new StatusError({ status: 400, reason: 'BadRequest', message })
  return attributesWith(info, selectors)
}

/** The same for what is mounted below a prefix. The reader throws a {@link StatusError} 404 for a request that is not below it: its attributes would be those of another one. */
export function attributesBelow(prefix: string | undefined): (request: RequestTarget) => RequestAttributes {
  if (prefix === undefined) return requestAttributes
  return (request) => {
    const below = belowPrefix(request, prefix)
    if (below !== undefined) return requestAttributes(below)
    const message = 'the server could not find the requested resource'
    throw new StatusError({ status: 404, reason: 'NotFound', message, details: {} })
  }
}

const AMBIGUOUS = 'the path can be read in more than one way'

/** The same for a request info that has already been read. */
export function attributesOfInfo(info: RequestInfo): RequestAttributes {
  return attributesWith(info, undefined)
}

/** @param read the selectors, if they have already been parsed. */
function attributesWith(info: RequestInfo, read: RequestSelectors | undefined): RequestAttributes {
  const { path, verb } = info
  if (!info.resourceRequest) return { verb, path }
  const { apiGroup, apiVersion, namespace, resource, subresource, name, fieldSelector, labelSelector } = info
  return {
    verb,
    path,
    apiGroup,
    apiVersion,
    namespace,
    resource,
    subresource,
    name,
    ...(fieldSelector !== '' && { fieldSelector: read?.fieldSelector ?? parseFieldSelector(fieldSelector) }),
    ...(labelSelector !== '' && { labelSelector: read?.labelSelector ?? parseLabelSelector(labelSelector) }),
  }
}

/**
 * Whether a router may see a different path than the one that was authorized. Routers match the encoded or the decoded path, some ignore
 * letter case, and some resolve `..` first. A path that they could read differently is ambiguous.
 *
 * A path must begin with a slash, or be `*`. It must not contain a fragment, white space, an unencoded backslash (which some routers take
 * for a slash), or a segment `.` or `..`, delimited by slashes or backslashes, also with parameters after a semicolon, which servlet containers
 * ignore: to them, `/a/..;b/c` is `/c`. Below `/api` and `/apis`, where every segment has a meaning,
 * it must not contain an empty segment or an encoded slash or backslash, and the prefix must be in lower case.
 *
 * @param path as sent.
 * @param decoded the same path, percent-decoded.
 */
export function isAmbiguousPath(path: string, decoded: string): boolean {
  if ((!path.startsWith('/') && path !== '*') || /[\\#\s]/.test(path)) return true
  if (/(?:^|[/\\])\.{1,2}(?:[/\\;]|$)/.test(decoded)) return true
  const prefix = /^\/*(apis?)(?:\/|$)/i.exec(decoded)?.[1]
  if (prefix === undefined) return false
  return prefix !== prefix.toLowerCase() || decoded.includes('\\') || /\/\/|%2f/i.test(path)
}
