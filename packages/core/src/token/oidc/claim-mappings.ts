import { type JsonObject, member } from '../../internal/objects.ts'
import type { CelProgram, CelValue, CelInputs, CelVariable } from '@kube-authn/cel/kubernetes'
import type { CompiledJwtAuthenticator } from './configuration/config.ts'
import { CREDENTIAL_ID_KEY } from '../../authenticator/extra-keys.ts'
import { rejected } from '../../authenticator/errors.ts'
import { quoted } from '@kube-authn/internal/quote'
import { type UserExtra, userInfo, type UserInfo } from '../../authenticator/user.ts'
import { wrongType } from './go-text.ts'
import { isCelError } from '../../internal/cel/error.ts'

/**
 * Maps claims to a user: name, groups, uid, then extra. The first error is thrown.
 *
 * @param further extras besides the mapped ones.
 *
 * Source: apiserver `plugin/pkg/authenticator/token/oidc/oidc.go` (`getUsername`, `getGroups`, `getUID`, `getExtra`).
 *
 * @throws {AuthenticationError} `rejected`.
 */
export function userOfClaims(
  authenticator: CompiledJwtAuthenticator,
  claims: JsonObject,
  further?: UserExtra,
): UserInfo {
  return userInfo({
    username: usernameOf(authenticator, claims),
    groups: groupsOf(authenticator, claims),
    uid: uidOf(authenticator, claims),
    extra: { ...extraOf(authenticator, claims), ...further },
  })
}

function usernameOf({ username: program, config }: CompiledJwtAuthenticator, claims: JsonObject): string {
  if (program !== undefined) {
    const username = textOf(program, claims, 'username')
    if (username === '') throw rejected('oidc: empty username via CEL expression is not allowed')
    return username
  }
  const { claim, prefix = '' } = config.claimMappings.username
  const username = requiredText(claims, claim, `oidc: parse username claims ${quoted(claim)}`)
  if (claim === 'email') checkEmailVerified(claims)
  return prefix + username
}

/** `email_verified` may be absent, but must not be false. */
function checkEmailVerified(claims: JsonObject): void {
  if (!Object.hasOwn(claims, 'email_verified')) return
  const isVerified = member(claims, 'email_verified') ?? false
  if (typeof isVerified !== 'boolean') {
    throw rejected(`oidc: parse 'email_verified' claim: ${wrongType(isVerified, 'bool')}`)
  }
  if (!isVerified) throw rejected('oidc: email not verified')
}

function groupsOf(
  { groups: program, config }: CompiledJwtAuthenticator,
  claims: JsonObject,
): readonly string[] {
  if (program !== undefined) {
    const what = 'oidc: error evaluating group claim expression'
    return textsOf(evaluated(program, claims, what), what)
  }
  const { claim, prefix = '' } = config.claimMappings.groups
  const value = claim === '' ? undefined : member(claims, claim)
  if (value === undefined) return []
  const groups: readonly unknown[] = Array.isArray(value) ? value : [value]
  return groups.map((group) => {
    // For the error text: Go reports the type of the element, not of the list.
    const name = group ?? ''
    if (typeof name !== 'string') {
      throw rejected(`oidc: parse groups claim ${quoted(claim)}: ${wrongType(value, 'string')}`)
    }
    return prefix + name
  })
}

function uidOf({ uid: program, config }: CompiledJwtAuthenticator, claims: JsonObject): string {
  if (program !== undefined) return textOf(program, claims, 'uid')
  const { claim } = config.claimMappings.uid
  return claim === '' ? '' : requiredText(claims, claim, `oidc: parse uid claim ${quoted(claim)}`)
}

