import { authenticatorChain, emptyContext, unavailable } from '@kube-authn/core'
import { authenticateRequest } from '@kube-authn/core/adapter'
import { joinedHeaders } from '@kube-authn/core/internal'
import {
  always as knows,
  fails,
  fakeRequest as request,
  fakeTokenAuthenticator as tokens,
  fakeUser,
  noOpinion as hasNoOpinion,
} from '@kube-authn/testing'
import { describe, expect, it } from 'vitest'
import { thrownBy } from '../../core/test/fakes.ts'
import { xAuthToken } from './x-auth-token.ts'

const jane = fakeUser({ username: 'jane' })
const noOpinion = hasNoOpinion()
const withToken = (...values: readonly string[]) =>
  request({ headers: values.map((value) => ['X-Auth-Token', value] as const) })

describe('xAuthToken', () => {
  it.each([
    ['tok', 'tok'],
    [' \ttok ', 'tok'],
    ['Bearer tok', 'Bearer tok'],
    ['a, b', 'a, b'],
  ])('hands on %j as %j', async (value, token) => {
    const known = tokens(knows(jane))
    const answer = await xAuthToken(known).authenticate(withToken(value), emptyContext)
    expect(answer).toMatchObject({ user: jane, consumed: { remove: ['x-auth-token'] } })
    expect(known.calls.map((call) => call.token)).toEqual([token])
  })

  it('looks at the first header only', async () => {
    const known = tokens(knows(jane))
    await xAuthToken(known).authenticate(withToken('first', 'second'), emptyContext)
    expect(known.calls.map((call) => call.token)).toEqual(['first'])
  })

  it.each([[], [''], [' \t'], ['', 'second']])('has no opinion on %j', (...values) => {
    const known = tokens(knows(jane))
    expect(xAuthToken(known).authenticate(withToken(...values), emptyContext)).toBeUndefined()
    expect(known.calls).toEqual([])
  })

  it('reads two joined headers as one unknown token', async () => {
    const headers = joinedHeaders(
      new Headers([
        ['x-auth-token', 'a'],
        ['x-auth-token', 'b'],
      ]),
    )
    const known = tokens(noOpinion)
    const joined = { ...request(), headers }
    expect(await thrownBy(() => xAuthToken(known).authenticate(joined, emptyContext))).toMatchObject({
      message: 'invalid bearer token',
    })
    expect(known.calls.map((call) => call.token)).toEqual(['a, b'])
  })

  it.each([
    ['that is unknown', noOpinion, { code: 'rejected', message: 'invalid bearer token' }],
    ['that could not be checked', fails(unavailable('no')), { code: 'unavailable', message: 'no' }],
  ])('refuses a token %s', async (_, answer, error) => {
    const authenticator = xAuthToken(tokens(answer))
    expect(await thrownBy(() => authenticator.authenticate(withToken('tok'), emptyContext))).toMatchObject(
      error,
    )
  })

  it('refuses a token that is too long, unread', async () => {
    const known = tokens(knows(jane))
    const authenticator = xAuthToken(known, { maxTokenLength: 3 })
    expect(await thrownBy(() => authenticator.authenticate(withToken('four'), emptyContext))).toMatchObject({
      code: 'rejected',
      message: 'X-Auth-Token is longer than 3 characters',
    })
    expect(known.calls).toEqual([])
  })

  it('has the header removed, whichever authenticator accepts the request', async () => {
    const chain = authenticatorChain({
      requests: [xAuthToken(tokens(noOpinion))],
      tokens: [tokens(knows(jane))],
    })
    const outcome = await authenticateRequest(chain)(
      request({
        headers: [
          ['Authorization', 'Bearer t'],
          ['X-Auth-Token', 'other'],
        ],
      }),
    )
    expect(outcome).toMatchObject({ authentication: { user: { username: 'jane' } } })
    expect(outcome.headerChanges.remove).toContain('x-auth-token')
  })

  it('never makes a bad token anonymous', async () => {
    const chain = authenticatorChain({ requests: [xAuthToken(tokens(noOpinion))], anonymous: true })
    expect(await authenticateRequest(chain)(withToken('bad'))).toMatchObject({ failure: { status: 401 } })
    expect(await authenticateRequest(chain)(request())).toMatchObject({
      authentication: { user: { username: 'system:anonymous' } },
    })
  })
})
