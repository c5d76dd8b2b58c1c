import type { Clock, Observer } from '@kube-authn/core'
import {
  aClock,
  anAuthorizer,
  aString,
  type Check,
  isPromiseLike,
  nested,
  nonEmptyListOf,
  without,
} from '@kube-authn/core/internal'
import type { Authorizer } from '@kube-authn/core/authorization'
import { aFunction, listOf, type OptionsShape, required } from '@kube-authn/core/adapter'
import {
  type AuthorizationConfigurationAtOptions,
  authorizationConfigurationAtShape,
} from '../at/authorization-configuration-at.ts'
import { aFile, aPath } from '../options/file-option.ts'
import { type RbacAtOptions, rbacAtShape } from '../at/rbac-at.ts'
import {
  type WebhookAuthorizerAtOptions,
  webhookAuthorizerAtShape,
} from '../webhook/webhook-authorizer-at.ts'

/** Files and folders with manifests of roles and bindings, or options with them. */
export type RbacManifests =
  | string
  | readonly string[]
  | ({ readonly paths: string | readonly string[] } & RbacAtOptions)

/** Options of {@link createAuthorizer}. */
export interface CreateAuthorizerOptions {
  /** The roles and bindings: files and folders, options with them (`paths`), or an authorizer such as from `rbac`. */
  readonly rbac?: RbacManifests | Authorizer
  /**
   * The kubeconfig of a SubjectAccessReview webhook (`--authorization-webhook-config-file`), or options with its path. Consulted after `rbac`.
   */
  readonly webhook?: string | ({ readonly path: string } & WebhookAuthorizerAtOptions)
  /**
   * A file with an `AuthorizationConfiguration` (`--authorization-config`), or options with its path: the authorizers and their order. Its type RBAC
   * is `rbac`. Excludes `webhook`, which belongs in the file.
   */
  readonly authorizationConfig?:
    | string
    | ({ readonly path: string } & Omit<AuthorizationConfigurationAtOptions, 'rbac'>)
  /** Non-resource paths that every user may request (`--authorization-always-allow-paths`). Default: none. */
  readonly alwaysAllowPaths?: readonly string[]
  /** Further authorizers, consulted after all others. */
  readonly authorizers?: readonly Authorizer[]
  /** Receives notices about files, and their reloads. */
  readonly observer?: Observer
  readonly clock?: Clock
}

const manifests: Check = (value, path) => {
  if (Array.isArray(value)) return nonEmptyListOf(aPath)(value, path)
  if (typeof value !== 'object' || value === null) return aPath(value, path)
  if (isAuthorizer(value)) return []
  if (isPromiseLike(value)) return anAuthorizer(value, path)
  return nested({ ...rbacAtShape, paths: required(somePaths) })(value, path)
}

const somePaths: Check = (value, path) =>
  Array.isArray(value) ? nonEmptyListOf(aPath)(value, path) : aPath(value, path)

/** Whether the option `rbac` is already an authorizer. */
export function isAuthorizer(value: object): value is Authorizer {
  return 'authorize' in value && typeof value.authorize === 'function'
}

/** The checks of {@link CreateAuthorizerOptions}. */
export const createAuthorizerShape: OptionsShape<CreateAuthorizerOptions> = {
  rbac: manifests,
  webhook: aFile(webhookAuthorizerAtShape),
  authorizationConfig: aFile(without(authorizationConfigurationAtShape, 'rbac')),
  alwaysAllowPaths: listOf(aString),
  authorizers: listOf(anAuthorizer),
  observer: aFunction,
  clock: aClock,
}
