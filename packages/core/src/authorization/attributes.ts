import type { UserInfo } from '../authenticator/user.ts'
import type { Selector } from './selectors/selector.ts'

/**
 * What an authorizer decides about: who wants to do what to what.
 *
 * A request is either about a resource (`resourceRequest`), or about a path that is none. What does not apply is `''`.
 *
 * Source: apiserver `pkg/authorization/authorizer/interfaces.go`.
 */
export interface Attributes {
  readonly user: UserInfo
  /** `get`, `list`, `create`, ... for a resource; the method in lower case for a path. `''` is allowed by `*` only. */
  readonly verb: string
  readonly resourceRequest: boolean
  /** `''` is the core group. */
  readonly apiGroup: string
  readonly apiVersion: string
  /** `''` is the whole cluster. */
  readonly namespace: string
  /** The plural, as in `pods`. */
  readonly resource: string
  readonly subresource: string
  readonly name: string
  readonly path: string
  /** What the objects are narrowed down to by field; for `list`, `watch` and `deletecollection`. */
  readonly fieldSelector?: Selector
  /** What the objects are narrowed down to by label; for `list`, `watch` and `deletecollection`. */
  readonly labelSelector?: Selector
}

/** {@link Attributes} without the user, and without what does not apply: what an app says of a route of its own. */
export interface RequestAttributes {
  readonly verb: string
  /** With a resource it is about that; without one it is about the path. */
  readonly resource?: string
  readonly subresource?: string
  readonly name?: string
  readonly namespace?: string
  readonly apiGroup?: string
  readonly apiVersion?: string
  readonly path?: string
  readonly fieldSelector?: Selector
  readonly labelSelector?: Selector
}

/**
 * Completes what is said of a request to what an authorizer wants to know.
 *
 * @example
 * attributesOf(user, { verb: 'update', resource: 'invoices', apiGroup: 'billing.example.com', name: '17' })
 */
export function attributesOf(user: UserInfo, request: RequestAttributes): Attributes {
  const { fieldSelector, labelSelector } = request
  const attributes = {
    user,
    verb: request.verb,
    resourceRequest: request.resource !== undefined,
    apiGroup: request.apiGroup ?? '',
    apiVersion: request.apiVersion ?? '',
    namespace: request.namespace ?? '',
    resource: request.resource ?? '',
    subresource: request.subresource ?? '',
    name: request.name ?? '',
    path: request.path ?? '',
  }
  // Few questions have any, and each group of an impersonation is a question.
  if (fieldSelector === undefined && labelSelector === undefined) return attributes
  return {
    ...attributes,
    ...(fieldSelector !== undefined && { fieldSelector }),
    ...(labelSelector !== undefined && { labelSelector }),
  }
}
