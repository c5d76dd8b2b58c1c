import { describe, expect, it } from 'vitest'
import { fakeWebhook, impatientClock, networkFailure, type WebhookAnswer } from '../../../test/webhooks.ts'
import { attributesOf, type RequestAttributes } from '../attributes.ts'
import { decide } from '../decide.ts'
import type { Decision } from '../decision.ts'
import { parseFieldSelector } from '../selectors/field-selector.ts'
import { parseLabelSelector } from '../selectors/label-selector.ts'
import type { Clock } from '../../internal/clock.ts'
import { ConfigurationError } from '../../authenticator/errors.ts'
import { userInfo } from '../../authenticator/user.ts'
import { webhookAuthorizer, type WebhookAuthorizerOptions } from './webhook-authorizer.ts'

const url = 'https://authz.example.com/authorize'
const jane = userInfo({ username: 'jane', groups: ['g'], extra: { b: ['2'], a: ['1'] } })

function webhook(answers: readonly WebhookAnswer[], options: Partial<WebhookAuthorizerOptions> = {}) {
  const { fetch, calls } = fakeWebhook(answers)
  const authorizer = webhookAuthorizer({ url, fetch, clock: impatientClock(), random: () => 0.5, ...options })
  const ask = async (
    request: RequestAttributes = { verb: 'get', path: '/x' },
    signal?: AbortSignal,
  ): Promise<Decision> =>
    decide(authorizer, attributesOf(jane, request), signal === undefined ? {} : { signal })
  return { authorizer, ask, calls }
}

const answer = (status: object, init: ResponseInit = {}): Response =>
  Response.json({ kind: 'SubjectAccessReview', status }, init)

