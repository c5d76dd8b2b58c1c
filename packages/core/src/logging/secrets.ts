import { credentialHeaders } from '../authenticator/credential-headers.ts'
import { credentialsIn } from './credentials-in.ts'
import type { Refusal } from './refusal.ts'
import { decodeCredentials } from '../request/basic/basic.ts'
import type { AuthenticationRequest } from '../request/request.ts'

/** Shorter names occur in any sentence. */
const MIN_NAME = 8

/**
 * What a line must not contain: every credential that was sent, and the name beside a password, since people type passwords into the wrong
 * field. Cookies are no credential unless the authenticator says so: their words would hide parts of lines.
 */
export function secretsOf({ request, authenticator }: Refusal): readonly string[] {
  if (request.refusal !== undefined) return []
  const own = authenticator === undefined ? [] : credentialHeaders(authenticator)
  const credentials = credentialsIn(own.includes('cookie') ? request : withoutCookies(request), own)
  const names = request.headers.all('authorization').flatMap((value) => {
    const name = decodeCredentials(value.split(' ')[1] ?? '')?.[0] ?? ''
    return name.length < MIN_NAME ? [] : [name]
  })
  return [...credentials, ...names]
}

function withoutCookies({ method, path, query, headers }: AuthenticationRequest): AuthenticationRequest {
  return {
    method,
    path,
    query,
    headers: {
      exact: headers.exact,
      first: (name) => (name === 'cookie' ? undefined : headers.first(name)),
      all: (name) => (name === 'cookie' ? [] : headers.all(name)),
      entries: () => headers.entries(),
    },
  }
}
