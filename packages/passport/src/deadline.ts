import { type Clock, unavailable } from '@kube-authn/core'

/** The longest somebody may take, and by which clock. */
export interface Deadline {
  readonly seconds: number
  readonly clock: Clock
}

/** An answer, if it comes in time; otherwise nobody knows. Leaves no timer behind. */
export function inTime<T>(answer: PromiseLike<T>, { seconds, clock }: Deadline, who: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = (): void => reject(unavailable(`${who} did not answer within ${seconds} s`))
    const callOff = clock.after(seconds * 1000, late)
    void Promise.resolve(answer).then(resolve, reject).then(callOff)
  })
}

/** What is wrong with such a time; `undefined` when nothing is. */
export function problemWithSeconds(seconds: unknown): string | undefined {
  const isRight = typeof seconds === 'number' && Number.isFinite(seconds) && seconds > 0
  return isRight ? undefined : 'must be a number of seconds above 0'
}