/** All expressions are evaluated before a result that is not a string is reported. */
function extraOf({ extra }: CompiledJwtAuthenticator, claims: JsonObject): UserInfo['extra'] {
  const id = member(claims, 'jti')
  const own = typeof id === 'string' && id !== '' ? { [CREDENTIAL_ID_KEY]: [`JTI=${id}`] } : {}
  if (extra.length === 0) return own
  const results = extra.map(({ key, program }) => {
    return { key, expression: program.expression, value: evaluated(program, claims) }
  })
  const mapped = results.flatMap(({ key, expression, value }) => {
    const values = textsOf(value, `oidc: error evaluating extra claim expression: ${expression}`)
    return values.length === 0 ? [] : [[key, values] as const]
  })
  return Object.fromEntries([...Object.entries(own), ...mapped])
}

/** Evaluates an expression that must return a string. */
function textOf(program: CelProgram<'claims'>, claims: JsonObject, field: string): string {
  const what = `oidc: error evaluating ${field} claim expression`
  const value = evaluated(program, claims, what)
  if (typeof value !== 'string') throw rejected(`${what}: ${field} claim expression must return a string`)
  return value
}

/**
 * Reads a result as strings and drops empty ones.
 *
 * Deviation: lists from functions such as `split` are treated like other lists (`docs/deviations.md`, lists of Go strings).
 */
function textsOf(value: CelValue, what: string): readonly string[] {
  const values: readonly CelValue[] = isList(value) ? value : value === null ? [] : [value]
  return values.flatMap((each) => {
    if (typeof each !== 'string') {
      throw rejected(`${what}: expression must return a string or a list of strings`)
    }
    return each === '' ? [] : [each]
  })
}

function isList(value: CelValue): value is readonly CelValue[] {
  return Array.isArray(value)
}

/**
 * The string in the claim of exactly this name; the name is not a path. `null` reads as the empty string.
 *
 * @param what prefix of the error message.
 * @throws {AuthenticationError} `rejected` if the claim is absent or not a string.
 */
function requiredText(claims: JsonObject, name: string, what: string): string {
  if (!Object.hasOwn(claims, name)) throw rejected(`${what}: claim not present`)
  const value = member(claims, name) ?? ''
  if (typeof value !== 'string') throw rejected(`${what}: ${wrongType(value, 'string')}`)
  return value
}

/**
 * Evaluates an expression over claims or over a user.
 *
 * Source: apiserver `pkg/authentication/cel/mapper.go`.
 *
 * @param what prefix of the error message. Kubernetes has none for extra fields.
 * @throws {AuthenticationError} `rejected`.
 */
function evaluated<V extends CelVariable>(
  program: CelProgram<V>,
  input: CelInputs[V],
  what?: string,
): CelValue {
  try {
    return program.evaluate(input)
  } catch (error) {
    if (!isCelError(error, 'celEvaluation')) throw error
    const message = `expression '${program.expression}' resulted in error: ${error.message}`
    throw rejected(what === undefined ? message : `${what}: ${message}`, { cause: error })
  }
}

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
    if (claim === '') continue
    if (!Object.hasOwn(claims, claim)) {
      throw rejected(`oidc: required claim ${claim} not present in ID token`)
    }
    const text = requiredText(claims, claim, `oidc: parse claim ${claim}`)
    if (text === requiredValue) continue
    // Safe for logs: it cannot start a new line.
    const shown = text.slice(0, 256).replaceAll(UNPRINTABLE, '\uFFFD')
    throw rejected(
      `oidc: required claim ${claim} value does not match. Got = ${shown}, want = ${requiredValue}`,
    )
  }
  check(authenticator.claimRules, claims, 'oidc: error evaluating claim validation expression')
  check(authenticator.userRules, user, 'oidc: error evaluating user info validation rule')
}

function check<V extends CelVariable>(
  rules: readonly { readonly message: string; readonly program: CelProgram<V> }[],
  input: CelInputs[V],
  what: string,
): void {
  const results = rules.map(({ program }) => evaluated(program, input, what))
  for (const [index, { program, message }] of rules.entries()) {
    if (results[index] !== true) {
      throw rejected(`${what}: validation expression '${program.expression}' failed: ${message}`)
    }
  }
}

const UNPRINTABLE = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu
