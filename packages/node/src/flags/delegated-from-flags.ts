import { ConfigurationError, type ConfigurationProblem } from '@kube-authn/core'
import { defined, isConfigurationError, loggingObserver } from '@kube-authn/core/internal'
import type { NodeAuthenticator } from '../configure/create-authenticator.ts'
import {
  delegatedAuthentication,
  type DelegatedAuthenticationOptions,
} from '../delegation/delegated-authentication.ts'
import {
  type AuthenticatorFromFlagsOptions,
  sharedOf,
  nonNegativeSeconds,
  type AuthorizerFromFlagsOptions,
} from './flags-options.ts'
import { refuseRevoked } from '../configure/opener.ts'
import { addedProblems, flagProblem, notifyNotices, underFlag } from './flag-problems.ts'
import { AUTHENTICATION_FLAGS } from './known-flags.ts'
import type { ParsedFlags } from './flag-value.ts'
import { requestHeaderNames, requestHeaderNotices, requestHeaderProblems } from './request-header-flags.ts'
import { closeable, type Closeable } from '../options/closeable.ts'
import type { Authorizer } from '@kube-authn/core/authorization'

/** The flags that only extension API servers have. */
const AUTHENTICATION_OWN = [
  'authentication-kubeconfig',
  'authentication-skip-lookup',
  'authentication-tolerate-lookup-failure',
] as const

const TTL = 'authentication-token-webhook-cache-ttl'

/** The flags that both kinds of servers have. */
const COMMON: ReadonlySet<string> = new Set([
  ...AUTHENTICATION_OWN,
  TTL,
  'anonymous-auth',
  'client-ca-file',
  'emulated-version',
  'feature-gates',
  'requestheader-allowed-names',
  'requestheader-client-ca-file',
  'requestheader-extra-headers-prefix',
  'requestheader-group-headers',
  'requestheader-uid-headers',
  'requestheader-username-headers',
  'tls-private-key-file',
  'trusted-origins',
])

/** Whether it is the command line of an extension API server. */
export function isDelegated(flags: ParsedFlags): boolean {
  return flags.isGiven(...AUTHENTICATION_OWN)
}

/**
 * The chain of an extension API server. Requests without credentials are refused unless `--anonymous-auth` is set.
 *
 * Source: apiserver `pkg/server/options/authentication.go` DelegatingAuthenticationOptions.
 *
 * Deviation: anonymous requests are refused by default (`docs/deviations.md`, anonymous by default).
 */
export async function delegatedFromFlags(
  flags: ParsedFlags,
  options: AuthenticatorFromFlagsOptions,
): Promise<NodeAuthenticator> {
  const foreign = Object.keys(AUTHENTICATION_FLAGS)
    .filter((name) => flags.isGiven(name) && !COMMON.has(name))
    .map((name) => `--${name}`)
  const found = [
    ...flags.problems,
    ...foreignProblems('authentication', AUTHENTICATION_OWN, flags, foreign),
    ...addedProblems((add) => requestHeaderProblems(flags, add)),
  ]
  if (found.length > 0) throw new ConfigurationError(found)
  const { observer, log, revocations } = options
  const { authenticator, close, ...others } = await delegated(delegationOptions(flags, options), flagProblem)
  const { chain, tokens } = refuseRevoked(revocations, { chain: authenticator, tokens: others.tokens })
  notifyNotices(loggingObserver(observer, log), requestHeaderNotices(flags))
  return closeable({ ...chain, ...defined({ log }), tokens, health: () => [] }, close)
}

/** Problems of flags and options that an extension API server does not have. */
function foreignProblems(
  what: string,
  own: readonly [string, ...string[]],
  flags: ParsedFlags,
  paths: readonly string[],
): readonly ConfigurationProblem[] {
  const first = own.find((name) => flags.isGiven(name)) ?? own[0]
  const message = `cannot be set together with --${first}, with which ${what} is delegated to the cluster`
  return paths.map((path) => ({ path, message }))
}

