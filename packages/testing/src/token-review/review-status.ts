import { intersectAudiences, isAuthenticationError } from '@kube-authn/core/internal'
import type { TokenAuthenticator, UserInfo } from '@kube-authn/core'
import type { ReceivedReview } from './read-review.ts'

/** The status of a TokenReview. */
export interface ReviewStatus {
  readonly authenticated: boolean
  readonly user?: Pick<UserInfo, 'username'> & Partial<UserInfo>
  readonly audiences?: readonly string[]
  readonly error?: string
}

/** The status for the result of an authenticator; `undefined` if it failed. */
export async function reviewStatus(
  answer: TokenAuthenticator['authenticateToken'],
  { token, audiences: wanted }: ReceivedReview,
  signal: AbortSignal,
): Promise<ReviewStatus | undefined> {
  try {
    const found = await answer(token, { signal, ...(wanted !== undefined && { audiences: wanted }) })
    if (found === undefined) return { authenticated: false }
    const { user, audiences: own } = found
    if (wanted === undefined || own === undefined) return { authenticated: true, user: userOf(user) }
    const audiences = intersectAudiences(own, wanted)
    if (audiences.length === 0) return { authenticated: false }
    return { authenticated: true, user: userOf(user), audiences }
  } catch (error) {
    const isRejected = isAuthenticationError(error) && error.code === 'rejected'
    return isRejected ? { authenticated: false, error: error.message } : undefined
  }
}

/** Empty members are omitted, as in Go. */
function userOf({ username, uid, groups, extra }: UserInfo): NonNullable<ReviewStatus['user']> {
  return {
    username,
    ...(uid !== '' && { uid }),
    ...(groups.length > 0 && { groups }),
    ...(Object.keys(extra).length > 0 && { extra }),
  }
}
