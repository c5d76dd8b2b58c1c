import type { ConfigurationProblem } from '@kube-authn/core'
import { defined, type FileNotice, type AnonymousConfig } from '@kube-authn/core/internal'
import type { KeySource } from '@kube-authn/core/service-account'
import type { CreateAuthenticatorOptions } from '../configure/create-authenticator-options.ts'
import { modeProblems } from './authorizer-from-flags.ts'
import { type AuthenticatorFromFlagsOptions, sharedOf } from './flags-options.ts'
import { oidcOption, oidcProblems } from './oidc-flags.ts'
import {
  type ParsedFlags,
  booleanOf,
  listOf,
  optionalList,
  optionalString,
  secondsOf,
  stringOf,
  versionOf,
  isGiven,
} from './flag-value.ts'
import { requestHeaderNames, requestHeaderNotices, requestHeaderProblems } from './request-header-flags.ts'
import { hasServiceAccounts, serviceAccountNotices, serviceAccountProblems } from './service-account-flags.ts'

const WEBHOOK = 'authentication-token-webhook'
const BOOTSTRAP = 'enable-bootstrap-token-auth'

/** Problems of parsed authentication flags that `createAuthenticator` does not report. */
export function authenticationProblems(
  flags: ParsedFlags,
  options: AuthenticatorFromFlagsOptions,
): readonly ConfigurationProblem[] {
  const problems = [
    ...oidcProblems(flags),
    ...requestHeaderProblems(flags),
    ...serviceAccountProblems(flags),
    // The default of --anonymous-auth depends on the modes.
    ...modeProblems(flags),
  ]
  if (hasServiceAccounts(flags) && options.serviceAccountObjects === undefined) {
    const message =
      'needs the objects that tokens refer to, which a kube-apiserver has in its store: set the option serviceAccountObjects; ' +
      'serviceAccountObjects() of @kube-authn/core/service-account has no accounts'
    problems.push({ path: '--service-account-issuer', message })
  }
  if (booleanOf(flags, BOOTSTRAP) && options.bootstrapTokens === undefined) {
    const message =
      'needs the secrets with tokens, which a kube-apiserver has in its store: set the option bootstrapTokens'
    problems.push({ path: `--${BOOTSTRAP}`, message })
  }
  return problems
}

/** Notices about authentication flags. */
export function authenticationNotices(flags: ParsedFlags): readonly FileNotice[] {
  return [...requestHeaderNotices(flags), ...webhookNotices(flags), ...serviceAccountNotices(flags)]
}

/** How long kube-apiserver caches every successful token authentication, in seconds. */
const OVERALL_TTL_SECONDS = 10

/** Source: kubernetes `pkg/kubeapiserver/options/authentication.go` ToAuthenticationConfig. */
function webhookNotices(flags: ParsedFlags): readonly FileNotice[] {
  const seconds = secondsOf(flags, `${WEBHOOK}-cache-ttl`)
  if (optionalString(flags, `${WEBHOOK}-config-file`) === undefined) return []
  if (seconds <= 0 || seconds >= OVERALL_TTL_SECONDS) return []
  // Deviation: here the shorter TTL applies (`docs/deviations.md`, flags).
  const message =
    `the webhook cache ttl of ${stringOf(flags, `${WEBHOOK}-cache-ttl`)} is shorter than the overall cache ttl of ` +
    `${OVERALL_TTL_SECONDS}s for successful token authentication attempts, and applies nevertheless`
  return [{ severity: 'warning', code: 'shortWebhookTtl', message }]
}

/** The options of `createAuthenticator` for these flags, without {@link serviceAccountsOption}, whose keys are read first. */
export function authenticatorOptions(
  flags: ParsedFlags,
  anonymous: AnonymousFlag,
  options: AuthenticatorFromFlagsOptions,
): CreateAuthenticatorOptions {
  const { allowAnyProxyName, bootstrapTokens, egress, requests, revocations, log } = options
  const proxyCA = optionalString(flags, 'requestheader-client-ca-file')
  const keystoneUrl = optionalString(flags, 'experimental-keystone-url')
  const keystoneCA = optionalString(flags, 'experimental-keystone-ca-file')
  const configFile = optionalString(flags, 'authentication-config')
  const webhook = optionalString(flags, `${WEBHOOK}-config-file`)
  return defined({
    tokenFile: optionalString(flags, 'token-auth-file'),
    passwordFile: optionalString(flags, 'basic-auth-file'),
    clientCAFile: optionalString(flags, 'client-ca-file'),
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
      configFile === undefined || egress === undefined ? configFile : { path: configFile, egress },
    oidc: oidcOption(flags),
    bootstrapTokens: booleanOf(flags, BOOTSTRAP) ? bootstrapTokens : undefined,
    tokenReview:
      webhook === undefined
        ? undefined
        : {
            path: webhook,
            version: versionOf(flags, `${WEBHOOK}-version`),
            ttlSeconds: secondsOf(flags, `${WEBHOOK}-cache-ttl`),
          },
    anonymous: anonymous.isGiven ? anonymous.enabled : undefined,
    audiences: optionalList(flags, 'api-audiences'),
    trustedOrigins: optionalList(flags, 'trusted-origins'),
    requests,
    revocations,
    log,
    ...sharedOf(options),
  })
}

/** The option `serviceAccounts` of `createAuthenticator` for these flags. */
export function serviceAccountsOption(
  flags: ParsedFlags,
  keys: KeySource | undefined,
  objects: AuthenticatorFromFlagsOptions['serviceAccountObjects'],
): Pick<CreateAuthenticatorOptions, 'serviceAccounts'> {
  if (keys === undefined || objects === undefined) return {}
  const issuers = listOf(flags, 'service-account-issuer')
  const lookup = booleanOf(flags, 'service-account-lookup')
  return { serviceAccounts: { issuers, keys, objects, lookup } }
}

/** Whether requests without credentials are anonymous. */
export interface AnonymousFlag {
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
export function anonymousFlag(
  flags: ParsedFlags,
  byDefault: boolean | AnonymousConfig = true,
): AnonymousFlag {
  const isItselfGiven = isGiven(flags, 'anonymous-auth')
  const wanted = booleanOf(flags, 'anonymous-auth')
  const modes = listOf(flags, 'authorization-mode')
  const isInFile = stringOf(flags, 'authorization-config') !== ''
  const isAllAllowed = modes.includes('AlwaysAllow') || (modes.length === 0 && !isInFile)
  const isNoted = wanted && isAllAllowed && isGiven(flags, 'anonymous-auth', 'authorization-mode')
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
