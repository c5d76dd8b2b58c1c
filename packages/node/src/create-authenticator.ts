import {
  type AnonymousConfig,
  type Authenticator,
  authenticatorChain,
  type Clock,
  ConfigurationError,
  type ConfigurationProblem,
  type Observer,
  type PasswordAuthenticator,
  type TokenAuthenticator,
  validateAnonymousConfig,
} from '@kube-authn/core'
import { clientCertificate } from '@kube-authn/core/client-certificate'
import { requestHeader, type RequestHeaderNames } from '@kube-authn/core/request-header'
import { cached, type CachedOptions } from '@kube-authn/core/token-cache'
import { type CertificateAuthoritiesFile, type Open, openCertificatePools } from './certificate-pools.ts'
import { keystoneChain, type KeystoneOptions } from './keystone-chain.ts'
import { type PasswordFileAtOptions, passwordFileAt } from './password-file-at.ts'
import { requestHeaderAt } from './request-header-at.ts'
import { type TokenFileAtOptions, tokenFileAt } from './token-file-at.ts'

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
export interface CreateAuthenticatorOptions {
  /** A bundle of those who sign client certificates, in PEM (`--client-ca-file`), or options with its path. */
  readonly clientCA?: string | CertificateAuthoritiesFile
  /**
   * The authenticating proxy (`--requestheader-*`), or the path of a manifest of the ConfigMap
   * `extension-apiserver-authentication`, which describes it, or an authenticator, as from `requestHeaderFromCluster`.
   */
  readonly requestHeader?: FrontProxyOptions | { readonly configMap: string } | Authenticator
  /** A CSV file of bearer tokens (`--token-auth-file`), or options with its path. */
  readonly tokenFile?: string | ({ readonly path: string } & TokenFileAtOptions)
  /** A CSV file of passwords (`--basic-auth-file`), or options with its path. */
  readonly passwordFile?: string | ({ readonly path: string } & PasswordFileAtOptions)
  /**
   * An OpenStack Keystone (`--experimental-keystone-url`): its URL, or options with it. Its passwords are asked for after the
   * password file, its tokens after all others, behind a cache.
   */
  readonly keystone?: string | KeystoneOptions
  /** More token authenticators, asked after the token file and behind a cache. */
  readonly tokens?: readonly TokenAuthenticator[]
  /** More password authenticators, asked after the password file. */
  readonly passwords?: readonly PasswordAuthenticator[]
  /** The cache in front of `tokens`, those of `keystone` too. Default as kube-apiserver: 10 s for users, 0 for failures. `false`: none. */
  readonly tokenCache?: CachedOptions | false
  /** Let requests without any credential pass as `system:anonymous` (`--anonymous-auth`). Default `false`. */
  readonly anonymous?: boolean | AnonymousConfig
  /** What credentials must be valid for (`--api-audiences`). Default: no restriction. */
  readonly audiences?: readonly string[]
  /** Told of what is noticed in files, and of their reloads. */
  readonly observer?: Observer
  readonly clock?: Clock
}

/** A chain that watches files. */
export interface NodeAuthenticator extends Authenticator {
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
export function createAuthenticator(options: CreateAuthenticatorOptions): NodeAuthenticator {
  const { observer, clock, anonymous, audiences, tokens = [], passwords = [] } = options
  const shared = { ...(observer !== undefined && { observer }), ...(clock !== undefined && { clock }) }
  const clocked = clock === undefined ? {} : { clock }
  const problems: ConfigurationProblem[] = []
  const opened: { close(): void }[] = []

  const attempt = <T>(path: string, make: () => T): T | undefined => {
    try {
      return make()
    } catch (error) {
      problems.push({ path, message: error instanceof Error ? error.message : String(error) })
      return undefined
    }
  }
  const open: Open = (path, make) => {
    const file = attempt(path, make)
    if (file !== undefined) opened.push(file)
    return file
  }
  const close = (): void => {
    for (const each of opened) each.close()
  }

  const proxy = options.requestHeader
  const described = proxy !== undefined && 'configMap' in proxy ? proxy : undefined
  const configured = proxy !== undefined && 'clientCA' in proxy ? proxy : undefined
  const ready = proxy !== undefined && 'authenticate' in proxy ? proxy : undefined
  const tokenFile = withPath(options.tokenFile, shared)
  const passwordFile = withPath(options.passwordFile, shared)
  const { tokenCache = {} } = options

  const { clientCA, requestHeaderCA } = openCertificatePools(
    {
      clientCA: withPath(options.clientCA, shared),
      requestHeaderCA: withPath(configured?.clientCA, shared),
    },
    open,
  )
  const proxyOf = (): Authenticator | undefined => {
    if (described !== undefined) {
      return open('requestHeader', () => requestHeaderAt(described.configMap, shared))
    }
    if (configured === undefined || requestHeaderCA === undefined) return undefined
    return attempt('requestHeader', () => requestHeader({ ...configured, ca: requestHeaderCA, ...clocked }))
  }
  const remembered = (each: TokenAuthenticator): TokenAuthenticator =>
    tokenCache === false ? each : cached(each, { ...shared, ...tokenCache })
  const { keystone } = options
  const parts = {
    requestHeader: ready ?? proxyOf(),
    clientCertificate: clientCA && clientCertificate({ ca: clientCA, ...shared }),
    tokenFile: tokenFile && open('tokenFile', () => tokenFileAt(tokenFile.path, tokenFile)),
    passwordFile: passwordFile && open('passwordFile', () => passwordFileAt(passwordFile.path, passwordFile)),
    keystone:
      keystone === undefined
        ? undefined
        : open('keystone', () => keystoneChain(keystone, shared, remembered)),
  }

  try {
    if (problems.length > 0) {
      throw new ConfigurationError([
        ...problems,
        ...(typeof anonymous === 'object' ? validateAnonymousConfig(anonymous) : []),
      ])
    }
    const chain = authenticatorChain({
      ...(parts.requestHeader !== undefined && { requestHeader: parts.requestHeader }),
      ...(parts.clientCertificate !== undefined && { clientCertificate: parts.clientCertificate }),
      ...(parts.keystone !== undefined && { requests: parts.keystone.requests }),
      tokens: [
        // It is in memory and may be reloaded at any time; a cache in front of it would only delay that.
        // Deviation: kube-apiserver has one cache in front of all (`docs/deviations.md`, token file in the cache).
        ...(parts.tokenFile === undefined ? [] : [parts.tokenFile]),
        ...tokens.map(remembered),
        ...(parts.keystone?.tokens ?? []),
      ],
      passwords: [
        ...(parts.passwordFile === undefined ? [] : [parts.passwordFile]),
        ...(parts.keystone?.passwords ?? []),
        ...passwords,
      ],
      ...(anonymous !== undefined && { anonymous }),
      ...(audiences !== undefined && { audiences }),
    })
    return { ...chain, close }
  } catch (error) {
    close()
    throw error
  }
}

/** A file as it was given, a path alone or one with options, with what all files have in common. */
function withPath<T extends { readonly path: string }, S>(
  file: string | T | undefined,
  shared: S,
): (S & (T | { readonly path: string })) | undefined {
  if (file === undefined) return undefined
  return { ...shared, ...(typeof file === 'string' ? { path: file } : file) }
}
