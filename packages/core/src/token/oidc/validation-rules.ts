import type { JsonObject } from '../../internal/objects.ts'
import type { CelInputs, CelProgram, CelVariable } from '@kube-authn/cel/kubernetes'
import type { CompiledJwtAuthenticator } from './configuration/config.ts'
import { rejected } from '../../authenticator/errors.ts'
import type { UserInfo } from '../../authenticator/user.ts'
import { evaluated, requiredText } from './claim-mappings.ts'

/**
 * Checks the rules in order: required claim values, expressions over claims, expressions over the user. Within each kind of expression, all
 * are evaluated before the first false result is reported.
 *
 * Source: apiserver `plugin/pkg/authenticator/token/oidc/oidc.go` (`AuthenticateToken`).
 *
 * @throws {AuthenticationError} `rejected`.
 */
export function checkRules(
  authenticator: CompiledJwtAuthenticator,
  claims: JsonObject,
  user: UserInfo,
): void {
  for (const { claim, requiredValue } of authenticator.config.claimValidationRules) {
    if (claim !== '') checkRequiredClaim(claims, claim, requiredValue)
  }
  check(authenticator.claimRules, claims, 'oidc: error evaluating claim validation expression')
  check(authenticator.userRules, user, 'oidc: error evaluating user info validation rule')
}

function checkRequiredClaim(claims: JsonObject, name: string, requiredValue: string): void {
  if (!Object.hasOwn(claims, name)) throw rejected(`oidc: required claim ${name} not present in ID token`)
  const text = requiredText(claims, name, `oidc: parse claim ${name}`)
  if (text !== requiredValue) {
    // Safe for logs: it cannot start a new line.
    const shown = text.slice(0, 256).replaceAll(UNPRINTABLE, '\uFFFD')
    throw rejected(
      `oidc: required claim ${name} value does not match. Got = ${shown}, want = ${requiredValue}`,
    )
  }
}

interface Rule<V extends CelVariable> {
  readonly message: string
  readonly program: CelProgram<V>
}

function check<V extends CelVariable>(rules: readonly Rule<V>[], input: CelInputs[V], what: string): void {
  const results = rules.map(({ program }) => evaluated(program, input, what))
  for (const [index, { program, message }] of rules.entries()) {
    if (results[index] !== true) {
      throw rejected(`${what}: validation expression '${program.expression}' failed: ${message}`)
    }
  }
}

const UNPRINTABLE = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu
