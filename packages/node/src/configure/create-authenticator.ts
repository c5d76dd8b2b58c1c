import {
  defined,
  type AnonymousConfig,
  type FileNotice,
  loggingObserver,
  optionProblems,
  refuseProblems,
  validateAnonymousConfig,
  withFurtherProblems,
  without,
} from '@kube-authn/core/internal'
import { notify } from '@kube-authn/core/adapter'
import {
  authenticatedGroup,
  type Authenticator,
  authenticatorChain,
  type Clock,
  type ConfigurationProblem,
  type Observer,
  type TokenAuthenticator,
} from '@kube-authn/core'
import { clientCertificate, requestHeader } from '@kube-authn/core/client-certificate'
import { openCertificatePools, keepApart } from '../front-proxy/certificate-pools.ts'
import { type CreateAuthenticatorOptions, createAuthenticatorShape } from './create-authenticator-options.ts'
import { type Opener, opener, problemsOfMaking, refuseRevoked } from './opener.ts'
import { keystoneChain } from '../at/keystone-at.ts'
import { passwordFileAt } from '../at/credential-files-at.ts'
import { requestHeaderAt } from '../front-proxy/described-proxy.ts'
import { tokenAuthenticators } from './token-authenticators.ts'
import { closeable, type Closeable, orElse } from '../options/closeable.ts'

/** An authenticator chain that watches files. */
export interface NodeAuthenticator extends Authenticator, Closeable {
  /** Its token authenticators, whose users have `system:authenticated`, for TokenReviews: `reviews(..., { tokens: authenticator.tokens })`. */
  readonly tokens: readonly TokenAuthenticator[]
  /** Why tokens of some issuers cannot be verified yet, one message per issuer; empty if healthy. */
  health(): readonly string[]
}

/**
 * Creates the whole chain, in kube-apiserver's order, from files and options.
 *
 * Source: kubernetes `pkg/kubeapiserver/authenticator/config.go`.
 *
 * @throws {ConfigurationError} with every problem found, if an option is invalid or a file cannot be used.
 * @example
 * const authenticator = createAuthenticator({ tokenFile: 'tokens.csv', passwordFile: 'passwords.csv' })
 */
export function createAuthenticator(options: CreateAuthenticatorOptions = {}): NodeAuthenticator {
  return authenticatorOf(options)
}

/** Defaults that apply unless an option or a file overrides them. */
export interface AuthenticatorDefaults {
  /** Authenticate requests without credentials as anonymous. Default `false`. */
  readonly anonymous?: boolean | AnonymousConfig
}

/**
 * {@link createAuthenticator} with other defaults. Unlike an option, a default does not conflict with a file.
 *
 * @throws {ConfigurationError} as {@link createAuthenticator} does.
 */
export function authenticatorOf(
  options: CreateAuthenticatorOptions,
  defaults: AuthenticatorDefaults = {},
): NodeAuthenticator {
  const found = optionProblems(createAuthenticatorShape, options)
  if (found.length > 0) {
    const further = (sound: CreateAuthenticatorOptions): readonly ConfigurationProblem[] =>
      // The options left out here may include a method.
      problemsOfMaking(() => chainOf(sound)).filter(({ path }) => path !== 'authenticators')
    refuseProblems(withFurtherProblems(found, options, further))
  }
  if ((defaults.anonymous ?? false) === false && METHODS.every((method) => options[method] === undefined)) {
    refuseProblems([{ path: 'authenticators', message: NO_METHOD }])
  }
  return chainOf(options, defaults)
}

/** The options that add an authenticator. */
const METHODS = [
  'anonymous',
  'authenticationConfig',
  'bootstrapTokens',
  'clientCAFile',
  'keystone',
  'oidc',
  'passwordFile',
  'passwords',
  'requestHeader',
  'requests',
  'serviceAccounts',
  'tokenFile',
  'tokenReview',
  'tokens',
] as const satisfies readonly (keyof CreateAuthenticatorOptions)[]

