import type { CelInputs, CelProgram, CelVariable } from '../../internal/cel/cel.ts'
import type { CompiledJwtAuthenticator } from './configuration/programs.ts'
import { rejected } from '../../authenticator/errors.ts'
import type { JsonObject } from '../jwt/read-jwt.ts'
import type { UserInfo } from '../../authenticator/user.ts'
import { requiredText } from './required-text.ts'
import { evaluated } from './expression.ts'

/**
 * Checks what must hold of the claims and of the user: claims with a value, expressions over claims, expressions over the user. All
 * expressions over one of them are evaluated before the first that is false counts.
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
    throw rejected(
      `oidc: required claim ${name} value does not match. Got = ${printable(text)}, want = ${requiredValue}`,
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

/** What a token says, so that it cannot write a line of a log of its own. */
function printable(text: string): string {
  return text.slice(0, 256).replaceAll(/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu, '\uFFFD')
}
