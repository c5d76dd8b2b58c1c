import type { Context } from '../../authenticator/context.ts'
import { trimmed } from '../../internal/trimmed.ts'

/**
 * The token of an `Authorization` value, read as kube-apiserver does: the scheme in any case, one space, and everything up to
 * the next space. `undefined` if there is none.
 *
 * Deviation: kube-apiserver also warns about a second space if another credential is accepted (`docs/deviations.md`, warning of blanks).
 */
export function readBearerToken(authorization: string | undefined, context: Context): string | undefined {
  if (authorization === undefined) return undefined
  const value = trimAscii(authorization)
  const token = /^bearer ([^ ]*)/i.exec(value)?.[1]
  if (token === undefined) return undefined
  if (token === '') {
    context.warn?.(
      'the provided Authorization header contains extra space before the bearer token, and is ignored',
    )
    return undefined
  }
  return token
}

/** Whether the value starts with the lower-case scheme, in any case, and a space. */
export function hasScheme(value: string, scheme: string): boolean {
  return value.slice(0, scheme.length + 1).toLowerCase() === `${scheme} `
}

/**
 * Trims ASCII white space from both ends; `String.prototype.trim` would trim more than HTTP allows.
 *
 * Deviation: Go trims all Unicode white space (`docs/deviations.md`, white space in headers).
 */
export function trimAscii(value: string): string {
  return trimmed(value, ' \t\n\v\f\r')
}
