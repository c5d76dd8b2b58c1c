import {
  defined,
  type AuthenticatedRequest,
  type AuthenticateRequestOptions,
  type RefusedRequest,
} from '@kube-authn/core/internal'
import { authenticateRequest, type RequestOutcome } from '@kube-authn/core/adapter'
import {
  type Authentication,
  type AuthenticationRequest,
  type Authenticator,
  type Awaitable,
  rejected,
  type UserInfo,
} from '@kube-authn/core'
import { type Deadline, inTime } from './deadline.ts'

/** Maps a user to the app's account; `undefined`, `null` or `false` if it has none. */
export type FindAccount = (
  user: UserInfo,
  authentication: Authentication,
) => Awaitable<object | false | null | undefined>

/** An authenticated request and the app's account. */
export interface KnownRequest extends AuthenticatedRequest {
  readonly account: object
}

/**
 * Maps the outcome of a request to the app's account. A user without an account is refused like a bad credential, and so is one whose account was not found in time.
 *
 * @param authenticator that of the challenges in a refusal.
 * @param findAccount default: the user itself.
 * @param options without an observer: it already received the event of the request.
 */
export function accountFinder(
  authenticator: Authenticator,
  findAccount: FindAccount | undefined,
  deadline: Deadline,
  options: Omit<AuthenticateRequestOptions, 'observer' | 'tracing'>,
): (request: AuthenticationRequest, outcome: RequestOutcome) => Awaitable<KnownRequest | RefusedRequest> {
  const { name, credentials } = authenticator

  /** Refuses as if the authenticator had thrown it. */
  const refuse = async (request: AuthenticationRequest, thrown: unknown): Promise<RefusedRequest> => {
    const refuses: Authenticator = {
      name,
      ...defined({ credentials }),
      authenticate: () => {
        throw thrown
      },
    }
    const refused = await authenticateRequest(refuses, options)(request)
    if ('failure' in refused) return refused
    throw thrown
  }

  const find = async (
    ask: FindAccount,
    request: AuthenticationRequest,
    outcome: AuthenticatedRequest,
  ): Promise<KnownRequest | RefusedRequest> => {
    const { authentication } = outcome
    try {
      const answer = Promise.resolve().then(() => ask(authentication.user, authentication))
      const account = await inTime(answer, deadline, 'user()')
      if (account === undefined || account === null || account === false) {
        throw rejected('the app does not know this user')
      }
      if (typeof account !== 'object') throw new TypeError('user() must return an object')
      return { ...outcome, account }
    } catch (error) {
      return refuse(request, error)
    }
  }

  return (request, outcome) => {
    if ('failure' in outcome) return outcome
    if (findAccount === undefined) return { ...outcome, account: outcome.authentication.user }
    return find(findAccount, request, outcome)
  }
}
