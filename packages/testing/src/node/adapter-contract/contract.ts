import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Authenticator, AuthenticateRequestOptions, Awaitable, UserInfo } from '@kube-authn/core'
import type { Authorizer } from '@kube-authn/core/authorization'

/** How a request comes to an app: over a connection of Node's, or as a `Request`. */
export type ContractProtocol = 'http1' | 'http2' | 'fetch'

/** A middleware of the adapter, and what it is to be given. */
export type ContractMiddleware =
  | {
      readonly kind: 'authentication'
      readonly authenticator: Authenticator
      /** To be given as they are. */
      readonly options: AuthenticateRequestOptions
      /** Whether a request that is refused goes on to the next middleware, as an `onFailure` may have it. */
      readonly passesFailures: boolean
    }
  | {
      readonly kind: 'impersonation'
      readonly authorizer: Authorizer
      readonly passesFailures: boolean
    }
  | { readonly kind: 'authorization'; readonly authorizer: Authorizer }

/** What the last handler of an app sees. */
export interface ContractRequest {
  /** Where the users of the adapter look for it, as `req.user`. */
  readonly user: UserInfo | undefined
  /** The caller, where it acts as the user: `getAuthentication(req).requester`. */
  readonly requester: UserInfo | undefined
  /** Every header in every place in which the framework shows headers. Those of one name may be there more than once. */
  readonly headers: readonly (readonly [name: string, value: string])[]
}

/** What the last handler answers, with status 200. */
export interface ContractAnswer {
  readonly body: string
  /** Whether the answer is made apart from the framework's own helpers where there is such a way, as `new Response(body)`. */
  readonly isRaw: boolean
}

/** An app to be made. */
export interface ContractSetup {
  readonly protocol: ContractProtocol
  /** In this order, for every path. */
  readonly middlewares: readonly ContractMiddleware[]
  /** The last handler, for every path and method. It may throw: then the framework's own error handling answers. */
  readonly handle: (request: ContractRequest) => Awaitable<ContractAnswer>
}

/** An app that was made: what a server of Node calls, or what is called with a `Request`. */
export type ContractApp =
  | ((req: IncomingMessage, res: ServerResponse) => void)
  | { readonly fetch: (request: Request) => Awaitable<Response> }

/** An adapter, as far as its contract goes. */
export interface ContractAdapter {
  /** How requests come to it. `http2` is also tested over TLS, and so is `http1`. */
  readonly protocols: readonly ContractProtocol[]
  /** The middlewares that it has. Default: all. */
  readonly kinds?: readonly ContractMiddleware['kind'][]
  /**
   * Whether what it is part of answers what it refuses, after others were asked, as Passport does with strategies: then the bodies of
   * refusals are not looked at, and a refused request may keep its credential for others. Default `false`.
   */
  readonly leavesAnswers?: boolean
  /**
   * Makes an app of the framework. It must set nothing up that outlives the app.
   *
   * @throws what the adapter throws when its middlewares are made.
   */
  readonly makeApp: (setup: ContractSetup) => Awaitable<ContractApp>
}

/** One rule of the contract. */
export interface ContractCase {
  /** A sentence about what adapters do. */
  readonly name: string
  /** Rejects when the adapter does otherwise. */
  readonly run: () => Promise<void>
}