/** Delegates to the cluster. Problems are reported as `flagOf` says. */
async function delegated(
  options: DelegatedAuthenticationOptions,
  flagOf: (problem: ConfigurationProblem) => ConfigurationProblem,
): ReturnType<typeof delegatedAuthentication> {
  try {
    return await delegatedAuthentication(options)
  } catch (error) {
    if (!isConfigurationError(error)) throw error
    throw new ConfigurationError(error.problems.map(flagOf), { cause: error })
  }
}

function delegationOptions(
  flags: ParsedFlags,
  options: AuthenticatorFromFlagsOptions,
): DelegatedAuthenticationOptions {
  const proxyCA = flags.optional('requestheader-client-ca-file')
  const { allowAnyProxyName } = options
  return {
    ...defined({
      kubeconfig: flags.optional('authentication-kubeconfig'),
      clientCAFile: flags.optional('client-ca-file'),
      requestHeader:
        proxyCA === undefined
          ? undefined
          : { ...givenNames(flags), caFile: proxyCA, ...defined({ allowAnyProxyName }) },
      tokenTtlSeconds: flags.isGiven(TTL) ? nonNegativeSeconds(flags, TTL) : undefined,
      trustedOrigins: flags.optionalList('trusted-origins'),
    }),
    skipLookup: flags.boolean('authentication-skip-lookup'),
    tolerateLookupFailure: flags.boolean('authentication-tolerate-lookup-failure'),
    anonymous: flags.isGiven('anonymous-auth') && flags.boolean('anonymous-auth'),
    ...sharedOf(options),
  }
}

/** Only the lists that were set; the others get the defaults of extension API servers. */
function givenNames(flags: ParsedFlags): Partial<ReturnType<typeof requestHeaderNames>> {
  return Object.fromEntries(Object.entries(requestHeaderNames(flags)).filter(([, list]) => list.length > 0))
}

const AUTHORIZATION_OWN = ['authorization-kubeconfig', 'authorization-always-allow-paths'] as const
const ALLOWED_TTL = 'authorization-webhook-cache-authorized-ttl'
const DENIED_TTL = 'authorization-webhook-cache-unauthorized-ttl'

const AUTHORIZATION_FLAGS = [
  ['kubeconfig', '--authorization-kubeconfig'],
  ['alwaysAllowPaths', '--authorization-always-allow-paths'],
] as const

/** Flags that extension API servers do not have. */
const FOREIGN = [
  'authorization-config',
  'authorization-mode',
  'authorization-webhook-config-file',
  'authorization-webhook-version',
] as const

/** Whether it is the command line of an extension API server. */
export function isDelegatedAuthorization(flags: ParsedFlags): boolean {
  return flags.isGiven(...AUTHORIZATION_OWN)
}

/**
 * The authorizer of an extension API server: `system:masters`, always-allowed paths, then the cluster.
 *
 * Source: apiserver `pkg/server/options/authorization.go` DelegatingAuthorizationOptions.
 */
export async function delegatedAuthorizer(
  flags: ParsedFlags,
  options: AuthorizerFromFlagsOptions,
): Promise<Authorizer & Closeable> {
  const foreign = FOREIGN.filter((name) => flags.isGiven(name)).map((name) => `--${name}`)
  if (options.rbac !== undefined) foreign.push('rbac')
  const found = [...flags.problems, ...foreignProblems('authorization', AUTHORIZATION_OWN, flags, foreign)]
  if (found.length > 0) throw new ConfigurationError(found)
  const kubeconfig = flags.optional('authorization-kubeconfig')
  const { authorizer, close } = await delegated(
    {
      ...defined({ kubeconfig }),
      // Only the authorizer is used.
      skipLookup: true,
      alwaysAllowPaths: flags.list('authorization-always-allow-paths'),
      kubernetesVersion: flags.release(),
      ...(flags.isGiven(ALLOWED_TTL) && { allowedTtlSeconds: nonNegativeSeconds(flags, ALLOWED_TTL) }),
      ...(flags.isGiven(DENIED_TTL) && { deniedTtlSeconds: nonNegativeSeconds(flags, DENIED_TTL) }),
      ...sharedOf(options),
    },
    (problem) => underFlag(AUTHORIZATION_FLAGS, problem),
  )
  return closeable({ ...authorizer }, close)
}
