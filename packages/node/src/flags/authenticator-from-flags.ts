import { ConfigurationError, type ConfigurationProblem } from '@kube-authn/core'
import {
  type AnonymousConfig,
  defined,
  type FileNotice,
  isConfigurationError,
  loggingObserver,
  optionProblems,
  refuseProblems,
} from '@kube-authn/core/internal'
import type { KeySource } from '@kube-authn/core/service-account'
import { authenticatorOf, type NodeAuthenticator } from '../configure/create-authenticator.ts'
import type { CreateAuthenticatorOptions } from '../configure/create-authenticator-options.ts'
import { closeable } from '../options/closeable.ts'
import { modeProblems } from './authorizer-from-flags.ts'
import { delegatedFromFlags, isDelegated } from './delegated-from-flags.ts'
import { gateProblems, hasOtherGates } from './feature-gates.ts'
import { addedProblems, flagProblem, ignoredNotices, notifyNotices } from './flag-problems.ts'
import type { ParsedFlags } from './flag-value.ts'
import {
  anArgv,
  type AuthenticatorFromFlagsOptions,
  authenticatorFromFlagsShape,
  sharedOf,
  nonNegativeSeconds,
} from './flags-options.ts'
import { oidcOption, oidcProblems } from './oidc-flags.ts'
import { parseFlags, REFUSED_FOR_AUTHENTICATION } from './parse-flags.ts'
import { requestHeaderNames, requestHeaderNotices, requestHeaderProblems } from './request-header-flags.ts'
import {
  hasServiceAccounts,
  serviceAccountKeys,
  serviceAccountNotices,
  serviceAccountProblems,
  UNREAD_KEYS,
} from './service-account-flags.ts'

/**
 * The authenticator chain of a kube-apiserver with this command line, by `createAuthenticator`. It knows the flags of current releases and of 1.6,
 * with the defaults of 1.36; unrelated flags are ignored and reported to the observer. With `--authentication-kubeconfig`,
 * `--authentication-skip-lookup` or `--authentication-tolerate-lookup-failure` it is the chain of an extension API server, by
 * `delegatedAuthentication`.
 *
 * Arguments before the first flag are skipped, so `process.argv` can be passed as it is. `--anonymous-auth` is on by default if
 * `--authorization-mode` is set, as in kube-apiserver.
 *
 * Source: kubernetes `pkg/kubeapiserver/options/authentication.go`, `pkg/controlplane/apiserver/options/options.go`.
 *
 * Deviation: service accounts are optional, and flags that would be misread are refused (`docs/deviations.md`, flags).
 *
 * @throws {ConfigurationError} as a rejection, with every problem found: of flags, under their names, and of files.
 * @example
 * const authenticator = await authenticatorFromFlags(process.argv)
 * const other = await authenticatorFromFlags(['--token-auth-file=tokens.csv', '--client-ca-file', 'ca.crt'])
 */
export async function authenticatorFromFlags(
  argv: readonly string[],
  options: AuthenticatorFromFlagsOptions = {},
): Promise<NodeAuthenticator> {
  refuseProblems(anArgv(argv, 'argv'), optionProblems(authenticatorFromFlagsShape, options))
  const flags = parseFlags(argv, REFUSED_FOR_AUTHENTICATION)
  // Read before anything is awaited: what the caller changes in the options meanwhile does not count.
  const observer = loggingObserver(options.observer, options.log)
  const authenticator = isDelegated(flags)
    ? await delegatedFromFlags(flags, options)
    : await configuredFromFlags(flags, options, false)
  notifyNotices(observer, ignoredNotices([...flags.ignored, ...unusedFlags(flags)]))
  return authenticator
}

/**
 * Checks the flags and files of {@link authenticatorFromFlags}, but for keys of service accounts, and calls nothing.
 *
 * @throws {ConfigurationError} as it does.
 */
export async function checkAuthenticatorFlags(
  argv: readonly string[],
  options: AuthenticatorFromFlagsOptions,
): Promise<void> {
  const flags = parseFlags(argv, REFUSED_FOR_AUTHENTICATION)
  const authenticator = await configuredFromFlags(flags, options, true)
  authenticator.close()
}

