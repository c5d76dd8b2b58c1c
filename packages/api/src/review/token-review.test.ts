import { describe, expect, it } from 'vitest'
import {
  type Answer,
  bob,
  fails,
  jane,
  knows,
  later,
  noOpinion,
  thrownBy,
  tokens,
} from '../../../testing/test/fakes.ts'
import {
  authenticatedGroup,
  type Authentication,
  emptyContext,
  rejected,
  type TokenAuthenticator,
  unavailable,
  userInfo,
} from '@kube-authn/core'
import { isPromiseLike } from '@kube-authn/core/internal'
import { tokenReviewer, type TokenReviewStatus } from './token-review.ts'

interface Asking {
  readonly audiences?: readonly string[]
  readonly requested?: readonly string[]
  readonly token?: string
}

async function review(
  authenticators: readonly TokenAuthenticator[],
  { audiences, requested = [], token = 't' }: Asking = {},
): Promise<TokenReviewStatus> {
  return tokenReviewer(authenticators, audiences, 'status')(token, requested, emptyContext)
}

const aware = (answer: Answer) => ({
  ...tokens(answer),
  audienceAware: true,
})
const JANE = { authenticated: true, user: { username: 'jane', uid: '1', groups: ['developers'] } }

describe.each<readonly [when: string, when: (answer: Answer) => Answer]>([
  ['at once', (answer) => answer],
  ['later', later],
])('tokenReviewer, where it is known %s', (_, when) => {
  it('tells the user', async () => {
    expect(await review([tokens(when(knows(jane)))])).toEqual(JANE)
  })

  it('tells every part of a user, and leaves out what is empty', async () => {
    const extra = JSON.parse('{"__proto__":["a"],"k":["b","c"]}') as Record<string, string[]>
    const { user } = await review([tokens(when(knows(userInfo({ username: 'x', extra }))))])
    expect(JSON.stringify(user)).toBe('{"username":"x","extra":{"__proto__":["a"],"k":["b","c"]}}')
  })

  it('asks authenticators in order until one recognizes the token', async () => {
    const last = tokens(when(knows(jane)))
    const answer = await review([tokens(when(noOpinion)), tokens(when(knows(bob))), last])
    expect(answer.user).toEqual({ username: 'bob', uid: '2' })
    expect(last.calls).toEqual([])
  })

  it.each([
    ['no authenticator has an opinion', noOpinion, { authenticated: false }],
    ['the token is bad', fails(rejected('it is over')), { authenticated: false, error: 'it is over' }],
    [
      'the check could not be made',
      fails(unavailable('it is down')),
      { authenticated: false, error: 'it is down' },
    ],
    [
      'the authenticator is broken',
      fails(new TypeError('secret')),
      { authenticated: false, error: 'Internal error occurred: authentication failed unexpectedly' },
    ],
    [
      'the user has no name',
      knows(userInfo({ username: '' })),
      { authenticated: false, error: 'the user has no name' },
    ],
    [
      'the user is malformed',
      () => ({ user: { username: 'x', groups: 'admins' } }) as unknown as Authentication,
      { authenticated: false, error: 'Internal error occurred: authentication failed unexpectedly' },
    ],
    [
      'the answer is malformed',
      () => 'jane' as unknown as Authentication,
      { authenticated: false, error: 'Internal error occurred: authentication failed unexpectedly' },
    ],
  ])('authenticates no user if %s', async (_what, answer, status) => {
    expect(await review([tokens(when(answer))])).toEqual(status)
  })

  it.each([
    ['name', { username: 'a\udc80' }],
    ['uid', { username: 'x', uid: '\udc80' }],
    ['group', { username: 'x', groups: ['a', '\ud800'] }],
    ['key of an extra field', { username: 'x', extra: { '\udc80': ['a'] } }],
    ['value of an extra field', { username: 'x', extra: { a: ['b', '\udc80'] } }],
  ])('rejects a user whose %s is not Unicode', async (_what, user) => {
    expect(await review([tokens(when(knows(userInfo(user))))])).toEqual({
      authenticated: false,
      error: 'the user has a name, group or extra field that is not Unicode',
    })
  })

  it.each([
    ['the server is not aware of audiences', undefined, [], knows(jane), JANE],
    ['nor is what knows the token, whatever is asked for', undefined, ['a'], knows(jane), JANE],
  ])('tells no audience where %s', async (_what, audiences, requested, answer, status) => {
    const asking = { requested, ...(audiences !== undefined && { audiences }) }
    expect(await review([tokens(when(answer))], asking)).toEqual(status)
  })

  it.each([
    ['those of the server', ['api', 'b'], [], ['api', 'b']],
    ['those of the server that are asked for', ['api', 'b'], ['x', 'b'], ['b']],
  ])('tells %s for who knows nothing of audiences', async (_what, audiences, requested, told) => {
    expect(await review([tokens(when(knows(jane)))], { audiences, requested })).toEqual({
      ...JANE,
      audiences: told,
    })
  })

  it('does not ask who knows nothing of audiences for others than those of the server', async () => {
    const authenticator = tokens(when(knows(jane)))
    expect(await review([authenticator], { audiences: ['api'], requested: ['x'] })).toEqual({
      authenticated: false,
    })
    expect(authenticator.calls).toEqual([])
  })

  it.each([
    ['what is asked for', ['api'], ['a', 'b'], ['a', 'b']],
    ['those of the server where nothing is', ['api'], [], ['api']],
    ['what is asked for on a server that is not aware', undefined, ['a'], ['a']],
    ['nothing on a server that is not aware', undefined, [], undefined],
  ])('asks who knows of audiences for %s', async (_what, audiences, requested, asked) => {
    const authenticator = aware(when(knows(jane, { audiences: ['a', 'api'] })))
    const answer = await review([authenticator], { requested, ...(audiences !== undefined && { audiences }) })
    expect(answer).toEqual({ ...JANE, audiences: ['a', 'api'] })
    expect(authenticator.calls[0]?.context.audiences).toEqual(asked)
  })

  it.each([
    ['for other audiences', undefined, ['a'], ['b']],
    ['for other audiences than those of the server', ['api'], [], ['b']],
    ['for none, where the server is aware of them', ['api'], ['a'], undefined],
    ['for an empty list, where the server is aware of them', ['api'], ['a'], []],
    ['for one that differs in case', ['api'], [], ['API']],
  ])('is a 500 when a token was accepted %s', async (_what, audiences, requested, valid) => {
    const answer = when(knows(jane, valid === undefined ? {} : { audiences: valid }))
    const asking = { requested, ...(audiences !== undefined && { audiences }) }
    expect(await thrownBy(() => review([aware(answer)], asking))).toMatchObject({
      status: 500,
      message: 'Internal error occurred: error validating audiences',
    })
  })

  it('takes those who set audiences without being aware of them for broken', async () => {
    const answer = when(knows(jane, { audiences: ['api'] }))
    expect(await review([tokens(answer)], { audiences: ['api'] })).toEqual({
      authenticated: false,
      error: 'tokens is not audience agnostic: it set audiences by itself',
    })
  })
})

describe('tokenReviewer', () => {
  it('answers synchronously if all authenticators do', () => {
    const status = tokenReviewer([tokens(knows(jane))], undefined, 'status')('t', [], emptyContext)
    expect(isPromiseLike(status)).toBe(false)
  })

  it.each([' t', 't ', 't t', '\t', 'Bearer t', '\u0000', 'a'.repeat(65_536)])(
    'hands on a token as it is, and never takes it for no token at all: %j',
    async (token) => {
      const authenticator = tokens(noOpinion)
      expect(await review([authenticator], { token })).toEqual({ authenticated: false })
      expect(authenticator.calls[0]?.token).toBe(token)
    },
  )

  it('refuses a token that is longer than any, unasked', async () => {
    const authenticator = tokens(knows(jane))
    expect(await review([authenticator], { token: 'a'.repeat(65_537) })).toEqual({
      authenticated: false,
      error: 'bearer token is longer than 65536 characters',
    })
    expect(authenticator.calls).toEqual([])
  })

  it('adds no group by itself, and can be told to', async () => {
    const { user } = await review([authenticatedGroup(tokens(knows(jane)))])
    expect(user?.groups).toEqual(['developers', 'system:authenticated'])
  })
})
