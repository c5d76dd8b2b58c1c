import { type Awaitable, isPromiseLike, promiseOf } from '../../internal/awaitable.ts'
import type { Context } from '../context.ts'
import { aggregate } from '../errors.ts'
import { type Opinion, Refused } from '../opinion.ts'

/** Asks one authenticator about a credential. It never throws. */
export type Ask<A, Credential> = (
  authenticator: A,
  credential: Credential,
  context: Context,
) => Awaitable<Opinion>

/** Asks authenticators in order, as `union` does or, with `failsFast`, as `failFast` does. */
export function firstOpinion<A, Credential>(
  authenticators: readonly A[],
  ask: Ask<A, Credential>,
  credential: Credential,
  context: Context,
  failsFast: boolean,
  start = 0,
  before: readonly Refused[] = NONE,
): Awaitable<Opinion> {
  let errors = before
  for (let index = start; index < authenticators.length; index++) {
    // The loop checks the bound, and an authenticator is never undefined.
    const opinion = ask(authenticators[index] as A, credential, context)
    if (isPromiseLike(opinion)) {
      const next = { authenticators, ask, credential, context, failsFast, start: index + 1, errors }
      return firstOpinionLater(promiseOf(opinion), next)
    }
    if (opinion === undefined) continue
    if (failsFast || !(opinion instanceof Refused)) return opinion
    errors = errors.concat(opinion)
    if (opinion.error.isFinal) break
  }
  return sumOf(errors)
}

/** A separate function, so that synchronous decisions create no closures. */
async function firstOpinionLater<A, Credential>(
  opinion: Promise<Opinion>,
  next: {
    readonly authenticators: readonly A[]
    readonly ask: Ask<A, Credential>
    readonly credential: Credential
    readonly context: Context
    readonly failsFast: boolean
    readonly start: number
    readonly errors: readonly Refused[]
  },
): Promise<Opinion> {
  const late = await opinion
  const { authenticators, ask, credential, context, failsFast, start, errors } = next
  if (late === undefined)
    return firstOpinion(authenticators, ask, credential, context, failsFast, start, errors)
  if (failsFast || !(late instanceof Refused)) return late
  const all = [...errors, late]
  if (late.error.isFinal) return sumOf(all)
  return firstOpinion(authenticators, ask, credential, context, failsFast, start, all)
}

const NONE: readonly Refused[] = Object.freeze([])

function sumOf(errors: readonly Refused[]): Refused | undefined {
  const [first] = errors
  if (first === undefined) return undefined
  if (errors.length === 1 && first.error.errors.length === 0) return first
  return new Refused(aggregate(errors.map(({ error }) => error)))
}
