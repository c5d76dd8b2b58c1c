import {
  type Authentication,
  type AuthenticationRequest,
  type AuthenticationScheme,
  type Authenticator,
  type Awaitable,
  isPromiseLike,
} from '@kube-authn/core'
import { strategyRequest } from './strategy-request.ts'

/** Where in a whole request the credential is. */
export interface WholeRequestOptions {
  /**
   * The schemes of `Authorization` that the strategy knows. It is asked about these only, and they are in `WWW-Authenticate`.
   * Default: none, and `Negotiate` for a strategy named `negotiate`.
   */
  readonly schemes?: readonly AuthenticationScheme[]
  /** The headers that the credential is in, as in `x-api-key`. The strategy is asked where one is there; an app does not see them. */
  readonly headers?: readonly string[]
}

/** Asks a strategy about a request; `isCredential` tells afterwards whether it was shown one. */
export type Ask = (req: object, isCredential: () => boolean) => Awaitable<Authentication | undefined>

/**
 * An authenticator that shows a strategy the whole request.
 *
 * Passport does not tell a bad credential from none. Where it is said what the strategy looks for, it is asked about requests
 * that have it, and then a failure is a rejection. Otherwise it is one when the strategy looked at anything in the request that
 * may be a credential.
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

  return {
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
}

function hasScheme({ headers }: AuthenticationRequest, schemes: readonly string[]): boolean {
  const [scheme = ''] = (headers.first('authorization') ?? '').trimStart().split(' ')
  return schemes.some((each) => each.toLowerCase() === scheme.toLowerCase())
}

function hasHeader({ headers }: AuthenticationRequest, name: string): boolean {
  return headers.first(name) !== undefined
}
