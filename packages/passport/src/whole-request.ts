import type { Authentication, AuthenticationRequest, Authenticator, Awaitable } from '@kube-authn/core'
import { ambientCredential } from '@kube-authn/core/adapter'
import { type AuthenticationScheme, isPromiseLike } from '@kube-authn/core/internal'
import { strategyRequest } from './strategy-request.ts'

/** Where the credential is in a request. */
export interface WholeRequestOptions {
  /**
   * The `Authorization` schemes of the strategy. It runs only for these, and they are in `WWW-Authenticate`. Default: none, and `Negotiate` for a
   * strategy named `negotiate`.
   */
  readonly schemes?: readonly AuthenticationScheme[]
  /** The headers of the credential, for example `x-api-key`. The strategy runs if one is present; they are removed after a success. */
  readonly headers?: readonly string[]
}

/** Runs a strategy for a request; `isCredential` returns afterwards whether it saw a credential. */
export type Ask = (req: object, isCredential: () => boolean) => Awaitable<Authentication | undefined>

/**
 * An authenticator that passes the whole request to a strategy.
 *
 * Passport does not distinguish a bad credential from none. With `schemes` or `headers` the strategy only runs for requests that have one of them,
 * and a failure is a rejection. Otherwise a failure is a rejection if the strategy read anything in the request that may be a credential.
 */
export function wholeRequest(
  name: string,
  { schemes = [], headers = [] }: WholeRequestOptions,
  ask: Ask,
): Authenticator {
  const names = headers.map((header) => header.toLowerCase())
  const isRestricted = schemes.length + names.length > 0
  const consumed = { remove: ['authorization', ...names] }
  const accept = (answer: Authentication | undefined): Authentication | undefined =>
    answer === undefined ? undefined : { ...answer, consumed }

  const authenticator: Authenticator = {
    name,
    credentials: { schemes },
    authenticate(request) {
      if (isRestricted && !hasScheme(request, schemes) && !names.some((each) => hasHeader(request, each))) {
        return undefined
      }
      const { req, wasRead } = strategyRequest(request)
      const answer = ask(req, isRestricted ? () => true : wasRead)
      return isPromiseLike(answer) ? answer.then(accept) : accept(answer)
    },
  }
  // No page can make a browser send these.
  const isOfClient =
    isRestricted &&
    schemes.every((scheme) => scheme.toLowerCase() === 'bearer') &&
    names.every((each) => each !== 'cookie' && each !== 'authorization')
  return isOfClient ? authenticator : ambientCredential(authenticator)
}

function hasScheme({ headers }: AuthenticationRequest, schemes: readonly string[]): boolean {
  const [scheme = ''] = (headers.first('authorization') ?? '').trimStart().split(' ')
  return schemes.some((each) => each.toLowerCase() === scheme.toLowerCase())
}

function hasHeader({ headers }: AuthenticationRequest, name: string): boolean {
  return headers.first(name) !== undefined
}
