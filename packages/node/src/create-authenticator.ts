import {
  aBooleanOrAnonymousConfig,
  type AnonymousConfig,
  type Authenticator,
  authenticatorChain,
  type Clock,
  ConfigurationError,
  type ConfigurationProblem,
  isPromiseLike,
  type Observer,
  type PasswordAuthenticator,
  validateAnonymousConfig,
} from '@kube-authn/core'
import { clientCertificate } from '@kube-authn/core/client-certificate'
import {
  aBoolean,
  aClock,
  aFunction,
  aPasswordAuthenticator,
  aString,
  type Check,
  optionProblems,
  refuseProblems,
  withFurtherProblems,
  either,
  listOf,
  nested,
  type OptionsShape,
  problemOf,
  required,
  someAudiences,
  without,
} from '@kube-authn/core/options'
import {
  requestHeader,
  type RequestHeaderNames,
  requestHeaderNamesShape,
} from '@kube-authn/core/request-header'
import { certificateAuthoritiesAtShape } from './certificate-authorities-at.ts'
import { type CertificateAuthoritiesFile, openCertificatePools } from './certificate-pools.ts'
import { keystoneChain, type KeystoneOptions, keystoneShape } from './keystone-chain.ts'
import { keepApart } from './keep-apart.ts'
import { type Opener, opener } from './opener.ts'
import { aFile, aPath } from './options/a-path.ts'
import { type PasswordFileAtOptions, passwordFileAt, passwordFileAtShape } from './password-file-at.ts'
import { requestHeaderAt } from './request-header-at.ts'
import { tokenAuthenticators, type TokenOptions, tokenShape } from './token-authenticators.ts'
import { withoutPath, withPath } from './with-path.ts'

/** The authenticating proxy of {@link createAuthenticator}: its headers, and the CA file that its certificate is verified with. */
export type FrontProxyOptions = RequestHeaderNames & {
  /** Who signs the certificates of proxies (`--requestheader-client-ca-file`). */
  readonly clientCA: string
  /** The common names a proxy may have (`--requestheader-allowed-names`). */
  readonly allowedNames?: readonly string[]
  /** Let every certificate of that CA be a proxy's. Default `false`. */
  readonly allowAnyProxyName?: boolean
}

/** What {@link createAuthenticator} makes a chain from. */
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

const shape: OptionsShape<CreateAuthenticatorOptions> = {
  ...tokenShape,
  clientCA: aFile(certificateAuthoritiesAtShape),
  requestHeader: aProxy,
  passwordFile: aFile(passwordFileAtShape),
  keystone: either((value) => typeof value === 'string', aString, nested(keystoneShape)),
  passwords: listOf(aPasswordAuthenticator),
  anonymous: aBooleanOrAnonymousConfig,
  audiences: someAudiences,
  observer: aFunction,
  clock: aClock,
}

/** A chain that watches files. */
export interface NodeAuthenticator extends Authenticator {
  /** Why tokens of some issuers cannot be verified yet, a text for each: empty when all is well. */
  health(): readonly string[]
  /** Stops watching. A process ends without it. */
  close(): void
}

/**
 * Makes the whole chain, in kube-apiserver's order, from what an operator has.
 *
 * Source: kubernetes `pkg/kubeapiserver/authenticator/config.go`.
 *
 * @throws {ConfigurationError} with every problem found, when an option cannot work or a file cannot be used.
 * @example
 * const authenticator = createAuthenticator({ tokenFile: 'tokens.csv', passwordFile: 'passwords.csv' })
 */
export function createAuthenticator(options: CreateAuthenticatorOptions = {}): NodeAuthenticator {
  const found = optionProblems(shape, options)
  if (found.length > 0) refuseProblems(withFurtherProblems(found, options, problemsOfChain))
  if (METHODS.every((method) => options[method] === undefined)) {
    refuseProblems([{ path: 'authenticators', message: NO_METHOD }])
  }
  return chainOf(options)
}

/** The options that bring an authenticator. */
const METHODS = [
  'anonymous',
  'authenticationConfig',
  'bootstrapTokens',
  'clientCA',
  'keystone',
  'oidc',
  'passwordFile',
  'passwords',
  'requestHeader',
  'serviceAccounts',
  'tokenFile',
  'tokenReview',
  'tokens',
] as const satisfies readonly (keyof CreateAuthenticatorOptions)[]