async function configuredFromFlags(
  flags: ParsedFlags,
  options: AuthenticatorFromFlagsOptions,
  isCheck: boolean,
): Promise<NodeAuthenticator> {
  const anonymous = anonymousFlag(flags, options.anonymous)
  const found = [...flags.problems, ...authenticationProblems(flags, options)]
  const configured = authenticatorOptions(flags, anonymous, options, isCheck)
  const { serviceAccountObjects, observer, log } = options
  const accounts = isCheck ? UNREAD_KEYS : await serviceAccountKeys(flags, options)
  found.push(...accounts.problems)
  try {
    const authenticator = authenticatorOf(
      { ...configured, ...serviceAccountsOption(flags, accounts.keys, serviceAccountObjects) },
      anonymous.isGiven ? {} : { anonymous: anonymous.enabled },
    )
    if (found.length > 0) {
      authenticator.close()
      throw new ConfigurationError(found)
    }
    notifyNotices(loggingObserver(observer, log), [
      ...anonymous.notices,
      ...requestHeaderNotices(flags),
      ...webhookNotices(flags),
      ...serviceAccountNotices(flags),
      ...accounts.notices,
    ])
    return closeable({ ...authenticator }, () => {
      authenticator.close()
      accounts.close()
    })
  } catch (error) {
    accounts.close()
    throw isConfigurationError(error) ? withFound(found, error) : error
  }
}

/** Keeps the first of several problems of one flag: it is the most specific. */
function withFound(found: readonly ConfigurationProblem[], error: ConfigurationError): ConfigurationError {
  const paths = new Set(found.map(({ path }) => path))
  const others = error.problems
    .map(flagProblem)
    .filter(({ path }) => !paths.has(path) && (found.length === 0 || path !== 'flags'))
  return new ConfigurationError([...found, ...others], { cause: error })
}

/** Known flags without effect here, if they are valid: issuing tokens has its own options. */
function unusedFlags(flags: ParsedFlags): readonly string[] {
  return [
    ...(flags.isGiven('service-account-signing-key-file') ? ['--service-account-signing-key-file'] : []),
    ...(hasOtherGates(flags) ? ['--feature-gates'] : []),
  ]
}

const AUDIENCES = 'api-audiences'
const WEBHOOK = 'authentication-token-webhook'
const BOOTSTRAP = 'enable-bootstrap-token-auth'

/** Problems of parsed authentication flags that `createAuthenticator` does not report. */
function authenticationProblems(
  flags: ParsedFlags,
  options: AuthenticatorFromFlagsOptions,
): readonly ConfigurationProblem[] {
  return addedProblems((add) => {
    gateProblems(flags, add)
    if (flags.list(AUDIENCES).includes('')) add(AUDIENCES, 'must not be empty')
    oidcProblems(flags, add)
    requestHeaderProblems(flags, add)
    serviceAccountProblems(flags, add)
    // The default of --anonymous-auth depends on the modes.
    modeProblems(flags, add)
    if (hasServiceAccounts(flags) && options.serviceAccountObjects === undefined) {
      add(
        'service-account-issuer',
        'needs the objects that tokens refer to, which a kube-apiserver has in its store: set the option serviceAccountObjects; ' +
          'serviceAccountObjects() of @kube-authn/core/service-account has no accounts',
      )
    }
    if (flags.boolean(BOOTSTRAP) && options.bootstrapTokens === undefined) {
      add(
        BOOTSTRAP,
        'needs the secrets with tokens, which a kube-apiserver has in its store: set the option bootstrapTokens',
      )
    }
  })
}

/** How long kube-apiserver caches every successful token authentication, in seconds. */
const OVERALL_TTL_SECONDS = 10

/** Source: kubernetes `pkg/kubeapiserver/options/authentication.go` ToAuthenticationConfig. */
function webhookNotices(flags: ParsedFlags): readonly FileNotice[] {
  const seconds = flags.seconds(`${WEBHOOK}-cache-ttl`)
  if (flags.optional(`${WEBHOOK}-config-file`) === undefined) return []
  if (seconds <= 0 || seconds >= OVERALL_TTL_SECONDS) return []
  // Deviation: here the shorter TTL applies (`docs/deviations.md`, flags).
  const message =
    `the webhook cache ttl of ${flags.string(`${WEBHOOK}-cache-ttl`)} is shorter than the overall cache ttl of ` +
    `${OVERALL_TTL_SECONDS}s for successful token authentication attempts, and applies nevertheless`
  return [{ severity: 'warning', code: 'shortWebhookTtl', message }]
}

