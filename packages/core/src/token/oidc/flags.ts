import { ConfigurationError, type ConfigurationProblem } from '../../authenticator/errors.ts'
import { aString, listOf } from '../../internal/options/check.ts'
import { checkOptions, type OptionsShape } from '../../internal/options/shape.ts'
import { usernamePrefixOf, type OidcOptions } from './oidc-options.ts'

/** The `--oidc-*` flags of kube-apiserver. `undefined` means not set. */
export interface OidcFlags {
  /** `--oidc-issuer-url`. */
  readonly issuerUrl?: string | undefined
  /** `--oidc-client-id`. */
  readonly clientId?: string | undefined
  /** `--oidc-username-claim`. Default `sub`. */
  readonly usernameClaim?: string | undefined
  /** `--oidc-username-prefix`. Default: the issuer's URL and `#`, or no prefix if the claim is `email`. `-` disables the prefix. */
  readonly usernamePrefix?: string | undefined
  /** `--oidc-groups-claim`. Default: no groups. */
  readonly groupsClaim?: string | undefined
  /** `--oidc-groups-prefix`. Default none: a token can then claim `system:masters`. */
  readonly groupsPrefix?: string | undefined
  /** `--oidc-required-claim`, each as `name=value`. */
  readonly requiredClaims?: readonly string[] | undefined
  /** `--oidc-signing-algs`. Default `RS256`, also for an empty list. */
  readonly signingAlgorithms?: readonly string[] | undefined
  /** `--oidc-ca-file`: a path or the content. Here it only matters whether it is set. */
  readonly caFile?: string | undefined
}

const oidcFlagsShape: OptionsShape<OidcFlags> = {
  issuerUrl: aString,
  clientId: aString,
  usernameClaim: aString,
  usernamePrefix: aString,
  groupsClaim: aString,
  groupsPrefix: aString,
  requiredClaims: listOf(aString),
  signingAlgorithms: listOf(aString),
  caFile: aString,
}

/** The result of {@link oidcFlagOptions}: options of {@link oidc}. */
export type OidcFlagOptions = Required<
  Pick<OidcOptions, 'issuer' | 'usernameClaim' | 'usernamePrefix' | 'requiredClaims' | 'signingAlgorithms'>
> &
  Pick<OidcOptions, 'groupsClaim' | 'groupsPrefix'> & { readonly audience: string }

/**
 * Converts the `--oidc-*` flags to options of {@link oidc}; `undefined` if no flag is set.
 *
 * Source: kubernetes `pkg/kubeapiserver/options/authentication.go`.
 *
 * @param authenticationConfig `--authentication-config`, which excludes all of these flags.
 * @throws {ConfigurationError}
 */
export function oidcFlagOptions(
  flags: OidcFlags = {},
  authenticationConfig?: string,
): OidcFlagOptions | undefined {
  checkOptions(oidcFlagsShape, flags, 'oidc')
  if (Object.values(flags).every((value) => value === undefined)) return undefined
  const {
    issuerUrl: issuer = '',
    clientId: audience = '',
    usernameClaim = 'sub',
    usernamePrefix = '',
  } = flags
  const { groupsClaim = '', groupsPrefix = '', requiredClaims = [], signingAlgorithms = [] } = flags
  if (authenticationConfig !== undefined) {
    throw problem('authentication-config file and oidc-* flags are mutually exclusive')
  }
  if (issuer === '' || audience === '') {
    throw problem(
      'oidc-issuer-url and oidc-client-id must be specified together when any oidc-* flags are set',
    )
  }
  const prefix = usernamePrefix === '' ? usernamePrefixOf(issuer, usernameClaim) : usernamePrefix
  return {
    issuer,
    audience,
    usernameClaim,
    usernamePrefix: prefix === '-' ? '' : prefix,
    ...(groupsClaim !== '' && { groupsClaim, groupsPrefix }),
    requiredClaims: requiredClaimsOf(requiredClaims),
    signingAlgorithms: signingAlgorithms.length === 0 ? ['RS256'] : signingAlgorithms,
  }
}

/** If a claim is repeated, its last value counts, as in Go's flag maps. */
function requiredClaimsOf(pairs: readonly string[]): Readonly<Record<string, string>> {
  const values = new Map<string, string>()
  const problems: ConfigurationProblem[] = []
  for (const [index, pair] of pairs.entries()) {
    const at = pair.indexOf('=')
    const claim = pair.slice(0, Math.max(at, 0)).trim()
    if (claim === '') {
      problems.push({
        path: `requiredClaims[${index}]`,
        message: 'malformed pair, expect string=string',
      })
    }
    values.set(claim, pair.slice(at + 1).trim())
  }
  if (problems.length > 0) throw new ConfigurationError(problems)
  return Object.fromEntries(values)
}

function problem(message: string): ConfigurationError {
  return new ConfigurationError([{ path: 'oidc', message }])
}
