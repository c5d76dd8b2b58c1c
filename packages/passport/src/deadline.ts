import { type Clock, unavailable, type Authenticator, type UserInfo } from '@kube-authn/core'
import { defined, isPromiseLike, isUnauthenticated } from '@kube-authn/core/internal'

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

/**
 * Wraps an authenticator: with a deadline, and without opinion instead of `system:anonymous` if another strategy may authenticate the request, that
 * is with an `Authorization` header, or always if `anonymous` is `false`.
 *
 * Passport tries strategies in order and the first success wins, so `system:anonymous` must not succeed if the next strategy might know the
 * credential.
 *
 * @param anonymous whether anonymous users are allowed.
 *
 * Deviation: in Kubernetes a request with an unsupported kind of credential is anonymous (`docs/deviations.md`, anonymous in Passport).
 */
export function guarded(authenticator: Authenticator, deadline: Deadline, anonymous: boolean): Authenticator {
  const { name, credentials, audiences } = authenticator
  return {
    name,
    ...defined({ credentials, audiences }),
    authenticate(request, context) {
      const answer = authenticator.authenticate(request, context)
      const mayBeAnonymous = anonymous && request.headers.first('authorization') === undefined
      const heard = (given: Answer): Answer => (mayBeAnonymous ? given : unlessAnonymous(given))
      return isPromiseLike(answer) ? inTime(answer, deadline, name).then(heard) : heard(answer)
    },
  }
}

const BLANK_USER: UserInfo = { username: '', uid: '', groups: [], extra: {} }

type Answer = Awaited<ReturnType<Authenticator['authenticate']>>

function unlessAnonymous(answer: Answer): Answer {
  // The core validates the user.
  return answer !== undefined && isUnauthenticated({ ...BLANK_USER, ...answer.user }) ? undefined : answer
}
