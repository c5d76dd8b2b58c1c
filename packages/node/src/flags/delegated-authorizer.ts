import { ConfigurationError, type ConfigurationProblem } from '@kube-authn/core'
import { isConfigurationError } from '@kube-authn/core/internal'
import type { Authorizer } from '@kube-authn/core/authorization'
import { delegatedAuthentication } from '../delegation/delegated-authentication.ts'
import { type AuthorizerFromFlagsOptions, sharedOf } from './flags-options.ts'
import type { ParsedFlags } from './parse-flags.ts'
import { isGiven, listOf, optionalString, secondsOf } from './read-flags.ts'
import { closeable, type Closeable } from '../options/closeable.ts'

const OWN = ['authorization-kubeconfig', 'authorization-always-allow-paths'] as const
const ALLOWED_TTL = 'authorization-webhook-cache-authorized-ttl'
const DENIED_TTL = 'authorization-webhook-cache-unauthorized-ttl'

/** Flags that extension API servers do not have. */
const FOREIGN = [
  'authorization-config',
  'authorization-mode',
  'authorization-webhook-config-file',
  'authorization-webhook-version',
] as const

/** Whether it is the command line of an extension API server. */
export function isDelegatedAuthorization(flags: ParsedFlags): boolean {
  return isGiven(flags, ...OWN)
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
  const own = OWN.find((name) => isGiven(flags, name)) ?? OWN[0]
  const message = `cannot be set together with --${own}, with which authorization is delegated to the cluster`
  const found: readonly ConfigurationProblem[] = [
    ...flags.problems,
    ...FOREIGN.filter((name) => isGiven(flags, name)).map((name) => ({ path: `--${name}`, message })),
    ...(options.rbac === undefined ? [] : [{ path: 'rbac', message }]),
  ]
  if (found.length > 0) throw new ConfigurationError(found)
  const kubeconfig = optionalString(flags, 'authorization-kubeconfig')
  try {
    const { authorizer, close } = await delegatedAuthentication({
      ...(kubeconfig !== undefined && { kubeconfig }),
      // Only the authorizer is used.
      skipLookup: true,
      alwaysAllowPaths: listOf(flags, 'authorization-always-allow-paths'),
      ...(isGiven(flags, ALLOWED_TTL) && { allowedTtlSeconds: secondsOf(flags, ALLOWED_TTL) }),
      ...(isGiven(flags, DENIED_TTL) && { deniedTtlSeconds: secondsOf(flags, DENIED_TTL) }),
      ...sharedOf(options),
    })
    return closeable({ ...authorizer }, close)
  } catch (error) {
    if (!isConfigurationError(error)) throw error
    throw new ConfigurationError(error.problems.map(ofFlag), { cause: error })
  }
}

const FLAG_OF: ReadonlyMap<string, string> = new Map([
  ['kubeconfig', '--authorization-kubeconfig'],
  ['allowedTtlSeconds', `--${ALLOWED_TTL}`],
  ['deniedTtlSeconds', `--${DENIED_TTL}`],
])

function ofFlag({ path, message }: ConfigurationProblem): ConfigurationProblem {
  return { path: FLAG_OF.get(path) ?? (path.startsWith('alwaysAllowPaths') ? `--${OWN[1]}` : path), message }
}
