import type { ConfigurationProblem, Observer } from '@kube-authn/core'
import type { FileNotice } from '@kube-authn/core/internal'
import { notify } from '@kube-authn/core/adapter'

/** Takes a problem of a flag, which is named without dashes. */
export type AddProblem = (flag: string, message: string) => void

export function addedProblems(find: (add: AddProblem) => void): readonly ConfigurationProblem[] {
  const found: ConfigurationProblem[] = []
  find((flag, message) => void found.push({ path: `--${flag}`, message }))
  return found
}

/** The flags of options, by the paths of the options: the first that is this one, or that it is a part of. */
type FlagsOfOptions = readonly (readonly [option: string, flag: string])[]

/** Reports a problem of an option under the flag that it comes from. */
export function underFlag(
  flags: FlagsOfOptions,
  { path, message }: ConfigurationProblem,
): ConfigurationProblem {
  const isOf = (option: string): boolean =>
    path === option || path.startsWith(`${option}.`) || path.startsWith(`${option}[`)
  return { path: flags.find(([option]) => isOf(option))?.[1] ?? path, message }
}

/** Those of `createAuthenticator`. */
const AUTHENTICATION: FlagsOfOptions = [
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
  ['serviceAccounts.audiences', '--api-audiences'],
  ['serviceAccounts', '--service-account-issuer'],
  ['tokenFile', '--token-auth-file'],
  ['trustedOrigins', '--trusted-origins'],
  ['tokenReview', '--authentication-token-webhook-config-file'],
  ['kubeconfig', '--authentication-kubeconfig'],
]

/** Reports a problem of an option of `createAuthenticator` under its flag. */
export function flagProblem(problem: ConfigurationProblem): ConfigurationProblem {
  if (problem.path === 'authenticators') return { path: 'flags', message: NO_METHOD }
  const { path, message } = underFlag(AUTHENTICATION, problem)
  if (message.includes('has a CA in common')) return { path, message: OVERLAP }
  const isTwice = path === '--anonymous-auth' && message.startsWith('cannot be set')
  return { path, message: isTwice ? ANONYMOUS_TWICE : message }
}

const NO_METHOD =
  'no authentication method configured; name one, as in --token-auth-file=tokens.csv, or --client-ca-file, --oidc-issuer-url, ' +
  '--authentication-config, ...'

const OVERLAP =
  '--requestheader-client-ca-file and --client-ca-file contain overlapping certificates: give proxies a CA of their own, which signs no users'

const ANONYMOUS_TWICE =
  '--anonymous-auth flag cannot be set when anonymous field is configured in authentication configuration file'

const MAX_NAMES = 200

export function notifyNotices(observer: Observer | undefined, notices: readonly FileNotice[]): void {
  for (const notice of notices) notify(observer, { type: 'fileNotice', file: 'flags', notice })
}

export function ignoredNotices(
  ignored: readonly string[],
  about = 'authentication or authorization',
): readonly FileNotice[] {
  if (ignored.length === 0) return []
  const names = ignored.slice(0, MAX_NAMES).join(', ')
  const message = `flags that are unrelated to ${about} are ignored: ${names}`
  return [{ severity: 'advice', code: 'flagsIgnored', message }]
}
