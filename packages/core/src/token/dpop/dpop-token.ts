import { rejected } from '../../authenticator/errors.ts'
import { hasScheme, MAX_TOKEN_LENGTH, trimAscii } from '../../request/bearer-token.ts'
import type { AuthenticationRequest } from '../../request/request.ts'

/**
 * The token of `Authorization: DPoP TOKEN`; `undefined` if the request has another scheme, or none.
 *
 * Source: RFC 9449 section 7.1.
 *
 * @throws {AuthenticationError} `rejected` if it is not exactly one token, or too long: such a request has a credential, and must not be anonymous.
 */
export function readDpopToken({ headers }: AuthenticationRequest): string | undefined {
  const authorization = trimAscii(headers.first('authorization') ?? '')
  if (authorization.toLowerCase() !== 'dpop' && !hasScheme(authorization, 'dpop')) return undefined
  const token = TOKEN.exec(authorization)?.[1]
  if (token === undefined || headers.all('authorization').length > 1)
    throw rejected('dpop: exactly one token must follow the scheme DPoP')
  if (token.length > MAX_TOKEN_LENGTH)
    throw rejected(`dpop: the token is longer than ${MAX_TOKEN_LENGTH} characters`)
  return token
}

/** Source: RFC 9110 section 11.2 (`token68`). A comma would be in a list of joined headers. */
const TOKEN = /^dpop +([\w.~+/-]+=*)$/i

/** The same without an error: `undefined` if there is none that `dpop` would accept. */
export function sentDpopToken(request: AuthenticationRequest): string | undefined {
  try {
    return readDpopToken(request)
  } catch {
    return undefined
  }
}
