import type { Clock, Observer } from '@kube-authn/core'
import type { BootstrapSecretGetter } from '@kube-authn/core/bootstrap-token'
import {
  aBoolean,
  aClock,
  aFunction,
  aString,
  type Check,
  either,
  listOf,
  nonEmptyListOf,
  type OptionsShape,
  withMethods,
} from '@kube-authn/core/options'
import type { LegacyTokenObjects, ServiceAccountObjects } from '@kube-authn/core/service-account'
import { authenticationConfigurationAtShape } from '../authentication-configuration-at.ts'
import type { EgressProxies } from '../issuer-fetch.ts'
import { aPath } from '../options/a-path.ts'

/** What a kube-apiserver has that no flag says: what is in its store, for example. */
export interface AuthenticatorFromFlagsOptions {
  /** The objects that tokens of service accounts name. Required with `--service-account-issuer`. */
  readonly serviceAccountObjects?: ServiceAccountObjects & LegacyTokenObjects
  /** Where the secrets with bootstrap tokens are. Required with `--enable-bootstrap-token-auth`. */
  readonly bootstrapTokens?: BootstrapSecretGetter
  /** The proxies that an `AuthenticationConfiguration` names. Default: none. */
  readonly egress?: EgressProxies
  /** Let every certificate of `--requestheader-client-ca-file` be a proxy's, without `--requestheader-allowed-names`. Default `false`. */
  readonly allowAnyProxyName?: boolean
  /** Told of flags that are ignored, of what is noticed in flags and files, and of reloads. */
  readonly observer?: Observer
  readonly clock?: Clock
}

/** The checks of {@link AuthenticatorFromFlagsOptions}. */
export const authenticatorFromFlagsShape: OptionsShape<AuthenticatorFromFlagsOptions> = {
  serviceAccountObjects: withMethods(
    'getters of objects, as serviceAccountObjects(...) makes',
    'getServiceAccount',
    'getSecret',
  ),
  bootstrapTokens: withMethods('a getter of secrets, as bootstrapSecrets(...) makes', 'getSecret'),
  egress: authenticationConfigurationAtShape.egress,
  allowAnyProxyName: aBoolean,
  observer: aFunction,
  clock: aClock,
}

/** What a kube-apiserver has that no flag says. */
export interface AuthorizerFromFlagsOptions {
  /** The manifests of roles and bindings: files and folders. Required with the mode RBAC. */
  readonly rbac?: string | readonly string[]
  /** Told of flags that are ignored, of what is noticed in flags and files, and of reloads. */
  readonly observer?: Observer
  readonly clock?: Clock
}

/** The checks of {@link AuthorizerFromFlagsOptions}. */
export const authorizerFromFlagsShape: OptionsShape<AuthorizerFromFlagsOptions> = {
  rbac: either(Array.isArray, nonEmptyListOf(aPath), aPath),
  observer: aFunction,
  clock: aClock,
}

/** A command line, in the parts that a shell makes of it. */
export const anArgv: Check = listOf(aString)

/** What all parts of a chain are told. */
export function sharedOf({ observer, clock }: AuthorizerFromFlagsOptions): {
  readonly observer?: Observer
  readonly clock?: Clock
} {
  return { ...(observer !== undefined && { observer }), ...(clock !== undefined && { clock }) }
}
