import { type Clock, unavailable } from '@kube-authn/core'

/** A time limit and its clock. */
export interface Deadline {
  readonly seconds: number
  readonly clock: Clock
}

/** Resolves as `answer` does, or rejects with `unavailable` after the time limit. Leaves no timer behind. */
export function inTime<T>(answer: PromiseLike<T>, { seconds, clock }: Deadline, who: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = (): void => reject(unavailable(`${who} did not answer within ${seconds} s`))
    const cancel = clock.after(seconds * 1000, late)
    void Promise.resolve(answer).then(resolve, reject).then(cancel)
  })
}

/** The maximum of such a limit: a day. */
export const MAX_TIMEOUT_SECONDS = 86_400
