import { intersectAudiences } from '../authenticator/audiences.ts'
import type { Authentication } from '../authenticator/authenticator.ts'
import { rejected } from '../authenticator/errors.ts'
import { isSound, isWellFormed, userInfo } from '../authenticator/user.ts'

/**
 * Checks the answer of an authenticator: the user must have a name, and the credential must be valid for these audiences. Returns it with
 * an immutable user.
 *
 * @throws {AuthenticationError} if the user is refused.
 * @throws {TypeError} if it is not an answer: an authenticator in plain JavaScript may return anything.
 */
export function checkedAnswer(
  answer: Authentication,
  audiences: readonly string[] | undefined,
): Authentication {
  const { user } = answer
  // Deviation: kube-apiserver accepts a user without a name (`docs/deviations.md`, empty user name).
  if (typeof user.username !== 'string' || user.username === '') throw rejected('the user has no name')
  if (audiences !== undefined && !isForOneOf(audiences, answer.audiences)) {
    throw rejected('the credential is not valid for the audiences of this server')
  }
  if (isSound(user)) return answer
  if (!isWellFormed(user)) throw new TypeError('an authenticator returned a malformed user')
  return { ...answer, user: userInfo(user) }
}

/** @param valid the audiences of the credential; without any, nothing is known about them. */
function isForOneOf(audiences: readonly string[], valid: readonly string[] = []): boolean {
  return valid.length === 0 || intersectAudiences(audiences, valid).length > 0
}
