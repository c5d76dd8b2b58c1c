import { aBoolean, must, type OptionsShape } from '@kube-authn/core/internal/shared'

/** The cookie of a session. */
export interface CookieOptions {
  /** The name of the cookie, to which the prefix `__Host-` is added. Apps of one host need different names. Default `session`. */
  readonly cookieName?: string
  /**
   * For development without TLS: the cookies are not `Secure`, and have no prefix. Anyone in the network can read and replace them. Default `false`.
   */
  readonly allowInsecureHttp?: boolean
}

export const cookieShape: OptionsShape<CookieOptions> = {
  cookieName: must(
    'must be a name of 1 to 64 letters, digits, - and _ that does not begin with _',
    (value) => typeof value === 'string' && /^[A-Za-z\d-][\w-]{0,63}$/.test(value),
  ),
  allowInsecureHttp: aBoolean,
}
