import { describe, expect, it } from 'vitest'
import { fixedClock } from '../../core/test/fakes.ts'
import {
  EXPIRES_AT_MS,
  fakeKeystone,
  FERNET,
  groupsAnswer,
  type KeystoneScript,
  refusalAnswer,
  tokenAnswer,
} from '../test/keystone.ts'
import { keystoneTokenReview, type KeystoneTokenReviewOptions } from './token-review.ts'

const url = 'https://keystone.example.com:5000'
const review = { apiVersion: 'authentication.k8s.io/v1beta1', kind: 'TokenReview', spec: { token: FERNET } }

const jane: KeystoneScript = ({ url: { pathname } }) =>
  pathname.endsWith('/groups') ? groupsAnswer(['developers']) : tokenAnswer()

async function answerTo(
  body: unknown,
  script: KeystoneScript = jane,
  options: Partial<KeystoneTokenReviewOptions> = {},
): Promise<{ readonly status: number; readonly json: unknown; readonly calls: number }> {
  const { fetch, calls } = fakeKeystone(script)
  const clock = fixedClock(EXPIRES_AT_MS - 1000)
  const reviewToken = keystoneTokenReview({ url, fetch, clock, ...options })
  const response = await reviewToken(
    new Request('https://webhook/webhook', {
      method: 'POST',
      body: typeof body === 'string' ? body : JSON.stringify(body),
    }),
  )
  const text = await response.text()
  return { status: response.status, json: text === '' ? undefined : JSON.parse(text), calls: calls.length }
}

describe('keystoneTokenReview', () => {
  it('tells whose token it is', async () => {
    expect(
      await answerTo({ ...review, metadata: { creationTimestamp: null }, status: { user: {} } }),
    ).toMatchObject({
      status: 200,
      json: {
        apiVersion: 'authentication.k8s.io/v1beta1',
        kind: 'TokenReview',
        status: {
          authenticated: true,
          user: {
            username: 'jane',
            uid: '742b0e6e74e140019f56a6ce2058a6dd',
            groups: ['developers', 'a94d7f60'],
            extra: { 'alpha.kubernetes.io/identity/roles': ['reader', 'member'] },
          },
        },
      },
    })
  })

  it.each<[string, KeystoneScript]>([
    ['Keystone does not know the token', () => refusalAnswer(404)],
    ['the token is not for a project', () => tokenAnswer({ project: undefined })],
    ['the token is delegated', () => tokenAnswer({ 'OS-TRUST:trust': {} })],
    [
      'the user may not see their groups',
      ({ url: { pathname } }) => (pathname.endsWith('/groups') ? refusalAnswer(403) : tokenAnswer()),
    ],
  ])('says no when %s', async (_, script) => {
    expect(await answerTo(review, script)).toMatchObject({
      status: 401,
      json: { apiVersion: review.apiVersion, kind: 'TokenReview', status: { authenticated: false } },
    })
  })

  it('says no to what is no token of Keystone, without asking, and repeats no token', async () => {
    const answer = await answerTo({ ...review, spec: { token: 'a.b.c' } })
    expect(answer).toMatchObject({ status: 401, calls: 0 })
    expect(JSON.stringify(answer)).not.toContain('a.b.c')
  })

  it.each<[string, KeystoneScript]>([
    ['an outage', () => refusalAnswer(503)],
    ['a connection that failed', () => Promise.reject(new TypeError('no'))],
    ['an answer that is none', () => new Response('<html>')],
  ])('says neither yes nor no after %s', async (_, script) => {
    expect(await answerTo(review, script)).toMatchObject({ status: 503, json: undefined })
  })

  it.each([
    ['another kind', { ...review, kind: 'SubjectAccessReview' }],
    ['no kind', { ...review, kind: undefined }],
    ['another version', { ...review, apiVersion: 'authentication.k8s.io/v1' }],
    ['another group', { ...review, apiVersion: 'authorization.k8s.io/v1beta1' }],
    ['no version', { ...review, apiVersion: undefined }],
    ['a version that is a list', { ...review, apiVersion: [review.apiVersion] }],
    ['no spec', { ...review, spec: undefined }],
    ['a spec that is a text', { ...review, spec: FERNET }],
    ['no token', { ...review, spec: {} }],
    ['a token that is a list', { ...review, spec: { token: [FERNET] } }],
  ])('is no review with %s', async (_, body) => {
    expect(await answerTo(body)).toMatchObject({ status: 400, json: undefined, calls: 0 })
  })

  it.each([
    ['nothing', ''],
    ['half of it', '{'],
    ['a list', []],
    ['null', null],
    ['more than a review has', { ...review, metadata: { name: 'x'.repeat(65_536) } }],
  ])('cannot read %s', async (_, body) => {
    expect(await answerTo(body)).toMatchObject({ status: 500, json: undefined, calls: 0 })
  })

  it('reads a review of exactly 65,536 bytes, and not one more', async () => {
    const padded = (length: number): string => JSON.stringify(review).padEnd(length)
    expect(await answerTo(padded(65_536))).toMatchObject({ status: 200 })
    expect(await answerTo(padded(65_537))).toMatchObject({ status: 500, calls: 0 })
  })

  it('answers in the version that was asked in, of those it is told to answer', async () => {
    const v1 = { ...review, apiVersion: 'authentication.k8s.io/v1' }
    const versions = ['v1', 'v1beta1'] as const
    expect(await answerTo(v1, jane, { versions })).toMatchObject({
      status: 200,
      json: { apiVersion: v1.apiVersion },
    })
    expect(await answerTo(review, jane, { versions })).toMatchObject({
      status: 200,
      json: { apiVersion: review.apiVersion },
    })
    expect(await answerTo(review, jane, { versions: ['v1'] })).toMatchObject({ status: 400 })
  })

  it('answers a request without a body', async () => {
    const reviewToken = keystoneTokenReview({ url })
    expect((await reviewToken(new Request('https://webhook/'))).status).toBe(500)
  })

  it.each([[], ['v2'], ['v1', 'v2']])('knows no versions %j', (...versions) => {
    expect(() => keystoneTokenReview({ url, versions: versions as never })).toThrow('versions: must be')
  })
})
