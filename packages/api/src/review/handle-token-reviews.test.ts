import { describe, expect, it } from 'vitest'
import { fails, jane, knows, noOpinion, recorder, tokens } from '../../../testing/test/fakes.ts'
import { envelope, protobuf } from '../../test/protobuf.ts'
import { answered, type Answered, sent, type SentReviewInit } from '../../test/review-requests.ts'
import { ConfigurationError, rejected, type TokenAuthenticator, unavailable } from '@kube-authn/core'
import { tokenFile } from '@kube-authn/core/token-file'
import { handleTokenReviews, type HandleTokenReviewsOptions } from './handle-token-reviews.ts'

const TOKEN = 'c2VjcmV0'
const review = (spec: object = { token: TOKEN }, version = 'v1') => ({
  apiVersion: `authentication.k8s.io/${version}`,
  kind: 'TokenReview',
  spec,
})

async function ask(
  body: unknown,
  authenticator: TokenAuthenticator = tokens(knows(jane)),
  { audiences, observer, maxBytes, ...init }: SentReviewInit & HandleTokenReviewsOptions = {},
): Promise<Answered> {
  const { request, body: read } = sent(body, init)
  const options = {
    ...(audiences !== undefined && { audiences }),
    ...(observer !== undefined && { observer }),
    ...(maxBytes !== undefined && { maxBytes }),
  }
  return answered(await handleTokenReviews([authenticator], options)(request, read))
}

