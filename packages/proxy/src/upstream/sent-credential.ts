import type { Awaitable } from '@kube-authn/core'
import { andThen } from '@kube-authn/core/internal'
import type { ImpersonatingProxyOptions } from '../options.ts'

/** What requests have in `Authorization`. */
export interface SentCredential {
  /** @returns `undefined` if there is none. @param userToken that of the user, for `mode: 'token'`. */
  readonly forRequest: (userToken: string | undefined) => Awaitable<string | undefined>
  /** Told that the upstream answered 401 to a request with this value. */
  readonly refused: (value: string | undefined) => void
}

/** The credential of the proxy, or in `mode: 'token'` that of the user. @param own that of the endpoint. */
export function sentCredential(
  mode: ImpersonatingProxyOptions['mode'],
  credentials: ImpersonatingProxyOptions['credentials'],
  own: () => string | undefined,
): SentCredential {
  let refused: string | undefined
  return {
    forRequest: (userToken: string | undefined): Awaitable<string | undefined> => {
      if (mode === 'token') {
        return userToken === undefined || userToken === '' ? undefined : `${BEARER}${userToken}`
      }
      if (credentials === undefined) return own()
      // Told once: a source with nothing newer is not asked for it with each request.
      const told = refused
      refused = undefined
      return andThen(credentials(told), (token) => `${BEARER}${token}`)
    },
    refused: (value: string | undefined): void => {
      if (credentials !== undefined) refused = value?.slice(BEARER.length)
    },
  }
}

const BEARER = 'Bearer '
