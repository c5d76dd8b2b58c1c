import { defined, isConfigurationError } from '@kube-authn/core/internal'
import { oidcFlagOptions } from '@kube-authn/core/oidc'
import type { OidcAtOptions } from '../at/oidc-at.ts'
import { type AddProblem, addedProblems } from './flag-problems.ts'
import { FLAGS } from './parse-flags.ts'
import type { ParsedFlags } from './flag-value.ts'

const OIDC_FLAGS: readonly string[] = [...FLAGS.keys()].filter((name) => name.startsWith('oidc-'))

/**
 * Adds problems of combinations of these flags.
 *
 * Source: kubernetes `pkg/kubeapiserver/options/authentication.go` validateOIDCOptions.
 */
export function oidcProblems(flags: ParsedFlags, add: AddProblem): void {
  if (!flags.isGiven(...OIDC_FLAGS)) return
  const missing = ['oidc-issuer-url', 'oidc-client-id'].find((name) => flags.string(name) === '')
  if (missing !== undefined) {
    add(
      missing,
      'oidc-issuer-url and oidc-client-id must be specified together when any oidc-* flags are set',
    )
  }
  if (flags.optional('authentication-config') !== undefined) {
    add('authentication-config', 'authentication-config file and oidc-* flags are mutually exclusive')
  }
  try {
    optionsOf(flags)
  } catch (error) {
    if (!isConfigurationError(error)) throw error
    for (const { path, message } of error.problems) if (path !== 'oidc') add('oidc-required-claim', message)
  }
}

/** The option `oidc` of `createAuthenticator` for these flags; `undefined` if they are incomplete. */
export function oidcOption(flags: ParsedFlags): OidcAtOptions | undefined {
  if (!flags.isGiven(...OIDC_FLAGS) || addedProblems((add) => oidcProblems(flags, add)).length > 0)
    return undefined
  const caFile = flags.optional('oidc-ca-file')
  const options = optionsOf(flags)
  return options && { ...options, ...defined({ caFile }) }
}

function optionsOf(flags: ParsedFlags): ReturnType<typeof oidcFlagOptions> {
  return oidcFlagOptions({
    issuerUrl: flags.string('oidc-issuer-url'),
    clientId: flags.string('oidc-client-id'),
    // An empty one is refused, as in Kubernetes.
    usernameClaim: flags.string('oidc-username-claim'),
    usernamePrefix: flags.string('oidc-username-prefix'),
    groupsClaim: flags.string('oidc-groups-claim'),
    groupsPrefix: flags.string('oidc-groups-prefix'),
    requiredClaims: flags.list('oidc-required-claim'),
    signingAlgorithms: flags.list('oidc-signing-algs'),
  })
}
