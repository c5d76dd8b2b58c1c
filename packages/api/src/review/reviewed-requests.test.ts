import { type Context, userInfo, type AuthenticationRequest } from '@kube-authn/core'
import { allow, type Authorizer } from '@kube-authn/core/authorization'
import { incomingMessageRequest } from '@kube-authn/core/adapter'
import { unlessRevoked, revocationList } from '@kube-authn/core/revocation'
import { describe, expect, it, vi } from 'vitest'
import { jane, knows, request, tokens } from '../../../testing/test/fakes.ts'
import { sent } from '../../test/review-requests.ts'
import { handleReviews, handleTokenReviews } from '../index.ts'

interface Signals {
  readonly signal: AbortSignal
}

/** A context whose signal is made when it is read, as adapters have it. */
function client(): { readonly context: Signals; readonly wasRead: () => boolean } {
  let controller: AbortController | undefined
  return {
    context: {
      get signal() {
        controller ??= new AbortController()
        return controller.signal
      },
    },
    wasRead: () => controller !== undefined,
  }
}

const policy = (see: (context: Context) => void): Authorizer => ({
  name: 'policy',
  authorize(_, context) {
    see(context)
    return allow()
  },
})
const ofTokens = (see: (context: Context) => void) => ({
  name: 'mine',
  authenticateToken(_: string, context: Context) {
    see(context)
    return { user: jane }
  },
})
const tokenReview = sent({
  apiVersion: 'authentication.k8s.io/v1',
  kind: 'TokenReview',
  spec: { token: 't', audiences: ['api'] },
})
const atItsPath = {
  ...tokenReview.request,
  method: 'POST',
  path: '/apis/authentication.k8s.io/v1/tokenreviews',
  query: '',
  headers: tokenReview.request.headers,
}
const withUser = (context: Signals) => ({
  user: jane,
  get signal() {
    return context.signal
  },
})

type Ask = (see: (context: Context) => void, context: Signals) => unknown

describe('the signal of a request', () => {
  it.each<[string, Ask]>([
    [
      'an authenticator of a TokenReview webhook',
      (see, context) => handleTokenReviews([ofTokens(see)])(tokenReview.request, tokenReview.body, context),
    ],
    [
      'an authenticator of the tokens of reviews',
      (see, context) =>
        handleReviews(
          policy(() => {}),
          { tokens: [ofTokens(see)] },
        )(atItsPath, tokenReview.body, withUser(context)),
    ],
    [
      'the authorizer of reviews',
      (see, context) =>
        handleReviews(policy(see), { tokens: [ofTokens(() => {})] })(
          atItsPath,
          tokenReview.body,
          withUser(context),
        ),
    ],
  ])('is the one that the adapter gave, for %s', async (_, ask) => {
    const { context } = client()
    const seen: (AbortSignal | undefined)[] = []
    await ask(({ signal }) => seen.push(signal), context)
    expect(seen.length).toBeGreaterThan(0)
    expect(new Set(seen)).toEqual(new Set([context.signal]))
  })

  it('is not made for a request that is no review', () => {
    const { context, wasRead } = client()
    expect(handleReviews(policy(() => {}))(request(), tokenReview.body, context)).toBeUndefined()
    expect(wasRead()).toBe(false)
  })
})

describe('a request of which headers are missing', () => {
  const deputy = userInfo({ username: 'deputy', groups: ['system:authenticated', 'system:masters'] })
  const body = (): never => {
    throw new Error('the body was read')
  }
  const everything: Authorizer = { name: 'everything', authorize: vi.fn(() => allow()) }
  const known = { name: 'tokens', authenticateToken: vi.fn(() => ({ user: deputy })) }
  const cut = (path = '/'): AuthenticationRequest =>
    incomingMessageRequest({
      method: 'POST',
      url: path,
      rawHeaders: ['Authorization', 'Bearer deputy', ...Array.from({ length: 2000 }, () => 'B')],
      headers: { authorization: 'Bearer deputy', b: 'B' },
      httpVersionMajor: 1,
    })

  it.each([
    {
      by: 'handleReviews',
      decide: () =>
        handleReviews(everything, { tokens: [known] })(
          cut('/apis/authentication.k8s.io/v1/tokenreviews'),
          body,
          { user: deputy },
        ),
    },
    {
      by: 'handleReviews at another path',
      decide: () => handleReviews(everything)(cut('/other'), body, { user: deputy }),
    },
    { by: 'handleTokenReviews', decide: () => handleTokenReviews([known])(cut(), body) },
  ])('is a 431 of $by, which asks no authenticator', async ({ decide }) => {
    const answer = await decide()
    expect(answer).toMatchObject({ status: 431, headers: { 'content-type': 'application/json' } })
    expect(JSON.parse(answer?.content ?? '')).toMatchObject({ kind: 'Status', code: 431 })
    expect(everything.authorize).not.toHaveBeenCalled()
    expect(known.authenticateToken).not.toHaveBeenCalled()
  })
})

it('a TokenReview of a revoked token is not authenticated', async () => {
  const list = revocationList()
  list.set('one', { user: 'jane' })
  const handle = handleTokenReviews([unlessRevoked(list, tokens(knows(jane)))])
  const answer = await handle(tokenReview.request, tokenReview.body)
  expect(answer.status).toBe(200)
  expect(JSON.parse('content' in answer ? answer.content : '')).toMatchObject({
    status: { authenticated: false },
  })
})
