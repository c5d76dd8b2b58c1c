import {
  aBooleanOrAnonymousConfig,
  type AnonymousConfig,
  type Authenticator,
  type Clock,
  isPromiseLike,
  type Observer,
  type PasswordAuthenticator,
} from '@kube-authn/core'
import {
  aBoolean,
  aClock,
  aFunction,
  aPasswordAuthenticator,
  aRequestAuthenticator,
  aString,
  type Check,
  either,
  listOf,
  nested,
  type OptionsShape,
  problemOf,
  required,
  someAudiences,
} from '@kube-authn/core/options'
import { type RequestHeaderNames, requestHeaderNamesShape } from '@kube-authn/core/request-header'
import { certificateAuthoritiesAtShape } from './certificate-authorities-at.ts'
import type { CertificateAuthoritiesFile } from './certificate-pools.ts'
import { type KeystoneOptions, keystoneShape } from './keystone-chain.ts'
import { aFile, aPath } from './options/a-path.ts'
import { type PasswordFileAtOptions, passwordFileAtShape } from './password-file-at.ts'
import { type TokenOptions, tokenShape } from './token-options.ts'

/** The authenticating proxy of `createAuthenticator`: its headers, and the CA file that its certificate is verified with. */
export type FrontProxyOptions = RequestHeaderNames & {
  /** Who signs the certificates of proxies (`--requestheader-client-ca-file`). */
  readonly clientCA: string
  /** The common names a proxy may have (`--requestheader-allowed-names`). */
  readonly allowedNames?: readonly string[]
  /** Let every certificate of that CA be a proxy's. Default `false`. */
  readonly allowAnyProxyName?: boolean
}

/** What `createAuthenticator` makes a chain from. */
export interface CreateAuthenticatorOptions extends TokenOptions {
  /** A bundle of those who sign client certificates, in PEM (`--client-ca-file`), or options with its path. */
  readonly clientCA?: string | CertificateAuthoritiesFile
  /**
   * The authenticating proxy (`--requestheader-*`), or the path of a manifest of the ConfigMap
   * `extension-apiserver-authentication`, which describes it, or an authenticator, as from `requestHeaderFromCluster`.
   */
  readonly requestHeader?: FrontProxyOptions | { readonly configMap: string } | Authenticator
  /** A CSV file of passwords (`--basic-auth-file`), or options with its path. */
  readonly passwordFile?: string | ({ readonly path: string } & PasswordFileAtOptions)
  /**
   * An OpenStack Keystone (`--experimental-keystone-url`): its URL, or options with it. Its passwords are asked for after the
   * password file, its tokens before `tokens`.
   */
  readonly keystone?: string | KeystoneOptions
  /** More password authenticators, asked after all others. */
  readonly passwords?: readonly PasswordAuthenticator[]
  /** Authenticators of other credentials in a request, such as an API key, in order: asked after client certificates and before bearer tokens. */
  readonly requests?: readonly Authenticator[]
  /** Let requests without any credential pass as `system:anonymous` (`--anonymous-auth`). Default `false`. */
  readonly anonymous?: boolean | AnonymousConfig
  /** What credentials must be valid for (`--api-audiences`). Default: the issuers of service accounts, or no restriction. */
  readonly audiences?: readonly string[]
  /** Told of what is noticed in files, and of their reloads. */
  readonly observer?: Observer
  readonly clock?: Clock
}

const frontProxyShape: OptionsShape<FrontProxyOptions> = {
  ...requestHeaderNamesShape,
  clientCA: required(aPath),
  allowedNames: listOf(aString),
  allowAnyProxyName: aBoolean,
}

const aProxy: Check = (value, path) => {
  if (typeof value !== 'object' || value === null || isPromiseLike(value)) {
    return problemOf(
      value,
      path,
      'must be the headers and the CA of the proxy, { configMap }, or an authenticator of requests',
    )
  }
  if ('authenticate' in value && typeof value.authenticate === 'function') return []
  return nested('configMap' in value ? { configMap: required(aPath) } : frontProxyShape)(value, path)
}

/** The checks of {@link CreateAuthenticatorOptions}. */
export const createAuthenticatorShape: OptionsShape<CreateAuthenticatorOptions> = {
  ...tokenShape,
  clientCA: aFile(certificateAuthoritiesAtShape),
  requestHeader: aProxy,
  passwordFile: aFile(passwordFileAtShape),
  keystone: either((value) => typeof value === 'string', aString, nested(keystoneShape)),
  passwords: listOf(aPasswordAuthenticator),
  requests: listOf(aRequestAuthenticator),
  anonymous: aBooleanOrAnonymousConfig,
  audiences: someAudiences,
  observer: aFunction,
  clock: aClock,
}
