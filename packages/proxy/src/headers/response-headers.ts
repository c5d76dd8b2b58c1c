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

/** The headers of a response for the client, by their names in lower case, with the spelling of the first and all values. */
export type ResponseHeaders = ReadonlyMap<
  string,
  { readonly name: string; readonly values: readonly string[] }
>

/** The headers of the upstream that the client gets. */
export function responseHeaders(raw: readonly string[]): ResponseHeaders {
  const isHopByHop = hopByHop(raw)
  const kept = new Map<string, { readonly name: string; readonly values: string[] }>()
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = raw[index] ?? ''
    const value = raw[index + 1] ?? ''
    const lowerCase = name.toLowerCase()
    if (OF_THE_SITE.has(lowerCase) || isHopByHop(lowerCase)) continue
    const known = kept.get(lowerCase)
    if (known === undefined) kept.set(lowerCase, { name, values: [value] })
    else known.values.push(value)
  }
  return kept
}

/** The trailers of the upstream that the client gets, each in one line; `undefined` if there are none. */
export function responseTrailers(raw: readonly string[]): Record<string, string> | undefined {
  const kept = new Map<string, readonly [name: string, value: string]>()
  for (const [name, value] of requestTrailers(raw, (lowerCase) => OF_THE_SITE.has(lowerCase))) {
    const lowerCase = name.toLowerCase()
    const [spelling, before] = kept.get(lowerCase) ?? [name]
    kept.set(lowerCase, [spelling, before === undefined ? value : `${before}, ${value}`])
  }
  return kept.size === 0 ? undefined : Object.fromEntries(kept.values())
}

/** Sets the headers of a response. Warnings of the app stay, and so do policies of the app for browsers. */
export function setHeaders(response: NodeResponse, headers: ResponseHeaders, isSandboxed: boolean): void {
  for (const [lowerCase, { name, values }] of headers) {
    const present = ADDED.has(lowerCase) ? response.getHeader(lowerCase) : undefined
    const [value = ''] = values
    if (present !== undefined) response.setHeader(name, [...[present].flat().map(String), ...values])
    else response.setHeader(name, values.length === 1 ? value : values)
  }
  if (!isSandboxed) return
  const present = [response.getHeader(POLICY) ?? []].flat().map(String)
  response.setHeader(POLICY, [...present, 'sandbox'])
}

const POLICY = 'content-security-policy'
const ADDED: ReadonlySet<string> = new Set(['warning', 'vary', POLICY])
