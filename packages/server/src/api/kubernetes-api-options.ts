import type { Clock, Observer } from '@kube-authn/core'
import type { Authorizer } from '@kube-authn/core/authorization'
import { aFunction, type OptionsShape, required } from '@kube-authn/core/adapter'
import { aClock, anAuthorizer, withMethods } from '@kube-authn/core/internal'
import type { ObjectStore } from '../store/object-store.ts'

/** Options of `kubernetesApi`. */
export interface KubernetesApiOptions {
  /** Where the objects are. */
  readonly store: ObjectStore
  /**
   * Decides what a request alone does not tell: whether a caller may grant the rights of a role, or approve a certificate. With it, each request needs its
   * caller. Default: everything is allowed that the app lets in.
   */
  readonly authorizer?: Authorizer
  /** Receives the annotations of audit events: the `observer` of `authentication`. Default: none. */
  readonly observer?: Observer
  /** The time of creations, and for ages and ends of watches. Default: the runtime's clock. */
  readonly clock?: Clock
}

/** The checks of {@link KubernetesApiOptions}, for options that extend them. */
export const kubernetesApiShape: OptionsShape<KubernetesApiOptions> = {
  store: required(withMethods('a store of objects', 'get', 'list', 'create', 'update', 'delete', 'watch')),
  authorizer: anAuthorizer,
  observer: aFunction,
  clock: aClock,
}
