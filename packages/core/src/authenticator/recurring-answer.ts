import type { Authentication, HeaderChanges } from './authenticator.ts'
import type { CredentialRevocation } from './credential-revocation.ts'
import { TokenDigest } from './token-digest.ts'
import type { UserInfo } from './user.ts'

/**
 * An answer for every request with the same token, with a user that {@link userInfo} made. It is frozen, so what follows from it is made
 * once and kept in it: a request with a known token creates no objects for its answer.
 */
export class RecurringAnswer extends TokenDigest implements Authentication {
  readonly user: UserInfo
  readonly consumed?: HeaderChanges
  readonly revocation?: CredentialRevocation
  #by: object | undefined
  #conclusion: unknown
  /** Who concluded the answer itself. */
  #keptBy: object | undefined

  constructor(user: UserInfo, consumed?: HeaderChanges, revocation?: CredentialRevocation) {
    super()
    this.user = user
    if (consumed !== undefined) this.consumed = consumed
    if (revocation !== undefined) this.revocation = revocation
    Object.freeze(this)
  }

  /**
   * Remembers what `conclude` returns, in the answers that recur. An answer keeps one conclusion, that of the first caller, besides
   * itself: nearly every answer is used in one chain.
   *
   * @param conclude must depend on nothing but the answer.
   */
  static concluding<T>(conclude: (answer: Authentication) => T): (answer: Authentication) => T {
    return function concluded(answer) {
      if (!(#by in answer)) return conclude(answer)
      // Only this function stores conclusions under itself as the key.
      if (answer.#by === concluded) return answer.#conclusion as T
      if (answer.#keptBy === concluded) return answer as T
      const conclusion = conclude(answer)
      if (conclusion === answer) answer.#keptBy ??= concluded
      else if (answer.#by === undefined) {
        answer.#by = concluded
        answer.#conclusion = conclusion
      }
      return conclusion
    }
  }
}
