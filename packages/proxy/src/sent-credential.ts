import type { Awaitable } from '@kube-authn/core'
import { andThen } from '@kube-authn/core/internal'
import type { ImpersonatingProxyOptions } from './options.ts'

/** What requests to the upstream are authenticated by. */
export interface SentCredential {
  /** The value of `Authorization` for a request; `undefined` if there is none. @param userToken that of the user, for `mode: 'token'`. */
  readonly forRequest: (userToken: string | undefined) => Awaitable<string | undefined>
  /** Tells that the upstream answered 401 to a request with this value. */
  readonly refused: (value: string | undefined) => void
}

/**
 * The credential of the proxy, or in `mode: 'token'` that of the user.
 *
 * @param own that of the endpoint.
 */
export function sentCredential(
  { mode, credentials }: Pick<ImpersonatingProxyOptions, 'mode' | 'credentials'>,
  own: () => string | undefined,
): SentCredential {
  let refused: string | undefined
  return {
    forRequest(userToken) {
      if (mode === 'token') return ofUser(userToken)
      if (credentials === undefined) return own()
      // Told once: a source with nothing newer is not asked for it with each request.
      const told = refused
      refused = undefined
      return andThen(credentials(told), (token) => `${BEARER}${token}`)
    },
    refused(value) {
      if (credentials !== undefined) refused = value?.slice(BEARER.length)
    },
  }
}

function ofUser(token: string | undefined): string | undefined {
  return token === undefined || token === '' ? undefined : `${BEARER}${token}`
}

const BEARER = 'Bearer '
