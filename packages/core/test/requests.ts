import type { Clock } from '../src/internal/clock.ts'
import { exactHeaders } from '../src/request/headers/exact.ts'
import { joinedHeaders } from '../src/request/headers/joined.ts'
import type { AuthenticationRequest } from '../src/request/request.ts'
import { type Issued, NOW_MS } from '../../x509/test/certificates.ts'

export type HeaderList = readonly (readonly [name: string, value: string])[]

/** A request with these headers, kept apart, from a client with these certificates, leaf first. */
export function requestOf(
  headers: HeaderList = [],
  ...presented: readonly (Issued | Uint8Array)[]
): AuthenticationRequest {
  const chain = presented.map((each) => ('der' in each ? each.der : each))
  return {
    method: 'GET',
    path: '/',
    query: '',
    headers: exactHeaders(headers.flat()),
    peerCertificates: () => chain,
  }
}

/** A request whose headers were joined, as those of Fetch are. */
export function joinedRequestOf(headers: HeaderList): AuthenticationRequest {
  const joined = new Headers()
  for (const [name, value] of headers) joined.append(name, value)
  return { method: 'GET', path: '/', query: '', headers: joinedHeaders(joined) }
}

/** A clock that stands still until it is told otherwise. */
export function settableClock(): Clock & { nowMs: number } {
  const clock = { nowMs: NOW_MS, now: () => clock.nowMs, after: () => () => undefined }
  return clock
}