describe('handleTokenReviews', () => {
  it.each(['v1', 'v1beta1'])('answers 200 in the version it was asked in: %s', async (version) => {
    expect(await ask(review(undefined, version))).toEqual({
      code: 200,
      warnings: [],
      kind: 'TokenReview',
      apiVersion: `authentication.k8s.io/${version}`,
      metadata: {},
      spec: {},
      status: { authenticated: true, user: { username: 'jane', uid: '1', groups: ['developers'] } },
    })
  })

  it('takes what kube-apiserver sends, with the metadata and the empty status of older releases', async () => {
    const body = {
      kind: 'TokenReview',
      apiVersion: 'authentication.k8s.io/v1beta1',
      metadata: { creationTimestamp: null },
      spec: { token: TOKEN, audiences: ['https://kubernetes.default.svc'] },
      status: { user: {} },
    }
    const headers = { 'content-type': 'application/json', accept: 'application/json, */*' }
    const answer = await ask(body, undefined, { url: '/authenticate?timeout=30s', headers })
    expect(answer).toMatchObject({
      code: 200,
      status: { authenticated: true },
      spec: { audiences: body.spec.audiences },
    })
    expect(answer['status']).not.toHaveProperty('audiences')
  })

  it('is at whatever path, with whatever query', async () => {
    for (const url of [
      '/',
      '/a/b?c=d',
      '/apis/authentication.k8s.io/v1/tokenreviews?fieldValidation=Strict',
      '/%',
    ]) {
      expect(await ask({ ...review(), unknown: 1 }, undefined, { url })).toMatchObject({
        code: 200,
        warnings: [],
      })
    }
  })

  it('takes protobuf', async () => {
    const body = envelope('authentication.k8s.io/v1beta1', 'TokenReview', protobuf([2, protobuf([1, TOKEN])]))
    const headers = { 'content-type': 'application/vnd.kubernetes.protobuf' }
    expect(await ask(body, undefined, { headers })).toMatchObject({
      code: 200,
      apiVersion: 'authentication.k8s.io/v1beta1',
      status: { authenticated: true },
    })
  })

  it('takes the last of two members of one name', async () => {
    const asked = (...specs: readonly string[]): Promise<Answered> => {
      const members = specs.map((token) => `"token":${JSON.stringify(token)}`).join()
      const body = `{"kind":"TokenReview","apiVersion":"authentication.k8s.io/v1","spec":{${members}}}`
      return ask(new TextEncoder().encode(body), tokenFile(`${TOKEN},jane,1`))
    }
    expect((await asked('other', TOKEN))['status']).toMatchObject({ authenticated: true })
    expect((await asked(TOKEN, 'other'))['status']).toMatchObject({ authenticated: false })
  })

  it('answers as aware of audiences where it was given some', async () => {
    const audiences = ['https://api.example.com']
    const asked = (wanted: readonly string[]) =>
      ask(review({ token: TOKEN, audiences: wanted }), undefined, { audiences })
    expect((await asked(audiences))['status']).toMatchObject({ authenticated: true, audiences })
    expect((await asked(['other']))['status']).toEqual({ authenticated: false })
  })

  it.each([
    ['GET', 405, review(), { method: 'GET' }],
    ['another type', 415, review(), { headers: { 'content-type': 'text/plain' } }],
    ['no JSON in return', 406, review(), { headers: { accept: 'text/html' } }],
    ['too much', 413, review(), { maxBytes: 10 }],
    ['no token', 400, review({}), {}],
    ['an empty token', 400, review({ token: '' }), {}],
    ['another kind', 400, { ...review(), kind: 'SubjectAccessReview' }, {}],
    ['another version', 400, review(undefined, 'v1alpha1'), {}],
    ['another group', 400, { ...review(), apiVersion: 'v1' }, {}],
    ['no object', 400, [], {}],
    ['no JSON', 400, `{"spec":{"token":"${TOKEN}"`, {}],
    ['a token in the wrong place', 400, { ...review(), spec: TOKEN }, {}],
  ])('answers %s with a Status: %i', async (_, code, body, init) => {
    const authenticator = tokens(knows(jane))
    const answer = await ask(body, authenticator, init)
    expect(answer).toMatchObject({ kind: 'Status', apiVersion: 'v1', status: 'Failure', code })
    expect(JSON.stringify(answer)).not.toContain(TOKEN)
    expect(authenticator.calls).toEqual([])
  })

  it.each([
    ['is known', tokens(knows(jane))],
    ['is not known', tokens(noOpinion)],
    ['is bad', tokens(fails(rejected('it is over')))],
    ['is not in a file', tokenFile('other,jane,1')],
    ['cannot be checked by what is broken', tokens(fails(new Error(TOKEN)))],
  ])('has the token in no answer and no event when it %s', async (_, authenticator) => {
    const { observer, events } = recorder()
    const { request, body } = sent(review())
    const answer = await handleTokenReviews([authenticator], { observer })(request, body)
    expect(JSON.stringify([answer, events])).not.toContain(TOKEN)
    expect(events.map(({ type }) => type)).toEqual(['consulting', 'consulted'])
  })

  it('says what is wrong with a bad token', async () => {
    expect(await ask(review(), tokens(fails(rejected('it is over'))))).toMatchObject({
      code: 200,
      status: { authenticated: false, error: 'it is over' },
    })
  })

  it.each([
    ['what would check it is down', fails(unavailable('it is down')), 'it is down'],
    [
      'what would check it is broken',
      fails(new TypeError(TOKEN)),
      'Internal error occurred: authentication failed unexpectedly',
    ],
  ])('is no answer about a token when %s', async (_, answer, message) => {
    const given = await ask(review(), tokens(answer))
    expect(given).toMatchObject({ code: 503, kind: 'Status', reason: 'ServiceUnavailable', message })
    expect(JSON.stringify(given)).not.toContain(TOKEN)
  })

  it('says when to ask again where too many tokens are being checked', async () => {
    const busy = unavailable('too many', { retryAfterSeconds: 3 })
    const { request, body } = sent(review())
    const answer = await handleTokenReviews([tokens(fails(busy))])(request, body)
    expect(answer).toMatchObject({ status: 503, headers: { 'retry-after': '3' } })
  })

  it('keeps reviews that run at the same time apart', async () => {
    const handle = handleTokenReviews([
      tokens(async (token) => {
        await Promise.resolve()
        return token === 'jane' ? { user: jane } : undefined
      }),
    ])
    const statuses = await Promise.all(
      ['jane', 'x', 'jane'].map(async (token) => {
        const { request, body } = sent(review({ token }))
        return (answered(await handle(request, body))['status'] as { authenticated: boolean }).authenticated
      }),
    )
    expect(statuses).toEqual([true, false, true])
  })

  it.each([
    ['no authenticators', [], {}, ['tokens']],
    ['no authenticators and a negative limit', [], { maxBytes: -1 }, ['tokens', 'maxBytes']],
    ['what knows no tokens', [{ name: 'x' }], {}, ['tokens[0]']],
    ['an empty list of audiences', [tokens(noOpinion)], { audiences: [] }, ['audiences']],
  ])('refuses %s', (_, authenticators, options, paths) => {
    const make = () => handleTokenReviews(authenticators as readonly TokenAuthenticator[], options)
    expect(make).toThrow(ConfigurationError)
    expect(make).toThrow(
      expect.objectContaining({
        problems: paths.map((path) => expect.objectContaining({ path }) as unknown),
      }),
    )
  })
})
