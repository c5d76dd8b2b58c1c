import { hopByHop } from './hop-by-hop.ts'

/**
 * Headers of a response that the client gets: what describes it, and what a Kubernetes API says in it. A list of what is allowed, since a pod behind the API server may
 * send any other, and browsers, caches and front proxies take many of them for the word of the whole site. All of these concern one response, or one URL.
 *
 * Source: RFC 9110 and 9111; apiserver `pkg/endpoints/handlers/responsewriters`, `pkg/server/filters`; apimachinery `pkg/util/httpstream`; component-base `metrics`.
 */
const PASSED: ReadonlySet<string> = new Set([
  'accept-ranges',
  'age',
  'allow',
  'cache-control',
  'content-digest',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-length',
  'content-range',
  // A further policy can only forbid more.
  'content-security-policy',
  'content-type',
  'date',
  'etag',
  'expires',
  'last-modified',
  'location',
  'pragma',
  'process-start-time-unix',
  'repr-digest',
  'retry-after',
  'sec-websocket-accept',
  'sec-websocket-extensions',
  'sec-websocket-protocol',
  'sec-websocket-version',
  'vary',
  'warning',
  // Browsers heed it in a 401, which passes only with the token of the user.
  'www-authenticate',
  'x-accepted-stream-protocol-versions',
  'x-content-type-options',
  'x-frame-options',
  'x-kubernetes-pf-flowschema-uid',
  'x-kubernetes-pf-prioritylevel-uid',
  'x-stream-protocol-version',
])

/** Trailers of a response that the client gets. Source: RFC 9110 section 6.5.1; RFC 9530. */
const PASSED_TRAILERS: ReadonlySet<string> = new Set(['content-digest', 'repr-digest'])

/** Which headers and trailers of the upstream the client gets, by their names in lower case. */
export interface PassedHeaders {
  readonly headers: ReadonlySet<string>
  readonly trailers: ReadonlySet<string>
}

/** @param further names of others, in any case. */
export function passedHeaders(further: readonly string[] = []): PassedHeaders {
  const names = further.map((each) => each.toLowerCase())
  return { headers: new Set([...PASSED, ...names]), trailers: new Set([...PASSED_TRAILERS, ...names]) }
}

/** Headers that no option lets pass: those of this proxy, and cookies, which would be set in vain, since those of the client do not reach the upstream. */
const NEVER: ReadonlySet<string> = new Set(['audit-id', 'set-cookie', 'set-cookie2'])

/** Whether the headers of a response may be given this name, in any case. */
export function canPass(name: string): boolean {
  const lowerCase = name.toLowerCase()
  return !NEVER.has(lowerCase) && !isHopByHop(lowerCase)
}

const isHopByHop = hopByHop([])
