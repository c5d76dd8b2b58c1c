import type { AuthenticationRequest, HeaderChanges } from '@kube-authn/core'
import { exactHeaders } from '@kube-authn/core/internal'
import type { HeaderPair } from './vector.ts'

/** A request with the headers of a vector, as strings. */
export function requestOf(init: {
  readonly url?: string
  readonly headers?: readonly HeaderPair[]
  readonly httpMajor?: number
  readonly peerCertificates?: readonly Uint8Array[]
}): AuthenticationRequest {
  const { url = '/', headers = [], httpMajor, peerCertificates } = init
  const [path = '', query = ''] = url.split(/\?(.*)/s)
  return {
    method: 'GET',
    path,
    query,
    headers: exactHeaders(headers.flat().map(latin1), undefined),
    ...(httpMajor !== undefined && { httpVersionMajor: httpMajor }),
    ...(peerCertificates !== undefined && { peerCertificates: () => peerCertificates }),
  }
}

/** One character per byte, like Node's headers. */
function latin1(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1')
}

/** The remaining headers. */
export function headersAfter(
  headers: readonly HeaderPair[],
  changes: HeaderChanges | undefined,
): readonly HeaderPair[] {
  if (changes === undefined) return headers
  const replacements = new Map(changes.replace)
  const kept = headers.filter(([name]) => {
    const lowerCase = name.toLowerCase()
    if (changes.remove.includes(lowerCase) || replacements.has(lowerCase)) return false
    return !(changes.removePrefixes ?? []).some((prefix) => lowerCase.startsWith(prefix))
  })
  const present = new Set(headers.map(([name]) => name.toLowerCase()))
  return [...kept, ...[...replacements].filter(([name]) => present.has(name))]
}