const NO_METHOD =
  "no authentication method configured; name one, as in createAuthenticator({ tokenFile: 'tokens.csv' }), or " +
  'clientCA, oidc, passwordFile, tokenReview, ...'

/** What is wrong with options that have the right types, and with their files. */
function problemsOfChain(options: CreateAuthenticatorOptions): readonly ConfigurationProblem[] {
  try {
    chainOf(options).close()
    return []
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error
    // There may be a method among the options that are left out here.
    return error.problems.filter(({ path }) => path !== 'authenticators')
  }
}

function chainOf(options: CreateAuthenticatorOptions): NodeAuthenticator {
  const { observer, clock, keystone, passwords = [] } = options
  const { audiences = options.serviceAccounts?.issuers } = options
  const shared = { ...(observer !== undefined && { observer }), ...(clock !== undefined && { clock }) }
  const parts = opener()

  const { proxy, certificates } = certificateAuthenticators(options, parts, shared)
  const ofKeystone =
    keystone === undefined
      ? undefined
      : parts.open('keystone', () => keystoneChain(keystone, shared, options.tokenCache))
  const { tokens, configuration, problems, health } = tokenAuthenticators(options, {
    opener: parts,
    audiences,
    shared,
    keystone: ofKeystone?.tokens ?? [],
  })
  const passwordFile = withPath(options.passwordFile, shared)
  const passwordsOfFile =
    passwordFile &&
    parts.openFile('passwordFile', () => passwordFileAt(passwordFile.path, withoutPath(passwordFile)))
  const anonymous = configuration?.anonymous ?? options.anonymous

  try {
    const all = [
      ...parts.problems,
      ...problems,
      ...anonymousProblems(options.anonymous, configuration?.anonymous),
    ]
    if (all.length > 0) throw new ConfigurationError(all)
    const chain = authenticatorChain({
      ...(proxy !== undefined && { requestHeader: proxy }),
      ...(certificates !== undefined && { clientCertificate: certificates }),
      requests: ofKeystone?.requests ?? [],
      tokens,
      passwords: [
        ...(passwordsOfFile === undefined ? [] : [passwordsOfFile]),
        ...(ofKeystone?.passwords ?? []),
        ...passwords,
      ],
      ...(anonymous !== undefined && { anonymous }),
      ...(audiences !== undefined && { audiences }),
    })
    return { ...chain, health, close: () => parts.close() }
  } catch (error) {
    parts.close()
    throw error
  }
}

function certificateAuthenticators(
  options: CreateAuthenticatorOptions,
  parts: Opener,
  shared: { readonly observer?: Observer; readonly clock?: Clock },
): { readonly proxy: Authenticator | undefined; readonly certificates: Authenticator | undefined } {
  const given = options.requestHeader
  const described = given !== undefined && 'configMap' in given ? given : undefined
  const configured = given !== undefined && 'clientCA' in given ? given : undefined
  const ready = given !== undefined && 'authenticate' in given ? given : undefined
  const { clientCA, requestHeaderCA } = openCertificatePools(
    {
      clientCA: withPath(options.clientCA, shared),
      requestHeaderCA: withPath(configured?.clientCA, shared),
    },
    parts,
  )
  const { clock } = shared
  const proxyOf = (): Authenticator | undefined => {
    if (described !== undefined) {
      return parts.openFile('requestHeader', () => requestHeaderAt(described.configMap, shared))
    }
    if (configured === undefined || requestHeaderCA === undefined) return undefined
    return parts.attempt('requestHeader', () =>
      requestHeader({
        ...without(configured, 'clientCA'),
        ca: requestHeaderCA,
        ...(clock !== undefined && { clock }),
      }),
    )
  }
  const proxy = ready ?? proxyOf()
  const apart =
    proxy === undefined || clientCA === undefined || configured !== undefined
      ? undefined
      : parts.open('requestHeader', () => keepApart(proxy, clientCA))
  return {
    proxy: apart?.proxy ?? proxy,
    certificates: clientCA && clientCertificate({ ca: clientCA, ...shared }),
  }
}

/** What is wrong with an option, and with one beside a section of a file. */
function anonymousProblems(
  option: boolean | AnonymousConfig | undefined,
  section: AnonymousConfig | undefined,
): readonly ConfigurationProblem[] {
  const own = typeof option === 'object' ? validateAnonymousConfig(option) : []
  if (option === undefined || section === undefined) return own
  const message = 'cannot be set when the authentication configuration file has an anonymous section'
  return [...own, { path: 'anonymous', message }]
}
