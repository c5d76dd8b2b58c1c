import { fakeRequest } from '@kube-authn/testing'
import { alwaysAllow } from '@kube-authn/core/authorization'
import { handleReviews } from '@kube-authn/api'
import { userInfo } from '@kube-authn/core'
import { type Behaviour, scripted } from '../behaviour.ts'
import { DEVIATES_AS_DOCUMENTED, type UnitRunner } from '../vector.ts'
import { BEHAVIOUR, reading } from '../reading.ts'

/** Area H: the TokenReview endpoint. */
export const tokenReviews: Readonly<Record<string, UnitRunner>> = {
  'tokenreview-endpoint': reading(
    {
      given: ['api_audiences', { spec: 'token audiences', authenticator: BEHAVIOUR }],
      expect: 'status text_contains json_status audiences_seen token_authenticator_called',
    },
    async ({ given }) => {
      const { authenticateToken, calls } = scripted(given['authenticator'] as Behaviour)
      const audiences = (given['api_audiences'] ?? []) as readonly string[]
      const handle = handleReviews(alwaysAllow(), {
        // Vectors describe the complete authenticator, which supports audiences.
        tokens: [{ name: 'scripted', audienceAware: true, authenticateToken }],
        ...(audiences.length > 0 && { audiences }),
      })
      const request = fakeRequest({ method: 'POST', url: '/apis/authentication.k8s.io/v1/tokenreviews' })
      const body = new TextEncoder().encode(JSON.stringify({ spec: given['spec'] }))
      const answer = await handle(request, () => Promise.resolve(body), {
        user: userInfo({ username: 'delegator' }),
      })
      const object = JSON.parse(answer?.content ?? '') as Record<string, unknown>
      if (given.deviation === 'L.7' && answer?.content.includes('system:anonymous') === false) {
        return DEVIATES_AS_DOCUMENTED
      }
      return {
        status: answer?.status,
        audiences_seen: calls[0]?.context.audiences,
        token_authenticator_called: calls.length > 0,
        text_contains: object['message'],
        json_status: withoutOwnError(object['status'], given['authenticator'] as Behaviour),
      }
    },
  ),
}

/**
 * The vectors have the content of a status, without the empty user of the JSON. They script the complete authenticator including bearer tokens, which
 * adds the error for an unknown token.
 */
function withoutOwnError(status: unknown, { returns }: Behaviour): unknown {
  if (typeof status !== 'object' || status === null || !('authenticated' in status)) return status
  if (status.authenticated === true) return status
  const { user, error, ...rest } = status as Readonly<Record<string, unknown>>
  if (JSON.stringify(user) !== '{}') return status
  const isAdded = returns === 'no-opinion' && error === 'invalid bearer token'
  return isAdded ? rest : { ...rest, error }
}
