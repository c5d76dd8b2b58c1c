import { isBase64 } from '@kube-authn/internal/base64'
import type { Authenticator, PasswordAuthenticator } from '../authenticator/authenticator.ts'
import { ambientCredential } from './cross-site/ambient-credential.ts'
import { hasScheme, orRefuse } from './bearer-token.ts'
import { askPassword, attempt, type Login } from '../authenticator/consult.ts'
import { rejected } from '../authenticator/errors.ts'
import { andThen } from '../internal/awaitable.ts'
import { textFromLatin1 } from '@kube-authn/internal/byte-text'
import {
  aPasswordAuthenticator,
  optionProblems,
  type OptionsShape,
  refuseProblems,
  wholeNumber,
} from '../internal/options/index.ts'

/** Options of {@link basic}. */
export interface BasicOptions {
  /**
   * Longer credentials are refused without decoding. Default 8,192 characters of base64.
   *
   * Deviation: kube-apiserver limits headers only (`docs/deviations.md`, long credentials).
   */
  readonly maxCredentialsLength?: number
}

const shape: OptionsShape<BasicOptions> = { maxCredentialsLength: wholeNumber(1) }

/**
 * Passes the username and password of `Authorization: Basic BASE64` to a password authenticator. Only the first
 * `Authorization` header counts.
 *
 * It has no opinion unless the value is exactly `Basic`, one space, and padded base64 of `name:password`. If the runtime joins repeated
 * headers, several `Authorization` headers are an error, since the first cannot be identified. A password that is not accepted is an error,
 * so a wrong password is never anonymous.
 *
 * Source: Go `net/http` `Request.BasicAuth`; apiserver 1.18 `plugin/pkg/authenticator/request/basicauth`; RFC 7617.
 *
 * Deviation: Kubernetes 1.6 had no opinion on a wrong password (`docs/deviations.md`, wrong password).
 *
 * @throws {ConfigurationError} if `passwords` is not a password authenticator, or an option is invalid.
 * @example
 * const authenticator = basic(passwordFile('correct horse,jane,1'))
 */
export function basic(passwords: PasswordAuthenticator, options: BasicOptions = {}): Authenticator {
  refuseProblems(aPasswordAuthenticator(passwords, 'passwords'), optionProblems(shape, options))
  const maxCredentialsLength = options.maxCredentialsLength ?? 8192

  return ambientCredential({
    name: 'basic',
    credentials: { schemes: ['Basic'] },
    authenticate(request, context) {
      const authorization = request.headers.first('authorization')
      if (authorization === undefined || !hasScheme(authorization, 'basic')) return undefined
      const encoded = authorization.slice(6)
      if (encoded.length > maxCredentialsLength) {
        throw rejected(`basic credentials are longer than ${maxCredentialsLength} characters`)
      }
      if (!request.headers.exact && encoded.includes(',')) {
        throw rejected('basic credentials were joined with another Authorization header')
      }
      const credentials = decodeCredentials(encoded)
      if (credentials === undefined) return undefined
      return andThen(attempt(askPassword, passwords, credentials, context), userOfPassword)
    },
  })
}

const userOfPassword = orRefuse(
  Object.freeze(rejected('invalid username/password combination')),
  Object.freeze({ remove: ['authorization'] }),
)

/** The username and password in the base64 string; `undefined` if it is anything else. */
export function decodeCredentials(encoded: string): Login | undefined {
  const base64 = base64In(encoded)
  if (base64 === undefined) return undefined
  const latin1 = atob(base64)
  const colon = latin1.indexOf(':')
  if (colon === -1) return undefined
  return [textFromLatin1(latin1.slice(0, colon)), textFromLatin1(latin1.slice(colon + 1))]
}

/** The base64 without its line breaks, which Go ignores; `undefined` if it is something else. */
function base64In(encoded: string): string | undefined {
  if (isBase64(encoded)) return encoded
  const joined = encoded.replace(/[\r\n]/g, '')
  return isBase64(joined) ? joined : undefined
}
