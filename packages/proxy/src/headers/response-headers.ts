import type { NodeResponse } from '../node-types.ts'
import { hopByHop } from './hop-by-hop.ts'
import { requestTrailers } from './request-headers.ts'

/**
 * Headers by which an upstream would speak for the whole site of the app: cookies, and policies of browsers for its origin. The audit id is that of the request.
 */
const OF_THE_SITE: ReadonlySet<string> = new Set([
  'alt-svc',
  'audit-id',
  'clear-site-data',
  'public-key-pins',
  'service-worker-allowed',
  'set-cookie',
  'set-cookie2',
  'strict-transport-security',
])

/** The headers of the upstream that the client gets, flat: name, value, name, value, as they were sent. */
export function responseHeaders(raw: readonly string[]): readonly string[] {
  const isHopByHop = hopByHop(raw)
  const kept: string[] = []
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = raw[index] ?? ''
    const lowerCase = name.toLowerCase()
    if (!OF_THE_SITE.has(lowerCase) && !isHopByHop(lowerCase)) kept.push(name, raw[index + 1] ?? '')
  }
  return kept
}

/** The trailers of the upstream that the client gets, each in one line; `undefined` if there are none. */
export function responseTrailers(raw: readonly string[]): Record<string, string> | undefined {
  if (raw.length === 0) return undefined
  const kept = new Map<string, readonly [name: string, value: string]>()
  for (const [name, value] of requestTrailers(raw, (lowerCase) => OF_THE_SITE.has(lowerCase))) {
    const lowerCase = name.toLowerCase()
    const [spelling, before] = kept.get(lowerCase) ?? [name]
    kept.set(lowerCase, [spelling, before === undefined ? value : `${before}, ${value}`])
  }
  return kept.size === 0 ? undefined : Object.fromEntries(kept.values())
}

/** Sets the headers of a response. Warnings of the app stay, and so do policies of the app for browsers. */
export function setHeaders(response: NodeResponse, headers: readonly string[], isSandboxed: boolean): void {
  const ofTheApp = response.getHeaderNames()
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const name = headers[index] ?? ''
    if (ofTheApp.length > 0) replaceOnce(response, name.toLowerCase(), ofTheApp)
    append(response, name, headers[index + 1] ?? '')
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