describe('webhookAuthorizer', () => {
  it.each([
    ['a user name', userInfo({ username: 'lat\udcfcn1' }), {}],
    ['a group', userInfo({ username: 'jane', groups: ['\ud800'] }), {}],
    ['an extra value', userInfo({ username: 'jane', extra: { a: ['\\\udfff'] } }), {}],
    ['a name', jane, { resource: 'pods', name: 'p\udcff' }],
    ['a path', jane, { path: '/\udcff' }],
  ])(
    'does not ask about %s that is not Unicode, which would reach the webhook as another',
    async (_, user, what) => {
      for (const [failurePolicy, verdict] of [
        ['noOpinion', 'noOpinion'],
        ['deny', 'deny'],
      ] as const) {
        const { authorizer, calls } = webhook([answer({ allowed: true })], { failurePolicy })
        const decision = await decide(authorizer, attributesOf(user, { verb: 'get', ...what }), {})
        expect(decision.verdict).toBe(verdict)
        expect(decision.error?.message).toMatch(/cannot be asked: .* is not Unicode$/)
        expect(calls).toEqual([])
      }
    },
  )

  it.each(['\\ud800', '\\\\ud800', '\ud83d\ude00', 'ud800', '\\\\\\'])(
    'asks about %s, which is',
    async (username) => {
      const { authorizer, calls } = webhook([answer({ allowed: true })])
      const decision = await decide(
        authorizer,
        attributesOf(userInfo({ username }), { verb: 'get', path: '/' }),
        {},
      )
      expect(decision.verdict).toBe('allow')
      expect(JSON.parse(calls[0]?.body ?? '')).toMatchObject({ spec: { user: username } })
    },
  )

  it('asks who wants to do what, without anything empty', async () => {
    const { ask, calls } = webhook([answer({ allowed: true })])
    await ask({
      verb: 'list',
      resource: 'pods',
      fieldSelector: parseFieldSelector('spec.nodeName=n1,x!=y'),
      labelSelector: parseLabelSelector('a in (b,c),d,!e,f>1'),
    })
    const [call] = calls
    expect(call).toMatchObject({
      method: 'POST',
      redirect: 'manual',
      headers: { 'content-type': 'application/json' },
    })
    expect(JSON.parse(call?.body ?? '')).toEqual({
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      spec: {
        resourceAttributes: {
          verb: 'list',
          resource: 'pods',
          fieldSelector: {
            requirements: [
              { key: 'spec.nodeName', operator: 'In', values: ['n1'] },
              { key: 'x', operator: 'NotIn', values: ['y'] },
            ],
          },
          labelSelector: {
            requirements: [
              { key: 'a', operator: 'In', values: ['b', 'c'] },
              { key: 'd', operator: 'Exists' },
              { key: 'e', operator: 'DoesNotExist' },
            ],
          },
        },
        user: 'jane',
        groups: ['g'],
        extra: { a: ['1'], b: ['2'] },
      },
    })
  })

  it('calls groups group in v1beta1', async () => {
    const { ask, calls } = webhook([answer({ allowed: true })], { version: 'v1beta1' })
    await ask()
    expect(JSON.parse(calls[0]?.body ?? '')).toMatchObject({
      apiVersion: 'authorization.k8s.io/v1beta1',
      spec: { group: ['g'] },
    })
  })

  it.each([
    [
      { allowed: true, reason: 'ok' },
      { verdict: 'allow', reason: 'ok' },
    ],
    [
      { allowed: false, reason: 'hm' },
      { verdict: 'noOpinion', reason: 'hm' },
    ],
    [{}, { verdict: 'noOpinion', reason: '' }],
    [
      { denied: true, reason: 'no' },
      { verdict: 'deny', reason: 'no' },
    ],
  ])('takes the status %j for %j', async (status, decision) => {
    expect(await webhook([answer(status)]).ask()).toEqual(decision)
  })

  it.each([
    ['no JSON', new Response('<html>')],
    ['no object', new Response('[]')],
    ['no status', Response.json({})],
    ['another kind', Response.json({ kind: 'TokenReview', status: { allowed: true } })],
    [
      'an unknown version',
      Response.json({ apiVersion: 'authorization.k8s.io/v2', status: { allowed: true } }),
    ],
    [
      'another version than was asked for',
      Response.json({ apiVersion: 'authorization.k8s.io/v1beta1', status: { allowed: true } }),
    ],
    ['a yes that is a text', answer({ allowed: 'true' })],
    ['a reason that is not a string', answer({ allowed: true, reason: 1 })],
    ['a redirect', new Response(null, { status: 302, headers: { location: 'https://elsewhere/' } })],
    ['an empty answer', new Response(null, { status: 200 })],
    ['too much', answer({ allowed: true, reason: 'x'.repeat(2_000_000) })],
  ])('allows nothing on %s, and asks only once', async (_, response) => {
    const { ask, calls } = webhook([response])
    const decision = await ask()
    expect([decision.verdict, decision.error !== undefined, calls.length]).toEqual(['noOpinion', true, 1])
  })

  it.each([
    '{"status":{"denied":true},"status":{"allowed":true}}',
    '{"status":{"allowed":false,"allowed":true}}',
    '{"status":{"denied":true,"reason":"a","reason":"b"}}',
  ])('is denied by %s, which other parsers read differently', async (text) => {
    const { ask, calls } = webhook([new Response(text)])
    const decision = await ask()
    expect([decision.verdict, decision.error !== undefined, calls.length]).toEqual(['deny', true, 1])
  })

  it.each([
    ['500', new Response(null, { status: 500 }), 5],
    ['502', new Response(null, { status: 502 }), 5],
    ['504', new Response(null, { status: 504 }), 5],
    ['429', new Response(null, { status: 429 }), 5],
    ['503', new Response(null, { status: 503 }), 1],
    ['503 with Retry-After', new Response(null, { status: 503, headers: { 'retry-after': '1' } }), 5],
    ['401', new Response(null, { status: 401 }), 1],
    ['a lost connection', networkFailure('ECONNRESET'), 5],
    ['a connection that is closed without an answer', networkFailure('UND_ERR_SOCKET'), 1],
    ['a connection that broke while the review was sent', networkFailure('EPIPE'), 1],
    ['a connection that was refused', networkFailure('ECONNREFUSED'), 1],
    ['anything else', new Error('odd'), 1],
  ])('asks on %s %# as often as may help', async (_, response, count) => {
    const { ask, calls } = webhook([response])
    expect((await ask()).verdict).toBe('noOpinion')
    expect(calls).toHaveLength(count)
  })

  it('waits longer each time, with jitter, and as long as it is asked to', async () => {
    const clock = impatientClock()
    const busy = new Response(null, { status: 429, headers: { 'retry-after': '7' } })
    await webhook(
      [
        new Response(null, { status: 500 }),
        new Response(null, { status: 500 }),
        busy,
        answer({ allowed: true }),
      ],
      { clock },
    ).ask()
    expect(clock.waits.map(Math.round)).toEqual([550, 825, 7000])
  })

  it('denies on failure where that is the policy', async () => {
    const { ask } = webhook([new Response(null, { status: 404 })], { failurePolicy: 'deny' })
    expect(await ask()).toMatchObject({
      verdict: 'deny',
      error: { message: 'the authorization webhook answered with HTTP status 404' },
    })
  })

  it('says nothing of the webhook to a client, and to a log what happened, without what the call carried', async () => {
    const thrown = Object.assign(new Error(`connect to ${url} with token s3cret-token`), {
      token: 's3cret-token',
    })
    const { error } = await webhook([thrown], { redact: () => ['s3cret-token'] }).ask()
    expect(error?.message).toBe('the authorization webhook could not be reached')
    expect(error?.cause).toEqual(new Error(`connect to ${url} with token [hidden]`))
    expect(JSON.stringify(error?.cause)).not.toContain('s3cret')
  })

  it('remembers a yes for five minutes and anything else for half a minute, and decides at once then', async () => {
    const clock = impatientClock()
    for (const [status, seconds] of [
      [{ allowed: true }, 300],
      [{ denied: true }, 30],
      [{}, 30],
    ] as const) {
      const { authorizer, ask, calls } = webhook([answer(status)], { clock })
      await ask()
      clock.advance(seconds - 1)
      expect(decide(authorizer, attributesOf(jane, { verb: 'get', path: '/x' }), {})).not.toBeInstanceOf(
        Promise,
      )
      expect(calls).toHaveLength(1)
      clock.advance(1)
      await ask()
      expect(calls).toHaveLength(2)
    }
  })

  it('remembers neither errors nor endless questions, nor anything where that is wanted', async () => {
    const failing = webhook([new Response(null, { status: 404 })])
    await failing.ask()
    await failing.ask()
    expect(failing.calls).toHaveLength(2)
    const endless = webhook([answer({ allowed: true })])
    for (const length of [9_997, 9_997, 9_996, 9_996])
      await endless.ask({ verb: 'get', path: 'x'.repeat(length) })
    expect(endless.calls).toHaveLength(3)
    const forgetful = webhook([answer({ allowed: true })], { allowedTtlSeconds: 0 })
    await forgetful.ask()
    await forgetful.ask()
    expect(forgetful.calls).toHaveLength(2)
  })

  it('gives up with the caller, although fetch does not', async () => {
    const { ask } = webhook([() => new Promise<Response>(() => undefined)])
    const caller = new AbortController()
    const asked = ask({ verb: 'get', path: '/x' }, caller.signal)
    caller.abort()
    expect(await asked).toMatchObject({
      verdict: 'noOpinion',
      error: { message: 'webhook call failed: context canceled' },
    })
  })

  it('gives up when the time is up', async () => {
    const clock: Clock = {
      now: () => 1,
      after(_, callback) {
        queueMicrotask(callback)
        return () => undefined
      },
    }
    const { ask } = webhook([() => new Promise<Response>(() => undefined)], { clock })
    expect((await ask()).error?.message).toBe('the authorization webhook did not answer in time')
  })

  it.each([
    [{ url: 'http://authz.example.com' }, 'url'],
    [{ url: 'https://user:pass@authz.example.com' }, 'url'],
    [{ url: 'no url' }, 'url'],
    [{ version: 'v2' as 'v1' }, 'version'],
    [{ failurePolicy: 'allow' as 'deny' }, 'failurePolicy'],
    [{ timeoutSeconds: 31 }, 'timeoutSeconds'],
    [{ deniedTtlSeconds: -1 }, 'deniedTtlSeconds'],
    [{ maxAttempts: 0 }, 'maxAttempts'],
  ])('refuses the options %j when it is made', (options, path) => {
    expect(() => webhookAuthorizer({ url, ...options })).toThrow(ConfigurationError)
    expect(() => webhookAuthorizer({ url, ...options })).toThrow(path)
  })
})
