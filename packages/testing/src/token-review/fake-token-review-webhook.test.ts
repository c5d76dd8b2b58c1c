import { rejected, unavailable } from '@kube-authn/core'
import { describe, expect, test } from 'vitest'
import { always, fails, knownTokens, later, noOpinion } from '../answers.ts'
import { fakeUser } from '../fake-user.ts'
import { fakeTokenReviewWebhook, type FakeTokenReviewWebhook } from './fake-token-review-webhook.ts'

const jane = fakeUser({ uid: '1', groups: ['developers'], extra: { 'example.com/project': ['a', 'b'] } })

async function post(webhook: FakeTokenReviewWebhook, body: unknown): Promise<Response> {
  return webhook.fetch(webhook.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
}

const review = (spec: object, version = 'v1') => ({
  apiVersion: `authentication.k8s.io/${version}`,
  kind: 'TokenReview',
  metadata: { creationTimestamp: null },
  spec,
  status: { user: {} },
})

async function statusOf(webhook: FakeTokenReviewWebhook, spec: object): Promise<unknown> {
  const response = await post(webhook, review(spec))
  expect(response.status).toBe(200)
  return ((await response.json()) as { status: unknown }).status
}

describe('a fake webhook', () => {
  test('knows the tokens that it was told of, with all of their users, and no others', async () => {
    const webhook = fakeTokenReviewWebhook(knownTokens({ secret: jane }))
    expect(await statusOf(webhook, { token: 'secret' })).toEqual({
      authenticated: true,
      user: {
        username: 'jane',
        uid: '1',
        groups: ['developers'],
        extra: { 'example.com/project': ['a', 'b'] },
      },
    })
    expect(await statusOf(webhook, { token: 'Secret' })).toEqual({ authenticated: false })
    expect(await statusOf(webhook, { token: '__proto__' })).toEqual({ authenticated: false })
  })

  test('leaves out what a user does not have', async () => {
    const webhook = fakeTokenReviewWebhook(always(fakeUser({ username: 'bob', uid: '', groups: [] })))
    expect(await statusOf(webhook, { token: 'x' })).toEqual({
      authenticated: true,
      user: { username: 'bob' },
    })
  })

  test.each([
    ['no opinion', noOpinion(), { authenticated: false }],
    ['a rejection', fails(rejected('it was revoked')), { authenticated: false, error: 'it was revoked' }],
    ['a rejection later', later(fails(rejected('no'))), { authenticated: false, error: 'no' }],
  ])('says %s as a webhook does', async (_, answer, status) => {
    expect(await statusOf(fakeTokenReviewWebhook(answer), { token: 'x' })).toEqual(status)
  })

  test.each([
    ['it could not tell', fails(unavailable('the directory is down'))],
    ['it is broken', fails(new Error('a secret'))],
  ])('answers 500 and nothing more when %s', async (_, answer) => {
    const response = await post(fakeTokenReviewWebhook(answer), review({ token: 'x' }))
    expect([response.status, await response.text()]).toEqual([500, ''])
  })

  test.each([
    ['those asked for, of several', ['b', 'c', 'a'], { authenticated: true, audiences: ['b', 'a'] }],
    ['none that was asked for', ['c'], { authenticated: false }],
    ['none at all', [], { authenticated: false }],
  ])('knows audiences when its answer has any: %s', async (_, audiences, status) => {
    const webhook = fakeTokenReviewWebhook(always(jane, { audiences: ['a', 'b'] }))
    expect(await statusOf(webhook, { token: 'x', audiences })).toMatchObject(status)
  })

  test('says nothing of audiences when it was not asked, or knows of none', async () => {
    const aware = fakeTokenReviewWebhook(always(jane, { audiences: ['a'] }))
    expect(await statusOf(aware, { token: 'x' })).not.toHaveProperty('audiences')
    const unaware = fakeTokenReviewWebhook(always(jane))
    expect(await statusOf(unaware, { token: 'x', audiences: ['a'] })).not.toHaveProperty('audiences')
  })

  test.each([
    ['v1', undefined, 'v1'],
    ['v1beta1', undefined, 'v1beta1'],
    ['v1', 'v1beta1', 'v1beta1'],
    ['v1beta1', 'v1', 'v1'],
  ] as const)('is asked in %s, told %s, and answers in %s', async (asked, version, expected) => {
    const webhook = fakeTokenReviewWebhook(always(jane), version && { version })
    const response = await post(webhook, review({ token: 'x' }, asked))
    expect(response.headers.get('content-type')).toBe('application/json')
    expect(await response.json()).toMatchObject({
      apiVersion: `authentication.k8s.io/${expected}`,
      kind: 'TokenReview',
    })
    expect(webhook.reviews).toEqual([{ version: asked, token: 'x' }])
  })

  test('keeps what it was asked, and may look at it', async () => {
    const webhook = fakeTokenReviewWebhook((token, { audiences = [] }) =>
      audiences.includes(token) ? { user: fakeUser({ username: token }) } : undefined,
    )
    await statusOf(webhook, { token: 'a' })
    expect(await statusOf(webhook, { token: 'b', audiences: ['b'] })).toMatchObject({
      user: { username: 'b' },
    })
    expect(webhook.reviews).toEqual([
      { version: 'v1', token: 'a' },
      { version: 'v1', token: 'b', audiences: ['b'] },
    ])
  })

  test.each([
    ['no JSON', '{'],
    ['no object', 'null'],
    ['a list', '[]'],
    ['another kind', { ...review({ token: 'x' }), kind: 'SubjectAccessReview' }],
    ['another version', review({ token: 'x' }, 'v2')],
    ['another group', { ...review({ token: 'x' }), apiVersion: 'v1' }],
    ['no spec', { ...review({}), spec: undefined }],
    ['no token', review({})],
    ['a token that is not a string', review({ token: 1 })],
    ['audiences that are no list', review({ token: 'x', audiences: 'a' })],
    ['audiences that are not strings', review({ token: 'x', audiences: ['a', 1] })],
  ])('is not asked by %s', async (_, body) => {
    const webhook = fakeTokenReviewWebhook(always(jane))
    expect((await post(webhook, body)).status).toBe(400)
    expect(webhook.reviews).toEqual([])
    expect(webhook.requests).toHaveLength(1)
  })

  test('is asked at its path only, by POST', async () => {
    const webhook = fakeTokenReviewWebhook(always(jane), { url: 'https://webhook.example.com/a' })
    const elsewhere = { ...review({ token: 'x' }) }
    const response = await webhook.fetch(`${webhook.url}/b`, {
      method: 'POST',
      body: JSON.stringify(elsewhere),
    })
    expect(response.status).toBe(404)
    const read = await webhook.fetch(webhook.url)
    expect([read.status, read.headers.get('allow')]).toEqual([405, 'POST'])
    expect(webhook.reviews).toEqual([])
  })

  test('is asked nothing during an outage', async () => {
    const webhook = fakeTokenReviewWebhook(always(jane))
    webhook.stop({ status: 429 })
    expect((await post(webhook, review({ token: 'x' }))).status).toBe(429)
    webhook.stop()
    await expect(post(webhook, review({ token: 'x' }))).rejects.toThrow('fetch failed')
    expect(webhook.reviews).toEqual([])
    expect(webhook.requests).toHaveLength(2)
    webhook.start()
    expect(await statusOf(webhook, { token: 'x' })).toMatchObject({ authenticated: true })
  })
})
