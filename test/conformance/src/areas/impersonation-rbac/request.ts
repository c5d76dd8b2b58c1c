import type { AuthenticationRequest } from '@kube-authn/core'
import { exactHeaders } from '@kube-authn/core/internal'

/** A header as vectors write it. */
export type VectorHeader = readonly [name: string, value: string]

/** A request as vectors write it; the raw headers are as Node has them. */
export interface VectorRequest {
  readonly method?: string
  readonly path?: string
  readonly headers?: readonly VectorHeader[]
}

export function requestOf({ method = 'GET', path = '/', headers = [] }: VectorRequest): {
  readonly request: AuthenticationRequest
  readonly rawHeaders: string[]
} {
  const mark = path.indexOf('?')
  const rawHeaders = headers.flatMap(([name, value]) => [name, latin1OfUtf8(value)])
  return {
    rawHeaders,
    request: {
      method,
      path: mark === -1 ? path : path.slice(0, mark),
      query: mark === -1 ? '' : path.slice(mark + 1),
      headers: exactHeaders(rawHeaders),
    },
  }
}

function latin1OfUtf8(text: string): string {
  return String.fromCharCode(...new TextEncoder().encode(text))
}