/** The options of `createAuthenticator` for these flags, without {@link serviceAccountsOption}, whose keys are read first. */
function authenticatorOptions(
  flags: ParsedFlags,
  anonymous: AnonymousFlag,
  options: AuthenticatorFromFlagsOptions,
  isCheck: boolean,
): CreateAuthenticatorOptions {
  const { allowAnyProxyName, bootstrapTokens, egress, requests, revocations, log } = options
  const proxyCA = flags.optional('requestheader-client-ca-file')
  const keystoneUrl = flags.optional('experimental-keystone-url')
  const keystoneCA = flags.optional('experimental-keystone-ca-file')
  const configFile = flags.optional('authentication-config')
  const webhook = flags.optional(`${WEBHOOK}-config-file`)
  const oidc = oidcOption(flags)
  const asked = isCheck ? { discoverAtOnce: false } : {}
  return defined({
    tokenFile: flags.optional('token-auth-file'),
    passwordFile: flags.optional('basic-auth-file'),
    clientCAFile: flags.optional('client-ca-file'),
    requestHeader:
      proxyCA === undefined
        ? undefined
        : { ...requestHeaderNames(flags), caFile: proxyCA, ...defined({ allowAnyProxyName }) },
    // Passwords only, as with the flag in 1.6.
    keystone:
      keystoneUrl === undefined
        ? undefined
        : { url: keystoneUrl, acceptTokens: false, ...defined({ caFile: keystoneCA }) },
    authenticationConfig:
      configFile === undefined ? undefined : { path: configFile, ...asked, ...defined({ egress }) },
    kubernetesVersion: flags.release(),
    oidc: oidc && { ...oidc, ...asked },
    bootstrapTokens: flags.boolean(BOOTSTRAP) ? bootstrapTokens : undefined,
    tokenReview:
      webhook === undefined
        ? undefined
        : {
            path: webhook,
            version: flags.version(`${WEBHOOK}-version`),
            ttlSeconds: nonNegativeSeconds(flags, `${WEBHOOK}-cache-ttl`),
          },
    anonymous: anonymous.isGiven ? anonymous.enabled : undefined,
    audiences: flags.optionalList(AUDIENCES)?.filter((each) => each !== ''),
    trustedOrigins: flags.optionalList('trusted-origins'),
    requests,
    revocations,
    log,
    ...sharedOf(options),
  })
}

function serviceAccountsOption(
  flags: ParsedFlags,
  keys: KeySource | undefined,
  objects: AuthenticatorFromFlagsOptions['serviceAccountObjects'],
): Pick<CreateAuthenticatorOptions, 'serviceAccounts'> {
  if (keys === undefined || objects === undefined) return {}
  const issuers = flags.list('service-account-issuer')
  const lookup = flags.boolean('service-account-lookup')
  return { serviceAccounts: { issuers, keys, objects, lookup } }
}

/** Whether requests without credentials are anonymous. */
interface AnonymousFlag {
  readonly enabled: boolean | AnonymousConfig
  /** Whether the flag was set: then a file must not override it. */
  readonly isGiven: boolean
  readonly notices: readonly FileNotice[]
}

/**
 * Reads `--anonymous-auth`: `byDefault` if it is not given, and off if every user may do everything, that is with the mode AlwaysAllow, and without both
 * `--authorization-mode` and `--authorization-config`.
 *
 * Source: kubernetes `pkg/kubeapiserver/options/authentication.go` ApplyAuthorization.
 */
function anonymousFlag(flags: ParsedFlags, byDefault: boolean | AnonymousConfig = true): AnonymousFlag {
  const isItselfGiven = flags.isGiven('anonymous-auth')
  const wanted = flags.boolean('anonymous-auth')
  const modes = flags.list('authorization-mode')
  const isInFile = flags.string('authorization-config') !== ''
  const isAllAllowed = modes.includes('AlwaysAllow') || (modes.length === 0 && !isInFile)
  const isNoted = wanted && isAllAllowed && flags.isGiven('anonymous-auth', 'authorization-mode')
  return {
    enabled: wanted && !isAllAllowed && (isItselfGiven || byDefault),
    isGiven: isItselfGiven,
    notices: isNoted ? [ALWAYS_ALLOW] : [],
  }
}

const ALWAYS_ALLOW: FileNotice = {
  severity: 'warning',
  code: 'anonymousAlwaysAllow',
  message:
    'AnonymousAuth is not allowed with the AlwaysAllow authorizer, which is the one without --authorization-mode. Resetting AnonymousAuth to false. You should use a different authorizer',
}
