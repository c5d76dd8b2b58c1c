import { describe, expect, it } from 'vitest'
import {
  type Answer,
  fails,
  fixedClock,
  jane,
  knows,
  later,
  noOpinion,
  tokens,
} from '../../../testing/test/fakes.ts'
import { fetchBody } from '@kube-authn/core/internal'
import { webhookAuthenticator, type WebhookAuthenticatorOptions } from '@kube-authn/core/remote'
import { fetchRequest, responseOf } from '@kube-authn/core/adapter'
import { rejected, type TokenAuthenticator, unavailable, userInfo } from '@kube-authn/core'
import { handleTokenReviews, type HandleTokenReviewsOptions } from './handle-token-reviews.ts'

/** The suite's own client, which calls the webhook as kube-apiserver does. */
function through(
  authenticator: TokenAuthenticator,
  server: HandleTokenReviewsOptions = {},
  client: Partial<WebhookAuthenticatorOptions> = {},
): TokenAuthenticator {
  const handle = handleTokenReviews([authenticator], server)
  return webhookAuthenticator({
    url: 'https://authn.example.com/authenticate',
    ttlSeconds: 0,
    maxAttempts: 1,
    clock: fixedClock(),
    fetch: async (url, { method, headers, body }) => {
      const request = new Request(url, { method, headers, body })
      return responseOf(await handle(fetchRequest(request), fetchBody(request)))
    },
    ...client,
  })
}

const whole = userInfo({
  username: 'jörg "the" 1st',
  uid: '42',
  groups: ['a', 'b, c', ''],
  extra: JSON.parse('{"__proto__":["x"],"scopes":["y","z"]}') as Record<string, string[]>,
})

describe.each(['v1', 'v1beta1'] as const)('a token webhook of ours, asked in %s by ours', (version) => {
  it('hands on every part of a user', async () => {
    const answer = await through(tokens(later(knows(whole))), {}, { version }).authenticateToken('t', {})
    expect(answer?.user).toEqual(whole)
    expect(Object.keys(answer?.user.extra ?? {})).toEqual(['__proto__', 'scopes'])
  })

  it.each<readonly [what: string, answer: Answer, outcome: unknown]>([
    ['no opinion', noOpinion, undefined],
    ['a bad token', fails(rejected('it is over')), 'rejected'],
    ['an outage', fails(unavailable('it is down')), 'unavailable'],
    ['a fault', fails(new TypeError('broken')), 'unavailable'],
  ])('hands on %s as what it is', async (_, answer, outcome) => {
    const client = through(tokens(answer), {}, { version })
    const result = await Promise.resolve(client.authenticateToken('t', {})).catch(
      (error: unknown) => (error as { readonly code: unknown }).code,
    )
    expect(result).toBe(outcome)
  })
})

describe('audiences between a webhook of ours and a client of ours', () => {
  const asking = { implicitAudiences: ['api'] }

  it.each([
    [
      'are those of the client where the webhook is not aware of any',
      {},
      tokens(knows(jane)),
      ['api'],
      ['api'],
    ],
    [
      'are those of the webhook where it has some',
      { audiences: ['api'] },
      tokens(knows(jane)),
      ['api', 'x'],
      ['api'],
    ],
    [
      'are those of the token where an authenticator knows them',
      {},
      { ...tokens(knows(jane, { audiences: ['x'] })), audienceAware: true },
      ['api', 'x'],
      ['x'],
    ],
    ['must be among those of the webhook', { audiences: ['other'] }, tokens(knows(jane)), ['api'], undefined],
    ['must be among those of the client', {}, tokens(knows(jane)), ['x'], undefined],
  ])('%s', async (_, server, authenticator, requested, audiences) => {
    const answer = await through(authenticator, server, asking).authenticateToken('t', {
      audiences: requested,
    })
    expect(answer?.audiences).toEqual(audiences)
  })
})