const NO_METHOD =
  "no authentication method configured; name one, as in createAuthenticator({ tokenFile: 'tokens.csv' }), or " +
  'clientCAFile, oidc, passwordFile, tokenReview, ...'

function chainOf(
  options: CreateAuthenticatorOptions,
  defaults: AuthenticatorDefaults = {},
): NodeAuthenticator {
  const { clock, keystone, log, passwords = [] } = options
  const observer = loggingObserver(options.observer, log)
  const { audiences = options.serviceAccounts?.issuers } = options
  const shared = defined({ observer, clock })
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
  const ofFile = parts.openAt('passwordFile', options.passwordFile, shared, passwordFileAt)
  const anonymous = configuration?.anonymous ?? options.anonymous ?? defaults.anonymous

  return orElse(parts.close, () => {
    refuseProblems(parts.problems, problems, anonymousProblems(options.anonymous, configuration?.anonymous))
    const chain = authenticatorChain({
      ...defined({ requestHeader: proxy, clientCertificate: certificates, anonymous, audiences }),
      ...defined({ trustedOrigins: options.trustedOrigins, dpop: options.dpop }),
      requests: [...(options.requests ?? []), ...(ofKeystone?.requests ?? [])],
      tokens,
      passwords: [...(ofFile === undefined ? [] : [ofFile]), ...(ofKeystone?.passwords ?? []), ...passwords],
    })
    if (isOpenToAll(configuration?.anonymous ?? options.anonymous)) {
      notify(observer, { type: 'fileNotice', file: 'anonymous', notice: OPEN_TO_ALL })
    }
    const ofTokens = tokens.map((each) => authenticatedGroup(each))
    const sound = refuseRevoked(options.revocations, { chain, tokens: ofTokens })
    return closeable({ ...sound.chain, ...defined({ log }), tokens: sound.tokens, health }, parts.close)
  })
}

function isOpenToAll(anonymous: boolean | AnonymousConfig | undefined): boolean {
  return typeof anonymous === 'object'
    ? anonymous.enabled && (anonymous.conditions ?? []).length === 0
    : anonymous === true
}

/** What Kubernetes does by default, and an app without authorization rarely intends. */
const OPEN_TO_ALL: FileNotice = {
  severity: 'advice',
  code: 'anonymousEverywhere',
  message:
    'requests without a credential pass as system:anonymous, on every path: without authorization(...) they may do everything. To open ' +
    "some paths only, set { enabled: true, conditions: [{ path: '/healthz' }] }",
}

function certificateAuthenticators(
  options: CreateAuthenticatorOptions,
  parts: Opener,
  shared: { readonly observer?: Observer; readonly clock?: Clock },
): { readonly proxy: Authenticator | undefined; readonly certificates: Authenticator | undefined } {
  const { requestHeader: front } = options
  const described = front !== undefined && 'configMapFile' in front ? front : undefined
  const configured = front !== undefined && 'caFile' in front ? front : undefined
  const ready = front !== undefined && 'authenticate' in front ? front : undefined
  const { clientCA, requestHeaderCA } = openCertificatePools(
    { clientCA: options.clientCAFile, requestHeaderCA: configured?.caFile },
    shared,
    parts,
  )
  const { clock } = shared
  const proxyOf = (): Authenticator | undefined => {
    if (described !== undefined) {
      return parts.openFile('requestHeader', () => requestHeaderAt(described.configMapFile, shared))
    }
    if (configured === undefined || requestHeaderCA === undefined) return undefined
    return parts.attempt('requestHeader', () =>
      requestHeader({ ...without(configured, 'caFile'), ca: requestHeaderCA, ...defined({ clock }) }),
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

function anonymousProblems(
  option: boolean | AnonymousConfig | undefined,
  section: AnonymousConfig | undefined,
): readonly ConfigurationProblem[] {
  const own = typeof option === 'object' ? validateAnonymousConfig(option) : []
  if (option === undefined || section === undefined) return own
  const message = 'cannot be set when the authentication configuration file has an anonymous section'
  return [...own, { path: 'anonymous', message }]
}
