import type { Authentication, HeaderChanges } from './authenticator.ts'
import type { CredentialRevocation } from './credential-revocation.ts'
import { isMarkedSound } from './sound.ts'
import { TokenDigest } from './token-digest.ts'
import type { UserInfo } from './user.ts'

/** What an authenticator says. */
type Members = Omit<Authentication, 'requester'>

/**
 * An answer for every request with the same credential, with a user that {@link userInfo} made. It is frozen, so what follows from it is made
 * once and kept in it: a request with a known credential creates no objects for its answer.
 */
export class RecurringAnswer extends TokenDigest implements Members {
  readonly user: UserInfo
  readonly audiences?: readonly string[]
  readonly expiresAtMs?: number
  readonly issuedAtMs?: number
  readonly certificateId?: string
  readonly consumed?: HeaderChanges
  readonly revocation?: CredentialRevocation
  #by: object | undefined
  #conclusion: unknown
  /** Who concluded the answer itself. */
  #keptBy: object | undefined

  /** @param change what is otherwise than in the answer. */
  constructor(answer: Members, change?: Partial<Members>) {
    const { user, audiences, expiresAtMs, issuedAtMs, certificateId, consumed, revocation } =
      change === undefined ? answer : { ...answer, ...change }
    super()
    this.user = user
    if (audiences !== undefined) this.audiences = audiences
    if (expiresAtMs !== undefined) this.expiresAtMs = expiresAtMs
    if (issuedAtMs !== undefined) this.issuedAtMs = issuedAtMs
    if (certificateId !== undefined) this.certificateId = certificateId
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

/** An answer that is remembered, as one that recurs; unchanged if it has more than an authenticator says, or a user that may change. */
export function recurring(answer: Authentication): Authentication {
  if (answer instanceof RecurringAnswer || !isMarkedSound(answer.user)) return answer
  const made = new RecurringAnswer(answer)
  return Object.keys(answer).every((name) => Object.hasOwn(made, name)) ? made : answer
}
