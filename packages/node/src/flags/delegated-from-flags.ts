import { ConfigurationError, type ConfigurationProblem } from '@kube-authn/core'
import { isConfigurationError, loggingObserver } from '@kube-authn/core/internal'
import type { NodeAuthenticator } from '../configure/create-authenticator.ts'
import {
  delegatedAuthentication,
  type DelegatedAuthenticationOptions,
} from '../delegation/delegated-authentication.ts'
import { type AuthenticatorFromFlagsOptions, sharedOf } from './flags-options.ts'
import { refuseRevoked } from '../configure/opener.ts'
import { flagProblem } from './flag-problems.ts'
import { AUTHENTICATION_FLAGS } from './known-flags.ts'
import { notifyNotices } from './notices.ts'
import type { ParsedFlags } from './parse-flags.ts'
import { booleanOf, isGiven, listOf, optionalString, secondsOf } from './read-flags.ts'
import { requestHeaderNames, requestHeaderNotices, requestHeaderProblems } from './request-header-flags.ts'
import { closeable } from '../options/closeable.ts'

/** The flags that only extension API servers have. */
const OWN = [
  'authentication-kubeconfig',
  'authentication-skip-lookup',
  'authentication-tolerate-lookup-failure',
] as const

const TTL = 'authentication-token-webhook-cache-ttl'

/** The flags that both kinds of servers have. */
const COMMON: ReadonlySet<string> = new Set([
  ...OWN,
  TTL,
  'anonymous-auth',
  'client-ca-file',
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
  return isGiven(flags, ...OWN)
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
  const found = [...flags.problems, ...foreignProblems(flags), ...requestHeaderProblems(flags)]
  if (found.length > 0) throw new ConfigurationError(found)
  const { observer, log, revocations } = options
  try {
    const { authenticator, close, ...others } = await delegatedAuthentication(
      delegationOptions(flags, options),
    )
    const { chain, tokens } = refuseRevoked(revocations, { chain: authenticator, tokens: others.tokens })
    notifyNotices(loggingObserver(observer, log), requestHeaderNotices(flags))
    return closeable({ ...chain, ...(log !== undefined && { log }), tokens, health: () => [] }, close)
  } catch (error) {
    if (!isConfigurationError(error)) throw error
    throw new ConfigurationError(error.problems.map(flagProblem), { cause: error })
  }
}

function foreignProblems(flags: ParsedFlags): readonly ConfigurationProblem[] {
  const own = OWN.find((name) => isGiven(flags, name)) ?? OWN[0]
  return Object.keys(AUTHENTICATION_FLAGS)
    .filter((name) => isGiven(flags, name) && !COMMON.has(name))
    .map((name) => ({
      path: `--${name}`,
      message: `cannot be set together with --${own}, with which authentication is delegated to the cluster`,
    }))
}

function delegationOptions(
  flags: ParsedFlags,
  options: AuthenticatorFromFlagsOptions,
): DelegatedAuthenticationOptions {
  const kubeconfig = optionalString(flags, 'authentication-kubeconfig')
  const clientCAFile = optionalString(flags, 'client-ca-file')
  const proxyCA = optionalString(flags, 'requestheader-client-ca-file')
  const trustedOrigins = listOf(flags, 'trusted-origins')
  const { allowAnyProxyName } = options
  return {
    ...(kubeconfig !== undefined && { kubeconfig }),
    ...(clientCAFile !== undefined && { clientCAFile }),
    ...(proxyCA !== undefined && {
      requestHeader: {
        ...givenNames(flags),
        caFile: proxyCA,
        ...(allowAnyProxyName !== undefined && { allowAnyProxyName }),
      },
    }),
    skipLookup: booleanOf(flags, 'authentication-skip-lookup'),
    tolerateLookupFailure: booleanOf(flags, 'authentication-tolerate-lookup-failure'),
    ...(isGiven(flags, TTL) && { tokenTtlSeconds: secondsOf(flags, TTL) }),
    ...(trustedOrigins.length > 0 && { trustedOrigins }),
    anonymous: isGiven(flags, 'anonymous-auth') && booleanOf(flags, 'anonymous-auth'),
    ...sharedOf(options),
  }
}

/** Only the lists that were set; the others get the defaults of extension API servers. */
function givenNames(flags: ParsedFlags): Partial<ReturnType<typeof requestHeaderNames>> {
  return Object.fromEntries(Object.entries(requestHeaderNames(flags)).filter(([, list]) => list.length > 0))
}
