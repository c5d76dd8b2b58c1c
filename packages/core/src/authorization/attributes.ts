import type { UserInfo } from '../authenticator/user.ts'
import type { Selector } from './selectors/selector.ts'

/**
 * The input of an authorizer: the user, the verb and the resource or path.
 *
 * A request is either about a resource (`resourceRequest`) or about a non-resource path. Fields that do not apply are `''`.
 *
 * Source: apiserver `pkg/authorization/authorizer/interfaces.go`.
 */
export interface Attributes {
  readonly user: UserInfo
  /** `get`, `list`, `create`, ... for a resource; the method in lower case for a path. In RBAC only `*` allows `''`. */
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
  /** The field selector of a `list`, `watch` or `deletecollection`. */
  readonly fieldSelector?: Selector
  /** The label selector of a `list`, `watch` or `deletecollection`. */
  readonly labelSelector?: Selector
}

/** {@link Attributes} without the user, and without fields that do not apply. An app describes its own routes with them. */
export interface RequestAttributes
  extends Pick<Attributes, 'verb'>, Partial<Omit<Attributes, 'user' | 'verb' | 'resourceRequest'>> {
  /** If absent, the request is about the path. */
  readonly resource?: string
}

/**
 * Adds the user and the missing fields.
 *
 * @example
 * attributesOf(user, { verb: 'update', resource: 'invoices', apiGroup: 'billing.example.com', name: '17' })
 */
export function attributesOf(user: UserInfo, request: RequestAttributes): Attributes {
  const { fieldSelector, labelSelector } = request
  return {
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
    ...(fieldSelector !== undefined && { fieldSelector }),
    ...(labelSelector !== undefined && { labelSelector }),
  }
}
