import {
  aBooleanOrAnonymousConfig,
  aClock,
  aLog,
  type AnonymousConfig,
  aDpop,
  anOrigin,
  aPasswordAuthenticator,
  aRequestAuthenticator,
  aRevocationSource,
  aString,
  type Check,
  either,
  isPromiseLike,
  nested,
  neverUnset,
  problemOf,
  type RevocationSource,
  someAudiences,
} from '@kube-authn/core/internal'
import type { Authenticator, Clock, Log, Observer, PasswordAuthenticator } from '@kube-authn/core'
import { aBoolean, aFunction, listOf, type OptionsShape, required } from '@kube-authn/core/adapter'
import type { Dpop } from '@kube-authn/core/dpop'
import { type RequestHeaderNames, requestHeaderNamesShape } from '@kube-authn/core/client-certificate'
import { certificateAuthoritiesAtShape } from '../at/certificate-authorities-at.ts'
import type { CertificateAuthoritiesFile } from '../front-proxy/certificate-pools.ts'
import { type KeystoneOptions, keystoneShape } from '../at/keystone-at.ts'
import { aFile, aPath } from '../options/file-option.ts'
import { type PasswordFileAtOptions, passwordFileAtShape } from '../at/credential-files-at.ts'
import { type TokenOptions, tokenShape } from './token-authenticators.ts'

/** The authenticating proxy of `createAuthenticator`: its headers, and the CA file that verifies its certificate. */
export type FrontProxyOptions = RequestHeaderNames & {
  /** A PEM file with the CAs of proxy certificates (`--requestheader-client-ca-file`), or options with its path. */
  readonly caFile: string | CertificateAuthoritiesFile
  /** The common names of allowed proxies (`--requestheader-allowed-names`). */
  readonly allowedNames?: readonly string[]
  /** Accept every certificate of that CA as a proxy's. Default `false`. */
  readonly allowAnyProxyName?: boolean
}

/** Options of {@link createAuthenticator}. */
export interface CreateAuthenticatorOptions extends TokenOptions {
  /** A PEM bundle of the CAs of client certificates (`--client-ca-file`), or options with its path. */
  readonly clientCAFile?: string | CertificateAuthoritiesFile
  /**
   * The authenticating proxy (`--requestheader-*`), or the path of a manifest of the ConfigMap `extension-apiserver-authentication` that describes
   * it, or an authenticator such as from `requestHeaderFromCluster`.
   */
  readonly requestHeader?: FrontProxyOptions | { readonly configMapFile: string } | Authenticator
  /** A CSV file of passwords (`--basic-auth-file`), or options with its path. */
  readonly passwordFile?: string | ({ readonly path: string } & PasswordFileAtOptions)
  /**
   * An OpenStack Keystone (`--experimental-keystone-url`): its URL, or options with it. It checks passwords after the password file, and tokens
   * before `tokens`.
   */
  readonly keystone?: string | KeystoneOptions
  /**
   * Tokens that are bound to a key of their client (DPoP), for all token authenticators: `dpop({ baseUrls })` of `@kube-authn/core/dpop`. Default: such
   * tokens are refused.
   */
  readonly dpop?: Dpop
  /** Further password authenticators, tried after all others. */
  readonly passwords?: readonly PasswordAuthenticator[]
  /** Authenticators of other credentials of a request, such as an API key, in order: tried after client certificates and before bearer tokens. */
  readonly requests?: readonly Authenticator[]
  /**
   * What is revoked: a function that decides about a credential, or revocations such as of `revocationList()`. A revoked credential is refused, and
   * connections end with it, also for TokenReviews by `tokens`. Default: nothing is.
   */
  readonly revocations?: RevocationSource
  /** Authenticate requests without credentials as `system:anonymous` (`--anonymous-auth`). Default `false`. */
  readonly anonymous?: boolean | AnonymousConfig
  /**
   * The accepted audiences: a credential must be valid for at least one (`--api-audiences`). Default: the issuers of service accounts, or no
   * restriction.
   */
  readonly audiences?: readonly string[]
  /**
   * The origins of other sites, such as `https://console.example.com`, whose pages may make requests with what browsers send by themselves, as the option of `authenticatorChain`.
   * Default: none.
   */
  readonly trustedOrigins?: readonly string[]
  /** Receives notices about files, and their reloads. */
  readonly observer?: Observer
  /**
   * Where notices, failed reloads and unreachable issuers are logged, and refused requests by the middlewares that use this authenticator: a
   * logger such as `console`, pino or winston, a function, or `false`. Default: warnings of the process, and for requests as documented there.
   */
  readonly log?: Log
  readonly clock?: Clock
}

export const frontProxyShape: OptionsShape<FrontProxyOptions> = {
  ...requestHeaderNamesShape,
  caFile: required(aFile(certificateAuthoritiesAtShape)),
  allowedNames: listOf(aString),
  allowAnyProxyName: aBoolean,
}

const aProxy: Check = (value, path) => {
  if (typeof value !== 'object' || value === null || isPromiseLike(value)) {
    return problemOf(
      value,
      path,
      'must be the headers and the caFile of the proxy, { configMapFile }, or a request authenticator',
    )
  }
  if ('authenticate' in value && typeof value.authenticate === 'function') return []
  return nested('configMapFile' in value ? { configMapFile: required(aPath) } : frontProxyShape)(value, path)
}

export const createAuthenticatorShape: OptionsShape<CreateAuthenticatorOptions> = {
  ...tokenShape,
  clientCAFile: aFile(certificateAuthoritiesAtShape),
  requestHeader: aProxy,
  passwordFile: aFile(passwordFileAtShape),
  keystone: either((value) => typeof value === 'string', aString, nested(keystoneShape)),
  dpop: aDpop,
  passwords: listOf(aPasswordAuthenticator),
  requests: listOf(aRequestAuthenticator),
  revocations: neverUnset(aRevocationSource),
  anonymous: aBooleanOrAnonymousConfig,
  audiences: someAudiences,
  trustedOrigins: listOf(anOrigin),
  observer: aFunction,
  log: aLog,
  clock: aClock,
}
