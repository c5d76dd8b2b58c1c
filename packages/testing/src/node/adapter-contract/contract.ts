import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Authenticator, Awaitable, Observer, UserInfo } from '@kube-authn/core'
import type { AuthenticateRequestOptions, RequiredValues } from '@kube-authn/core/internal'
import type { Authorizer } from '@kube-authn/core/authorization'

/** How a request reaches an app: over a connection of Node, or as a `Request`. More may be added in a minor version; handle the rest. */
export type ContractProtocol = 'http1' | 'http2' | 'fetch'

/** A middleware of the adapter and its arguments. More may be added in a minor version; handle the rest. */
export type ContractMiddleware =
  | {
      readonly kind: 'authentication'
      readonly authenticator: Authenticator
      /** To be passed on unchanged. */
      readonly options: AuthenticateRequestOptions
      /** Whether a refused request continues with the next middleware, as an `onFailure` may do. */
      readonly passesFailures: boolean
    }
  | { readonly kind: 'impersonation'; readonly authorizer: Authorizer; readonly passesFailures: boolean }
  | { readonly kind: 'authorization'; readonly authorizer: Authorizer }
  | { readonly kind: 'requireUser'; readonly options: ContractGuardOptions }
  | {
      readonly kind: 'requireGroups'
      readonly groups: RequiredValues
      readonly options: ContractGuardOptions
    }
  | {
      readonly kind: 'requireScopes'
      readonly scopes: RequiredValues
      readonly options: ContractGuardOptions
    }

/** The options of a guard, to be passed on unchanged. */
export interface ContractGuardOptions {
  readonly observer?: Observer
}

/** The request as the last handler of an app sees it. */
export interface ContractRequest {
  /** The user in the place where the adapter sets it, for example `req.user`. */
  readonly user: UserInfo | undefined
  /** The caller, if it impersonates the user: `getAuthentication(req).requester`. */
  readonly requester: UserInfo | undefined
  /** Every header in every place where the framework exposes headers. A name may occur more than once. */
  readonly headers: readonly (readonly [name: string, value: string])[]
}

/** The response of the last handler, with status 200. */
export interface ContractAnswer {
  readonly body: string
  /** Whether to create the response without the framework's helpers if possible, for example by `new Response(body)`. */
  readonly isRaw: boolean
}

/** The app to create. */
export interface ContractSetup {
  readonly protocol: ContractProtocol
  /** In this order, for every path. */
  readonly middlewares: readonly ContractMiddleware[]
  /** The last handler, for every path and method. If it throws, the framework's error handling responds. */
  readonly handle: (request: ContractRequest) => Awaitable<ContractAnswer>
}

/** An app: a listener of a Node server, or a function of a `Request`. */
export type ContractApp =
  | ((req: IncomingMessage, res: ServerResponse) => void)
  | { readonly fetch: (request: Request) => Awaitable<Response> }

/** The adapter under test. */
export interface ContractAdapter {
  /** How requests reach it. `http1` and `http2` are also tested over TLS. */
  readonly protocols: readonly ContractProtocol[]
  /** The supported middlewares. Default: all. */
  readonly kinds?: readonly ContractMiddleware['kind'][]
  /**
   * Whether the framework responds to refusals after trying others, as Passport does with strategies: then the bodies of refusals are not checked,
   * and a refused request may keep its credential for others. Default `false`.
   */
  readonly leavesAnswers?: boolean
  /**
   * Creates an app of the framework, without anything that outlives the app.
   *
   * @throws what the adapter throws when its middlewares are created.
   */
  readonly makeApp: (setup: ContractSetup) => Awaitable<ContractApp>
}

/** One rule of the contract. */
export interface ContractCase {
  /** A sentence about the behaviour of adapters. */
  readonly name: string
  /** Rejects if the adapter violates the rule. */
  readonly run: () => Promise<void>
}
