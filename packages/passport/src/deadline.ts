import { type AuthenticationError, type Clock, unavailable } from '@kube-authn/core'

/** The longest somebody may take, and by which clock. */
export interface Deadline {
  readonly seconds: number
  readonly clock: Clock
}

/** Calls back once the time has passed, with what then is to be said; the returned function calls it off. */
export function whenLate(
  { seconds, clock }: Deadline,
  who: string,
  callback: (error: AuthenticationError) => void,
): () => void {
  return clock.after(seconds * 1000, () => callback(unavailable(`${who} did not answer within ${seconds} s`)))
}

/** What is wrong with such a time; `undefined` when nothing is. */
export function problemWithSeconds(seconds: unknown): string | undefined {
  const isRight = typeof seconds === 'number' && Number.isFinite(seconds) && seconds > 0
  return isRight ? undefined : 'must be a number of seconds above 0'
}
