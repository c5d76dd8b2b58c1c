import { describe, expect, it } from 'vitest'
import { fakeWebhook, impatientClock, networkFailure, type WebhookAnswer } from '../../../test/webhooks.ts'
import { attributesOf } from '../attributes.ts'
import { decide } from '../decide.ts'
import type { AuthenticationEvent } from '../../authenticator/events.ts'
import { userInfo } from '../../authenticator/user.ts'
import { webhookAuthorizer, type WebhookAuthorizerOptions } from './webhook-authorizer.ts'

const url = 'https://authz.example.com/authorize'
const attributes = attributesOf(userInfo({ username: 'jane' }), { verb: 'get', path: '/x' })
const answer = (status: object, init: ResponseInit = {}): Response =>
  Response.json({ kind: 'SubjectAccessReview', status }, init)
const isOfWebhook = ({ type }: AuthenticationEvent): boolean =>
  type === 'accessReviewCall' || type === 'accessReviewFailOpen' || type === 'serverCertificate'

function asked(answers: readonly WebhookAnswer[], options: Partial<WebhookAuthorizerOptions> = {}) {
  const { fetch } = fakeWebhook(answers)
  const authorizer = webhookAuthorizer({ url, fetch, clock: impatientClock(), random: () => 0.5, ...options })
  const events: AuthenticationEvent[] = []
  const observer = (event: AuthenticationEvent): void => {
    if (isOfWebhook(event)) events.push(event)
  }
  const ask = async (signal?: AbortSignal) =>
    decide(authorizer, attributes, { observer, ...(signal !== undefined && { signal }) })
  const short = (): readonly string[] =>
    events.map((event) => {
      if (event.type === 'accessReviewCall') return `${event.result} ${event.status ?? '-'}`
      if (event.type === 'accessReviewFailOpen') return `open ${event.result}`
      return event.type === 'serverCertificate' ? event.problem : event.type
    })
  return { ask, events, short }
}

const timeoutStatus = () =>
  Response.json({ kind: 'Status', status: 'Failure', reason: 'Timeout' }, { status: 500 })
const untrusted = (members: object, message = 'untrusted') =>
  new TypeError('fetch failed', { cause: Object.assign(new Error(message), members) })

describe('what an authorization webhook tells of its calls', () => {
  it.each<[string, readonly WebhookAnswer[], readonly string[]]>([
    ['an answer', [answer({ allowed: true })], ['success 200']],
    ['an answer with another good status', [answer({ denied: true }, { status: 201 })], ['success 201']],
    ['no opinion', [answer({})], ['success 200']],
    ['no review', [Response.json({ kind: 'Pod' })], ['error 200', 'open error']],
    ['no JSON', [new Response('<p>')], ['error 200', 'open error']],
    ['a refusal', [new Response('', { status: 403 })], ['error 403', 'open error']],
    [
      'an answer at the second call',
      [new Response('', { status: 500 }), answer({})],
      ['error 500', 'success 200'],
    ],
    ['no connection', [networkFailure('ECONNREFUSED')], ['error -', 'open error']],
    ['no connection in time', [networkFailure('UND_ERR_CONNECT_TIMEOUT')], ['timeout -', 'open timeout']],
    ['a time limit of fetch', [new DOMException('late', 'TimeoutError')], ['timeout -', 'open timeout']],
    [
      'a gateway that waited in vain',
      [new Response('', { status: 504 }), answer({ allowed: true })],
      ['timeout 504', 'success 200'],
    ],
    ['a server that gave up', [timeoutStatus(), answer({})], ['timeout 500', 'success 200']],
    [
      'a server without alternative names',
      [untrusted({ code: 'KUBE_AUTHN_MISSING_SAN' })],
      ['error -', 'missingSan', 'open error'],
    ],
    [
      'a server with SHA-1 in its chain',
      [untrusted({ code: 'UNSPECIFIED' }, 'CA signature digest algorithm too weak')],
      ['error -', 'insecureSha1', 'open error'],
    ],
  ])('is, for %s, each call and whether it fails open', async (_, answers, expected) => {
    const { ask, short } = asked(answers)
    await ask()
    expect(short()).toEqual(expected)
  })

  it('is the time limit where that ends a call', async () => {
    const never = () => new Promise<never>(() => {})
    const { ask, short } = asked([never], { timeoutSeconds: 1 })
    await ask()
    expect(short()).toEqual(['timeout -', 'open timeout'])
  })

  it('has no failing open where a failure denies', async () => {
    const { ask, short } = asked([new Response('', { status: 403 })], { failurePolicy: 'deny' })
    await ask()
    expect(short()).toEqual(['error 403'])
  })

  it('has no failing open where the answer contradicts itself, which denies', async () => {
    const { ask, short } = asked([answer({ allowed: true, denied: true })])
    await ask()
    expect(short()).toEqual(['success 200'])
  })

  it('is nothing for what is remembered', async () => {
    const { ask, short } = asked([answer({ allowed: true })])
    await ask()
    await ask()
    expect(short()).toEqual(['success 200'])
  })

  it('is one call for all who wait for it, and a failing open for each', async () => {
    const { ask, short } = asked([new Response('', { status: 403 })])
    await Promise.all([ask(), ask(), ask()])
    expect(short()).toEqual(['error 403', 'open error', 'open error', 'open error'])
  })

  it('has no failing open of a caller that gave up', async () => {
    const controller = new AbortController()
    const { ask, short } = asked([
      async () => {
        controller.abort()
        await Promise.resolve()
        return new Response('', { status: 403 })
      },
    ])
    await ask(controller.signal)
    await new Promise((resolve) => void setImmediate(resolve))
    expect(short()).toEqual(['error 403'])
    await ask(controller.signal)
    expect(short()).toEqual(['error 403'])
  })

  it('says which authorizer it is, and where the cluster is asked that decides', async () => {
    const own = asked([new Response('', { status: 403 })], { name: 'policy' })
    await own.ask()
    const { durationSeconds: _, ...first } = own.events[0] as { durationSeconds?: number }
    expect(first).toEqual({ type: 'accessReviewCall', authorizer: 'policy', result: 'error', status: 403 })
    const cluster = asked([untrusted({ code: 'KUBE_AUTHN_MISSING_SAN' })], { delegated: true })
    await cluster.ask()
    expect(cluster.events).toEqual([
      expect.objectContaining({ type: 'accessReviewCall', authorizer: 'webhook', delegated: true }),
      { type: 'accessReviewFailOpen', authorizer: 'webhook', result: 'error', delegated: true },
    ])
  })

  it('holds nothing of what was asked and answered', async () => {
    const { ask, events } = asked([Response.json({ kind: 'Pod', secret: 'c2VjcmV0' }, { status: 401 })])
    await ask()
    expect(JSON.stringify(events)).not.toMatch(/jane|c2VjcmV0|authz\.example/)
  })
})
