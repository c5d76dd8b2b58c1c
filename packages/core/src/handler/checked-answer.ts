import { intersectAudiences } from '../authenticator/audiences.ts'
import type { Authentication } from '../authenticator/authenticator.ts'
import { rejected } from '../authenticator/errors.ts'
import { isImmutableUser, isWellFormed, userInfo } from '../authenticator/user.ts'

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
  const problem = problemWith(answer, audiences)
  if (problem !== undefined) throw rejected(problem)
  const { user } = answer
  if (!isWellFormed(user)) throw new TypeError('an authenticator returned a malformed user')
  if (isImmutableUser(user)) return answer
  return { ...answer, user: userInfo(user) }
}

function problemWith(answer: Authentication, audiences: readonly string[] | undefined): string | undefined {
  const { username } = answer.user
  // Deviation: kube-apiserver accepts a user without a name (`docs/deviations.md`, empty user name).
  if (typeof username !== 'string' || username === '') return 'the user has no name'
  const valid = answer.audiences
  if (audiences === undefined || valid === undefined || valid.length === 0) return undefined
  if (intersectAudiences(audiences, valid).length > 0) return undefined
  return 'the credential is not valid for the audiences of this server'
}
