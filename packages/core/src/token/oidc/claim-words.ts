import type { ConfigurationProblem } from '../../authenticator/errors.ts'
import { aString, type OptionsShape, recordOf } from '../../internal/options/index.ts'
import type { OidcClaimMappings, OidcClaimRule } from './claim-options.ts'
import type { OidcOptions, OidcWords } from './oidc-options.ts'

/** The checks of {@link OidcWords}. */
export const oidcWordsShape: OptionsShape<OidcWords> = {
  usernameClaim: aString,
  usernamePrefix: aString,
  groupsClaim: aString,
  groupsPrefix: aString,
  requiredClaims: recordOf(aString),
}

/** Problems beyond types. */
export function wordProblems(options: OidcOptions): readonly ConfigurationProblem[] {
  const problems: ConfigurationProblem[] = []
  for (const path of WORDS) {
    const other = path === 'requiredClaims' ? 'claimValidationRules' : 'claimMappings'
    if (options[path] !== undefined && options[other] !== undefined) {
      problems.push({ path, message: `cannot be set together with ${other}` })
    }
  }
  if (options.usernamePrefix === '-') {
    problems.push({
      path: 'usernamePrefix',
      message: "must be '' for no prefix: only the flag has the hyphen",
    })
  }
  return problems
}

const WORDS = ['usernameClaim', 'usernamePrefix', 'groupsClaim', 'groupsPrefix', 'requiredClaims'] as const

/** The mappings that these options stand for. */
export function mappingsOfWords({
  issuer,
  usernameClaim = 'sub',
  usernamePrefix = usernamePrefixOf(issuer, usernameClaim),
  groupsClaim = '',
  groupsPrefix = '',
}: OidcWords & { readonly issuer: string }): OidcClaimMappings {
  return {
    username: { claim: usernameClaim, prefix: usernamePrefix },
    ...(groupsClaim !== '' && { groups: { claim: groupsClaim, prefix: groupsPrefix } }),
  }
}

/** Source: kubernetes `pkg/kubeapiserver/options/authentication.go`. */
export function usernamePrefixOf(issuer: string, usernameClaim: string): string {
  return usernameClaim === 'email' ? '' : `${issuer}#`
}

/** The rules that these options stand for. */
export function rulesOfWords({ requiredClaims = {} }: OidcWords): readonly OidcClaimRule[] {
  return Object.entries(requiredClaims).map(([claim, requiredValue]) => ({ claim, requiredValue }))
}

/** Reports a problem of a field of an `AuthenticationConfiguration` under the option that it comes from. */
export function inTermsOfOptions(
  { path, message }: ConfigurationProblem,
  { audience, claimMappings, claimValidationRules }: OidcOptions,
): ConfigurationProblem {
  let option = path
    .replace('issuer.url', 'issuer')
    .replace(typeof audience === 'string' ? 'issuer.audiences[0]' : 'issuer.audiences', 'audience')
    .replace('issuer.d', 'd')
  if (claimMappings === undefined) option = option.replace(/^claimMappings\.(\w+).*/, '$1Claim')
  if (claimValidationRules === undefined) option = option.replace(/^claimV.*/, 'requiredClaims')
  // Some messages of Kubernetes repeat the field.
  return { path: option, message: message.replace(`${path}: `, '') }
}
