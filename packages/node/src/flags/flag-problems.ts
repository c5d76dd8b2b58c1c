import type { ConfigurationProblem } from '@kube-authn/core'

/** The flag of each option of `createAuthenticator`, by the prefix of the option's path. */
const FLAG_OF: readonly (readonly [option: string, flag: string])[] = [
  ['anonymous', '--anonymous-auth'],
  ['audiences', '--api-audiences'],
  ['authenticationConfig', '--authentication-config'],
  ['bootstrapTokens', '--enable-bootstrap-token-auth'],
  ['clientCAFile', '--client-ca-file'],
  ['keystone.caFile', '--experimental-keystone-ca-file'],
  ['keystone', '--experimental-keystone-url'],
  ['oidc.caFile', '--oidc-ca-file'],
  ['oidc.audience', '--oidc-client-id'],
  ['oidc.groupsClaim', '--oidc-groups-claim'],
  ['oidc.requiredClaims', '--oidc-required-claim'],
  ['oidc.signingAlgorithms', '--oidc-signing-algs'],
  ['oidc.usernameClaim', '--oidc-username-claim'],
  ['oidc', '--oidc-issuer-url'],
  ['passwordFile', '--basic-auth-file'],
  ['requestHeader.allowedNames', '--requestheader-allowed-names'],
  ['requestHeader.extraHeaderPrefixes', '--requestheader-extra-headers-prefix'],
  ['requestHeader.groupHeaders', '--requestheader-group-headers'],
  ['requestHeader.uidHeaders', '--requestheader-uid-headers'],
  ['requestHeader.usernameHeaders', '--requestheader-username-headers'],
  ['requestHeader', '--requestheader-client-ca-file'],
  ['serviceAccounts', '--service-account-issuer'],
  ['tokenFile', '--token-auth-file'],
  ['tokenReview.ttlSeconds', '--authentication-token-webhook-cache-ttl'],
  ['trustedOrigins', '--trusted-origins'],
  ['tokenReview', '--authentication-token-webhook-config-file'],
  ['kubeconfig', '--authentication-kubeconfig'],
  ['tokenTtlSeconds', '--authentication-token-webhook-cache-ttl'],
]

/** Reports a problem of an option under the flag that it comes from. */
export function flagProblem({ path, message }: ConfigurationProblem): ConfigurationProblem {
  if (path === 'authenticators') return { path: 'flags', message: NO_METHOD }
  const flag = FLAG_OF.find(([option]) => path === option || path.startsWith(option))?.[1] ?? path
  if (message.includes('has a CA in common')) return { path: flag, message: OVERLAP }
  if (flag === '--anonymous-auth' && message.startsWith('cannot be set')) {
    return { path: flag, message: ANONYMOUS_TWICE }
  }
  return { path: flag, message }
}

const NO_METHOD =
  'no authentication method configured; name one, as in --token-auth-file=tokens.csv, or --client-ca-file, --oidc-issuer-url, ' +
  '--authentication-config, ...'

const OVERLAP =
  '--requestheader-client-ca-file and --client-ca-file contain overlapping certificates: give proxies a CA of their own, which signs no users'

const ANONYMOUS_TWICE =
  '--anonymous-auth flag cannot be set when anonymous field is configured in authentication configuration file'
