import type { Authenticator, Clock, Log, Observer } from '@kube-authn/core'
import {
  defined,
  aBooleanOrAnonymousConfig,
  aClock,
  aLog,
  anAuthorizer,
  type AnonymousConfig,
  aRequestAuthenticator,
  aRevocationSource,
  aString,
  type Check,
  either,
  isObject,
  neverUnset,
  nonEmptyListOf,
  type RevocationSource,
} from '@kube-authn/core/internal'
import type { Authorizer } from '@kube-authn/core/authorization'
import { aBoolean, aFunction, listOf, type OptionsShape } from '@kube-authn/core/adapter'
import type { BootstrapSecretGetter } from '@kube-authn/core/bootstrap-token'
import type { LegacyTokenObjects, ServiceAccountObjects } from '@kube-authn/core/service-account'
import {
  authenticationConfigurationAtShape,
  type EgressProxies,
} from '../at/authentication-configuration-at.ts'
import type { ParsedFlags } from './flag-value.ts'
import { aPath } from '../options/file-option.ts'
import { someAccountObjects, tokenShape } from '../configure/token-authenticators.ts'

/** Options that have no kube-apiserver flag, for example the content of its store. */
export interface AuthenticatorFromFlagsOptions {
  /** The objects that service account tokens refer to. Required with `--service-account-issuer`. */
  readonly serviceAccountObjects?: ServiceAccountObjects & LegacyTokenObjects
  /** Gets the secrets with bootstrap tokens. Required with `--enable-bootstrap-token-auth`. */
  readonly bootstrapTokens?: BootstrapSecretGetter
  /** The proxies that an `AuthenticationConfiguration` refers to. Default: none. */
  readonly egress?: EgressProxies
  /** Accept every certificate of `--requestheader-client-ca-file` as a proxy's, without `--requestheader-allowed-names`. Default `false`. */
  readonly allowAnyProxyName?: boolean
  /** Authenticators of other credentials of a request, in order: tried after client certificates and before bearer tokens. Default: none. */
  readonly requests?: readonly Authenticator[]
  /** What is revoked. As the option of `createAuthenticator`. */
  readonly revocations?: RevocationSource
  /**
   * What applies to requests without credentials if neither `--anonymous-auth` nor a section of `--authentication-config` says it.
   * Default: as in kube-apiserver.
   */
  readonly anonymous?: boolean | AnonymousConfig
  /** Receives notices about flags and files, including ignored flags, and reloads. */
  readonly observer?: Observer
  /** As the option of `createAuthenticator`. */
  readonly log?: Log
  readonly clock?: Clock
}

export const authenticatorFromFlagsShape: OptionsShape<AuthenticatorFromFlagsOptions> = {
  serviceAccountObjects: someAccountObjects,
  bootstrapTokens: tokenShape.bootstrapTokens,
  egress: authenticationConfigurationAtShape.egress,
  allowAnyProxyName: aBoolean,
  requests: listOf(aRequestAuthenticator),
  revocations: neverUnset(aRevocationSource),
  anonymous: aBooleanOrAnonymousConfig,
  observer: aFunction,
  log: aLog,
  clock: aClock,
}

/** Options that have no kube-apiserver flag. */
export interface AuthorizerFromFlagsOptions {
  /** The roles and bindings: manifests in files and folders, or an authorizer such as from `rbac`. Required with the mode RBAC. */
  readonly rbac?: string | readonly string[] | Authorizer
  /** Receives notices about flags and files, including ignored flags, and reloads. */
  readonly observer?: Observer
  readonly clock?: Clock
}

export const authorizerFromFlagsShape: OptionsShape<AuthorizerFromFlagsOptions> = {
  rbac: either(Array.isArray, nonEmptyListOf(aPath), either(isObject, anAuthorizer, aPath)),
  observer: aFunction,
  clock: aClock,
}

export const anArgv: Check = listOf(aString)

/** A time to wait or to keep something. A negative one is none, as in kube-apiserver. */
export function nonNegativeSeconds(flags: ParsedFlags, name: string): number {
  return Math.max(0, flags.seconds(name))
}

export function sharedOf({ observer, clock }: AuthorizerFromFlagsOptions): {
  readonly observer?: Observer
  readonly clock?: Clock
} {
  return defined({ observer, clock })
}
