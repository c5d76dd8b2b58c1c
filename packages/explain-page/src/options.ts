import {
  aClock,
  anAuthorizer,
  aPathPrefix,
  aString,
  type AuthenticateRequestOptions,
  authenticateRequestShape,
  either,
  isObject,
  must,
  nested,
  optionProblems,
  prefixProblems,
  recordOf,
  withFurtherProblems,
} from '@kube-authn/core/internal'
import {
  aFunction,
  aNonEmptyString,
  listOf,
  type OptionsShape,
  required,
  wholeNumber,
} from '@kube-authn/core/adapter'
import type { AuthenticationRequest, Awaitable, Clock, ConfigurationProblem } from '@kube-authn/core'
import type { Authorizer, RbacAuthorizer, RequestAttributes } from '@kube-authn/core/authorization'

/** A request that visitors can choose, such as those of a demonstration. */
export interface PreparedRequest {
  /** Unique. Usually the name of the user. */
  readonly name: string
  /** The kind of the credential, in a few words: `bearer token`. */
  readonly description: string
  /** Requests of the same group are shown together under this heading. */
  readonly group?: string
  /** The headers with the credential. A function is called each time. They are never shown. */
  readonly requestHeaders?:
    | Readonly<Record<string, string>>
    | (() => Awaitable<Readonly<Record<string, string>>>)
  /** The client certificate and its chain, leaf first, as PEM. */
  readonly cert?: string
  /**
   * The options of a `curl` command that sends the same credential, each with its value. They are shown, so they must refer to secrets, not
   * contain them: `--header @jane.header`. Default: the headers by name only, with `$CREDENTIAL` as the value.
   */
  readonly curl?: readonly string[]
}

/** A user that visitors can choose to be seen as. */
export interface OfferedUser {
  readonly username: string
  /** Default: none. */
  readonly groups?: readonly string[]
}

/** Options of `explainPage`. */
export interface ExplainPageOptions extends Pick<
  AuthenticateRequestOptions,
  'audiences' | 'observer' | 'realm'
> {
  /**
   * Who may see the page: members of this group, or of one of these groups, or users that an authorizer allows to request the path of the page
   * (RBAC: `nonResourceURLs`, with the verbs `get` and `post`). Default: no user.
   */
  readonly allow?: string | readonly string[] | Authorizer
  /**
   * The authorizer of the app. With it the page also explains impersonation and authorization. If it is that of `rbacAt`, the page names the rule.
   * Default: authentication only.
   */
  readonly authorizer?: Authorizer & Partial<Pick<RbacAuthorizer, 'explain'>>
  /**
   * The attributes of a request, as for the `authorization` middleware; `undefined` if every authenticated user may make it. Default: from
   * Kubernetes-style paths; any other path is a non-resource path.
   */
  readonly attributes?: (request: AuthenticationRequest) => RequestAttributes | undefined
  /** What the paths of the Kubernetes API begin with, as `prefix` of the `authorization` middleware. Default: none. */
  readonly prefix?: string
  /** Requests that visitors can choose. Default: none. */
  readonly prepared?: readonly PreparedRequest[]
  /** Users that visitors can choose to be seen as. They can also type a name. Default: none. */
  readonly users?: readonly OfferedUser[]
  /** Paths that visitors can choose. They can also type one. Default: none. */
  readonly paths?: readonly string[]
  /** How many requests are explained in a minute, for all visitors together. Default `60`. */
  readonly maxPerMinute?: number
  readonly clock?: Clock
}

const preparedShape: OptionsShape<PreparedRequest> = {
  name: required(aNonEmptyString),
  description: required(aString),
  group: aNonEmptyString,
  requestHeaders: either((value) => typeof value === 'function', aFunction, recordOf(aString)),
  cert: aNonEmptyString,
  curl: listOf(aNonEmptyString),
}

const userShape: OptionsShape<OfferedUser> = {
  username: required(aNonEmptyString),
  groups: listOf(aNonEmptyString),
}

const aPath = must('must be a path', (value) => typeof value === 'string' && value.startsWith('/'))

const shape: OptionsShape<ExplainPageOptions> = {
  audiences: authenticateRequestShape.audiences,
  observer: authenticateRequestShape.observer,
  realm: authenticateRequestShape.realm,
  allow: either(
    (value) => typeof value === 'string',
    aNonEmptyString,
    either(Array.isArray, listOf(aNonEmptyString), anAuthorizer),
  ),
  authorizer: anAuthorizer,
  attributes: aFunction,
  prefix: aPathPrefix,
  prepared: listOf(nested(preparedShape)),
  users: listOf(nested(userShape)),
  paths: listOf(aPath),
  maxPerMinute: wholeNumber(1),
  clock: aClock,
}

export function explainPageProblems(options: unknown): readonly ConfigurationProblem[] {
  return withFurtherProblems(
    optionProblems(shape, options),
    isObject(options) ? options : undefined,
    prefixProblems,
  )
}
