import type { Context } from '../context.ts'
import { aggregate } from '../errors.ts'
import { type Deciding, type Opinion, Refused } from '../opinion.ts'

/** Asks one authenticator about a credential. It never throws and never rejects. */
export type Ask<A, Credential> = (authenticator: A, credential: Credential, context: Context) => Deciding

/** Asks authenticators in order, as `union` does or, with `failsFast`, as `failFast` does. */
export function firstOpinion<A, Credential>(
  authenticators: readonly A[],
  ask: Ask<A, Credential>,
  failsFast: boolean,
): (credential: Credential, context: Context) => Deciding {
  const askFrom = (
    start: number,
    before: readonly Refused[],
    credential: Credential,
    context: Context,
  ): Deciding => {
    let errors = before
    for (let index = start; index < authenticators.length; index++) {
      // The loop checks the bound, and an authenticator is never undefined.
      const opinion = ask(authenticators[index] as A, credential, context)
      if (opinion instanceof Promise) return askLater(opinion, index + 1, errors, credential, context)
      if (opinion === undefined) continue
      if (failsFast || !(opinion instanceof Refused)) return opinion
      errors = errors.concat(opinion)
      if (opinion.error.isFinal) break
    }
    return sumOf(errors)
  }

  // A separate function, so that synchronous decisions create no closures.
  const askLater = async (
    opinion: Deciding,
    start: number,
    errors: readonly Refused[],
    credential: Credential,
    context: Context,
  ): Promise<Opinion> => {
    const late = await opinion
    if (late === undefined) return askFrom(start, errors, credential, context)
    if (failsFast || !(late instanceof Refused)) return late
    const all = [...errors, late]
    return late.error.isFinal ? sumOf(all) : askFrom(start, all, credential, context)
  }

  return (credential, context) => askFrom(0, NONE, credential, context)
}

const NONE: readonly Refused[] = Object.freeze([])

function sumOf(errors: readonly Refused[]): Refused | undefined {
  const [first] = errors
  if (first === undefined) return undefined
  if (errors.length === 1 && first.error.errors.length === 0) return first
  return new Refused(aggregate(errors.map(({ error }) => error)))
}
