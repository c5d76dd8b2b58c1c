import type { Context } from '../authenticator/context.ts'
import { RecurringAnswer } from '../authenticator/recurring-answer.ts'
import { NotedToken, type TokenDigest } from '../authenticator/token-digest.ts'
import { isUnauthenticated } from '../authenticator/user.ts'
import { CredentialInUse } from './credential-in-use.ts'
import type { Revocations } from './revocations.ts'

/** A credential that recurs, with the answer to requests that have it. */
export interface RecurringCredential {
  readonly credential: CredentialInUse
  readonly answer: RecurringAnswer
}

/** The credentials of answers that recur. */
export interface Recurring {
  readonly revocations: Revocations
  /**
   * The same object for every request with this answer and token, so that nothing is made anew.
   *
   * @param token the only token of the request, if it has one.
   * @returns `undefined` if it does not recur: the answer may be for other tokens too, or no credential was used.
   */
  of(answer: RecurringAnswer, token: string | undefined, context: Context): RecurringCredential | undefined
}

/** What is kept in an answer. */
interface Kept {
  keeper: TokenDigest | undefined
  known: RecurringCredential | undefined
}

/** Remembers credentials in the answers themselves. Of a token only the digest is kept. */
export function recurringCredentials(revocations: Revocations): Recurring {
  const keptIn = RecurringAnswer.concluding((): Kept => ({ keeper: undefined, known: undefined }))
  return {
    revocations,
    of(answer, token, context) {
      const keeper = token === undefined ? undefined : NotedToken.keeperOf(context, token)
      if (token !== undefined && keeper === undefined) return undefined
      const kept = keptIn(answer)
      if (kept.known === undefined || kept.keeper !== keeper) {
        if (isUnauthenticated(answer.user)) return undefined
        const credential = new CredentialInUse(revocations, answer.user, answer, token, keeper)
        // The token itself is not kept.
        void credential.tokenDigests
        kept.keeper = keeper
        kept.known = { credential, answer: new RecurringAnswer(answer, { revocation: credential }) }
      }
      return kept.known
    },
  }
}
