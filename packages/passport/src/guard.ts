import { type Authenticator, isPromiseLike, isUnauthenticated, type UserInfo } from '@kube-authn/core'
import { type Deadline, inTime } from './deadline.ts'

/** What Passport asks of an authenticator beyond Kubernetes. */
export interface GuardOptions {
  readonly deadline: Deadline
  /** Whether anybody may be anonymous. */
  readonly anonymous: boolean
}

/**
 * The same authenticator, except that it answers in time, and that it has no opinion where it would take a request for anonymous
 * that somebody else may know: one with an `Authorization` header, or any at all.
 *
 * Passport asks strategies in order and the first success wins, so `system:anonymous` must not be one as long as there is a
 * credential that the next strategy might know.
 *
 * Deviation: in Kubernetes a credential of a kind that nobody knows is anonymous (`docs/deviations.md`, anonymous in Passport).
 */
export function guarded(authenticator: Authenticator, { deadline, anonymous }: GuardOptions): Authenticator {
  const { name, credentials, audiences } = authenticator
  return {
    name,
    ...(credentials !== undefined && { credentials }),
    ...(audiences !== undefined && { audiences }),
    authenticate(request, context) {
      const answer = authenticator.authenticate(request, context)
      const mayBeAnonymous = anonymous && request.headers.first('authorization') === undefined
      const heard = (given: Answer): Answer => (mayBeAnonymous ? given : unlessAnonymous(given))
      return isPromiseLike(answer) ? inTime(answer, deadline, name).then(heard) : heard(answer)
    },
  }
}

const NOBODY: UserInfo = { username: '', uid: '', groups: [], extra: {} }

type Answer = Awaited<ReturnType<Authenticator['authenticate']>>

function unlessAnonymous(answer: Answer): Answer {
  // Whether it is a user at all is for the core to say.
  return answer !== undefined && isUnauthenticated({ ...NOBODY, ...answer.user }) ? undefined : answer
}
