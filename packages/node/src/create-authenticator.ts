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
import { withPath } from './file-source/with-path.ts'
import { type PasswordFileAtOptions, passwordFileAt } from './password-file-at.ts'
import { requestHeaderAt } from './request-header-at.ts'
import { type TokenFileAtOptions, tokenFileAt } from './token-file-at.ts'
import {
  type WebhookAuthenticatorAtOptions,
  webhookAuthenticatorAt,
} from './webhook/webhook-authenticator-at.ts'

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
  /** More token authenticators, asked after the token file and behind a cache. */
  readonly tokens?: readonly TokenAuthenticator[]
  /**
   * The kubeconfig of a service that is asked by TokenReview (`--authentication-token-webhook-config-file`), or options with its
   * path: `version` and `cacheTtlSeconds` are `--authentication-token-webhook-version` and `-cache-ttl`. It is asked last, behind a
   * cache of its own.
   */
  readonly tokenReview?: string | ({ readonly path: string } & WebhookAuthenticatorAtOptions)
  /** More password authenticators, asked after the password file. */
  readonly passwords?: readonly PasswordAuthenticator[]
  /** The cache in front of `tokens`. Default as kube-apiserver: 10 s for users, 0 for failures. `false`: none. */
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
  const tokenReview = withPath(options.tokenReview, {
    ...shared,
    ...(audiences !== undefined && audiences.length > 0 && { implicitAudiences: audiences }),
  })
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
  const parts = {
    requestHeader: ready ?? proxyOf(),
    clientCertificate: clientCA && clientCertificate({ ca: clientCA, ...shared }),
    tokenFile: tokenFile && open('tokenFile', () => tokenFileAt(tokenFile.path, tokenFile)),
    passwordFile: passwordFile && open('passwordFile', () => passwordFileAt(passwordFile.path, passwordFile)),
    tokenReview:
      tokenReview && open('tokenReview', () => webhookAuthenticatorAt(tokenReview.path, tokenReview)),
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
      tokens: [
        // It is in memory and may be reloaded at any time; a cache in front of it would only delay that.
        // Deviation: kube-apiserver has one cache in front of all (`docs/deviations.md`, token file in the cache).
        ...(parts.tokenFile === undefined ? [] : [parts.tokenFile]),
        ...(tokenCache === false ? tokens : tokens.map((each) => cached(each, { ...shared, ...tokenCache }))),
        ...(parts.tokenReview === undefined ? [] : [parts.tokenReview]),
      ],
      passwords: [...(parts.passwordFile === undefined ? [] : [parts.passwordFile]), ...passwords],
      ...(anonymous !== undefined && { anonymous }),
      ...(audiences !== undefined && { audiences }),
    })
    return { ...chain, close }
  } catch (error) {
    close()
    throw error
  }
}
