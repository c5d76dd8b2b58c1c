import { defined } from '@kube-authn/core/internal'
import type { ConfigurationProblem } from '@kube-authn/core'
import type { FileNotice } from '@kube-authn/core/internal'
import type { KeySource } from '@kube-authn/core/service-account'
import type { CreateAuthenticatorOptions } from '../configure/create-authenticator-options.ts'
import type { AnonymousFlag } from './anonymous-flag.ts'
import { modeProblems } from './authorization-flags.ts'
import { type AuthenticatorFromFlagsOptions, sharedOf } from './flags-options.ts'
import { oidcOption, oidcProblems } from './oidc-flags.ts'
import {
  type ParsedFlags,
  booleanOf,
  listOf,
  optionalString,
  secondsOf,
  stringOf,
  versionOf,
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
  const audiences = listOf(flags, 'api-audiences')
  const trustedOrigins = listOf(flags, 'trusted-origins')
  const tokenFile = optionalString(flags, 'token-auth-file')
  const passwordFile = optionalString(flags, 'basic-auth-file')
  const clientCAFile = optionalString(flags, 'client-ca-file')
  return {
    ...defined({ tokenFile, passwordFile, clientCAFile }),
    ...proxyOption(flags, options),
    ...keystoneOption(flags),
    ...issuerOptions(flags, options),
    ...(booleanOf(flags, BOOTSTRAP) &&
      options.bootstrapTokens !== undefined && { bootstrapTokens: options.bootstrapTokens }),
    ...webhookOption(flags),
    ...(anonymous.isGiven && { anonymous: anonymous.enabled }),
    ...(audiences.length > 0 && { audiences }),
    ...(options.requests !== undefined && { requests: options.requests }),
    ...(options.revocations !== undefined && { revocations: options.revocations }),
    ...(trustedOrigins.length > 0 && { trustedOrigins }),
    ...sharedOf(options),
    ...(options.log !== undefined && { log: options.log }),
  }
}

function proxyOption(
  flags: ParsedFlags,
  { allowAnyProxyName }: AuthenticatorFromFlagsOptions,
): Pick<CreateAuthenticatorOptions, 'requestHeader'> {
  const caFile = optionalString(flags, 'requestheader-client-ca-file')
  if (caFile === undefined) return {}
  const anyName = allowAnyProxyName === undefined ? {} : { allowAnyProxyName }
  return { requestHeader: { ...requestHeaderNames(flags), caFile, ...anyName } }
}

function keystoneOption(flags: ParsedFlags): Pick<CreateAuthenticatorOptions, 'keystone'> {
  const url = optionalString(flags, 'experimental-keystone-url')
  const caFile = optionalString(flags, 'experimental-keystone-ca-file')
  // Passwords only, as with the flag in 1.6.
  return url === undefined ? {} : { keystone: { url, acceptTokens: false, ...defined({ caFile }) } }
}

function issuerOptions(
  flags: ParsedFlags,
  { egress }: AuthenticatorFromFlagsOptions,
): Pick<CreateAuthenticatorOptions, 'authenticationConfig' | 'oidc'> {
  const path = optionalString(flags, 'authentication-config')
  const oidc = oidcOption(flags)
  return {
    ...(path !== undefined && {
      authenticationConfig: egress === undefined ? path : { path, egress },
    }),
    ...defined({ oidc }),
  }
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

function webhookOption(flags: ParsedFlags): Pick<CreateAuthenticatorOptions, 'tokenReview'> {
  const path = optionalString(flags, `${WEBHOOK}-config-file`)
  if (path === undefined) return {}
  const version = versionOf(flags, `${WEBHOOK}-version`)
  const ttlSeconds = secondsOf(flags, `${WEBHOOK}-cache-ttl`)
  return { tokenReview: { path, version, ttlSeconds } }
}
