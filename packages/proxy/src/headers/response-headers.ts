import { hopByHop, pairsOf } from './hop-by-hop.ts'
import type { IncomingMessage } from 'node:http'
import type { NodeResponse } from '../node-types.ts'
import { requestTrailers } from './request-headers.ts'

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
  return !NEVER.has(lowerCase) && !isAlwaysHopByHop(lowerCase)
}

const isAlwaysHopByHop = hopByHop([])

/** The headers of the upstream that the client gets, flat: name, value, name, value, as they were sent. */
export function responseHeaders(
  { rawHeaders, statusCode = 0 }: Pick<IncomingMessage, 'rawHeaders' | 'statusCode'>,
  passed: PassedHeaders,
): readonly string[] {
  const isHopByHop = hopByHop(rawHeaders)
  const isWithoutLength = statusCode === 204 || statusCode === 101
  const kept: string[] = []
  for (const [name, value] of pairsOf(rawHeaders)) {
    const lowerCase = name.toLowerCase()
    if (!passed.headers.has(lowerCase) || isHopByHop(lowerCase)) continue
    // RFC 9110 section 8.6: a client could wait for content, or take the next response for it.
    if (isWithoutLength && lowerCase === 'content-length') continue
    kept.push(name, value)
  }
  return kept
}

/** The trailers of the upstream that the client gets, each in one line; `undefined` if there are none. */
export function responseTrailers(
  raw: readonly string[],
  passed: PassedHeaders,
): Record<string, string> | undefined {
  if (raw.length === 0) return undefined
  const kept = new Map<string, readonly [name: string, value: string]>()
  for (const [name, value] of requestTrailers(raw, (lowerCase) => !passed.trailers.has(lowerCase))) {
    const lowerCase = name.toLowerCase()
    const [spelling, before] = kept.get(lowerCase) ?? [name]
    kept.set(lowerCase, [spelling, before === undefined ? value : `${before}, ${value}`])
  }
  return kept.size === 0 ? undefined : Object.fromEntries(kept.values())
}

/** Sets the headers of a response. Warnings of the app stay, and so do policies of the app for browsers, which the upstream cannot loosen. */
export function setHeaders(response: NodeResponse, headers: readonly string[], isSandboxed: boolean): void {
  const ofTheApp = response.getHeaderNames()
  for (const [name, value] of pairsOf(headers)) {
    if (ofTheApp.length > 0) {
      const lowerCase = name.toLowerCase()
      if (OF_THE_APP.has(lowerCase) && ofTheApp.includes(lowerCase)) continue
      replaceOnce(response, lowerCase, ofTheApp)
    }
    append(response, name, value)
  }
  if (isSandboxed) append(response, POLICY, 'sandbox')
}

/** The first value of the upstream takes the place of those of the app. */
function replaceOnce(response: NodeResponse, name: string, ofTheApp: string[]): void {
  const index = ADDED.has(name) ? -1 : ofTheApp.indexOf(name)
  if (index === -1) return
  ofTheApp.splice(index, 1)
  response.removeHeader(name)
}

function append(response: NodeResponse, name: string, value: string): void {
  if (response.hasHeader(name)) response.appendHeader(name, value)
  else response.setHeader(name, value)
}

const POLICY = 'Content-Security-Policy'
const ADDED: ReadonlySet<string> = new Set(['warning', 'vary', POLICY.toLowerCase()])
/** Those of the upstream would be read instead, and HTTP/2 has one value of the first only. */
const OF_THE_APP: ReadonlySet<string> = new Set(['x-content-type-options', 'x-frame-options'])
