import type { Authentication } from '../authenticator.ts'
import type { Context } from '../context.ts'
import { aggregate } from '../errors.ts'
import { type Deciding, isAnswer, isLater, type Opinion, Refused } from '../opinion.ts'
import { keepRefuser } from '../refusers.ts'

/** Asks one authenticator about a credential. It never throws and never rejects. */
export type Ask<A, Credential> = (authenticator: A, credential: Credential, context: Context) => Deciding

/**
 * Asks authenticators in order, as `union` does or, with `failsFast`, as `failFast` does.
 *
 * @param change changes the answer.
 */
export function firstOpinion<A, Credential>(
  authenticators: readonly A[],
  ask: Ask<A, Credential>,
  failsFast: boolean,
  change?: (answer: Authentication) => Authentication,
): (credential: Credential, context: Context) => Deciding {
  const askFrom = (
    credential: Credential,
    context: Context,
    start = 0,
    before: readonly Refused[] = NONE,
  ): Deciding => {
    let errors = before
    for (let index = start; index < authenticators.length; index++) {
      // The loop checks the bound, and an authenticator is never undefined.
      const opinion = ask(authenticators[index] as A, credential, context)
      if (opinion === undefined) continue
      if (isLater(opinion)) return askLater(opinion, credential, context, index + 1, errors)
      if (isAnswer(opinion)) return change === undefined ? opinion : change(opinion)
      keepRefuser(opinion.error, authenticators[index])
      if (failsFast) return opinion
      errors = errors.length === 0 ? [opinion] : [...errors, opinion]
      if (opinion.error.isFinal) break
    }
    return sumOf(errors)
  }

  // A separate function, so that synchronous decisions create no closures.
  const askLater = async (
    opinion: Promise<Opinion>,
    credential: Credential,
    context: Context,
    start: number,
    errors: readonly Refused[],
  ): Promise<Opinion> => {
    const late = await opinion
    if (late === undefined) return askFrom(credential, context, start, errors)
    if (!(late instanceof Refused)) return change === undefined ? late : change(late)
    keepRefuser(late.error, authenticators[start - 1])
    if (failsFast) return late
    const all = [...errors, late]
    return late.error.isFinal ? sumOf(all) : askFrom(credential, context, start, all)
  }

  return askFrom
}

const NONE: readonly Refused[] = Object.freeze([])

function sumOf(errors: readonly Refused[]): Refused | undefined {
  const [first] = errors
  if (first === undefined) return undefined
  if (errors.length === 1 && first.error.errors.length === 0) return first
  return new Refused(aggregate(errors.map(({ error }) => error)))
}
