import {
  type AuthenticatedRequest,
  authenticateRequest,
  type AuthenticateRequestOptions,
  type Authentication,
  type AuthenticationRequest,
  type Authenticator,
  type Awaitable,
  rejected,
  type RefusedRequest,
  type RequestOutcome,
  type UserInfo,
} from '@kube-authn/core'
import { type Deadline, inTime } from './deadline.ts'

/** Who a user is to the app; nothing, or `false`, for one that it does not know. */
export type AccountOf = (
  user: UserInfo,
  authentication: Authentication,
) => Awaitable<object | false | null | undefined>

/** The request is somebody's, and this is who that is to the app. */
export interface KnownRequest extends AuthenticatedRequest {
  readonly account: object
}

/** What a {@link FindAccount} needs. */
export interface AccountOptions {
  /** Default: users are who they are. */
  readonly accountOf: AccountOf | undefined
  readonly deadline: Deadline
  /** Whose challenges a refusal has. */
  readonly authenticator: Authenticator
  /** Without an observer: it has been told of the request before. */
  readonly options: Omit<AuthenticateRequestOptions, 'observer' | 'tracing'>
}

/** Goes on from what became of a request to who that is to the app. */
export type FindAccount = (
  request: AuthenticationRequest,
  outcome: RequestOutcome,
) => Awaitable<KnownRequest | RefusedRequest>

/** Makes it. A user without an account is refused as a bad credential is, and so is one whose account was not found in time. */
export function accountFinder({ accountOf, deadline, authenticator, options }: AccountOptions): FindAccount {
  const { name, credentials } = authenticator

  /** As if the authenticator had thrown it. */
  const refuse = async (request: AuthenticationRequest, thrown: unknown): Promise<RefusedRequest> => {
    const refuses: Authenticator = {
      name,
      ...(credentials !== undefined && { credentials }),
      authenticate: () => {
        throw thrown
      },
    }
    const refused = await authenticateRequest(refuses, options)(request)
    if ('failure' in refused) return refused
    throw thrown
  }

  const find = async (
    ask: AccountOf,
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
      if (typeof account !== 'object') throw new TypeError('user() must make an object')
      return { ...outcome, account }
    } catch (error) {
      return refuse(request, error)
    }
  }

  return (request, outcome) => {
    if ('failure' in outcome) return outcome
    if (accountOf === undefined) return { ...outcome, account: outcome.authentication.user }
    return find(accountOf, request, outcome)
  }
}
