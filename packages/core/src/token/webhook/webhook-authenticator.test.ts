import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { authorized, fixedClock } from '../../../test/fakes.ts'
import { fakeWebhook, impatientClock, networkFailure, type WebhookAnswer } from '../../../test/webhooks.ts'
import type { Authentication } from '../../authenticator/authenticator.ts'
import type { Context } from '../../authenticator/context.ts'
import { AuthenticationError, ConfigurationError } from '../../authenticator/errors.ts'
import type { AuthenticationEvent } from '../../authenticator/events.ts'
import { explain } from '../../adapter/explain/explain.ts'
import { bearerToken } from '../../request/bearer-token.ts'
import { webhookAuthenticator, type WebhookAuthenticatorOptions } from './webhook-authenticator.ts'

const url = 'https://authn.example.com/authenticate'
const token = 'eyJhbGciOiJSUzI1NiJ9.c2VjcmV0LXBheWxvYWQ.c2lnbmF0dXJl'

function webhook(answers: readonly WebhookAnswer[], options: Partial<WebhookAuthenticatorOptions> = {}) {
  const { fetch, calls, urls } = fakeWebhook(answers)
  const authenticator = webhookAuthenticator({
    url,
    fetch,
    clock: impatientClock(),
    random: () => 0.5,
    ...options,
  })
  const ask = async (context: Context = {}, asked = token): Promise<Authentication | undefined> =>
    authenticator.authenticateToken(asked, context)
  const failure = async (context: Context = {}, asked = token): Promise<AuthenticationError> => {
    try {
      await ask(context, asked)
    } catch (error) {
      if (error instanceof AuthenticationError) return error
      throw error
    }
    throw new Error('it did not fail')
  }
  return { authenticator, ask, failure, calls, urls }
}

const review = (status: unknown, more: object = {}, init: ResponseInit = {}): Response =>
  Response.json({ apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', status, ...more }, init)
const jane = {
  username: 'jane',
  uid: '42',
  groups: ['developers'],
  extra: { 'example.com/team': ['a', 'b'] },
}
const known = review({ authenticated: true, user: jane })
const text = (body: string, status = 200, headers: Record<string, string> = {}): Response =>
  new Response(body, { status, headers })
const failed = (reason: string, status: number, details: object = {}): Response =>
  Response.json({ kind: 'Status', apiVersion: 'v1', status: 'Failure', reason, details }, { status })

describe('webhookAuthenticator', () => {
  it('asks who the token belongs to, and takes the user as it comes', async () => {
    const { ask, calls, urls } = webhook([known])
    expect(await ask()).toEqual({ user: jane })
    expect(urls).toEqual([`${url}?timeout=30s`])
    expect(calls[0]).toMatchObject({
      method: 'POST',
      redirect: 'manual',
      headers: { 'content-type': 'application/json', accept: 'application/json, */*' },
    })
    expect(JSON.parse(calls[0]?.body ?? '')).toEqual({
      kind: 'TokenReview',
      apiVersion: 'authentication.k8s.io/v1',
      spec: { token },
    })
  })

  it('asks in v1beta1, for audiences, without the query of the URL, and says how long it waits', async () => {
    const options = {
      version: 'v1beta1',
      url: `${url}/?x=1#y`,
      timeoutSeconds: 2.5,
      clock: fixedClock(),
    } as const
    const beta = review({ authenticated: true, user: jane }, { apiVersion: 'authentication.k8s.io/v1beta1' })
    const { ask, calls, urls } = webhook([beta], options)
    await ask({ audiences: ['b', 'a'] })
    expect(urls).toEqual([`${url}/?timeout=2500ms`])
    expect(JSON.parse(calls[0]?.body ?? '')).toMatchObject({
      apiVersion: 'authentication.k8s.io/v1beta1',
      spec: { token, audiences: ['b', 'a'] },
    })
  })

  it.each<[string, Response]>([
    ['an answer without a status', Response.json({})],
    ['null', text('null')],
    ['a status that is null', review(null)],
    ['a refusal', review({ authenticated: false })],
    ['a refusal with a user', review({ authenticated: false, user: jane })],
    ['a yes with a capital letter', review({ Authenticated: true, user: jane })],
  ])('has no opinion after %s, and asks once', async (_, response) => {
    const { ask, calls } = webhook([response])
    expect(await ask()).toBeUndefined()
    expect(calls).toHaveLength(1)
  })

  it.each<[string, Response, object]>([
    ['no kind and no version', Response.json({ status: { authenticated: true, user: jane } }), jane],
    [
      'any content type',
      review({ authenticated: true, user: jane }, {}, { headers: { 'content-type': 'x;a = "\\"b";c=d;' } }),
      jane,
    ],
    ['HTTP status 201', review({ authenticated: true, user: jane }, {}, { status: 201 }), jane],
    [
      'another token and an error',
      review({ authenticated: true, user: jane, error: 'x' }, { spec: { token: 'y' } }),
      jane,
    ],
    [
      'null for what is empty',
      review({ authenticated: true, user: { username: 'u', uid: null, groups: null, extra: { k: null } } }),
      { username: 'u', uid: '', groups: [], extra: { k: [] } },
    ],
    [
      'YAML',
      text('status: {authenticated: yes, user: {username: u, extra: {__proto__: [v]}}}', 200, {
        'content-type': 'text/html',
      }),
      { username: 'u', uid: '', groups: [], extra: JSON.parse('{"__proto__":["v"]}') },
    ],
    [
      '__proto__ as a key',
      text('{"status":{"authenticated":true,"user":{"username":"u","extra":{"__proto__":["v"]}}}}'),
      { username: 'u', uid: '', groups: [], extra: JSON.parse('{"__proto__":["v"]}') },
    ],
    [
      'half a surrogate pair',
      text(String.raw`{"status":{"authenticated":true,"user":{"username":"a\udcff"}}}`),
      { username: 'a\ufffd', uid: '', groups: [], extra: {} },
    ],
  ])('takes a user with %s', async (_, response, user) => {
    const answer = await webhook([response]).ask()
    expect({ ...answer?.user, extra: { ...answer?.user.extra } }).toEqual({
      ...user,
      extra: { ...(user as typeof jane).extra },
    })
    expect(Object.getPrototypeOf(answer?.user.extra)).toBeNull()
  })

  it.each<[string, Response]>([
    ['an empty body', new Response(null, { status: 200 })],
    ['204', new Response(null, { status: 204 })],
    ['207', review({ authenticated: true, user: jane }, {}, { status: 207 })],
    ['HTML', text('<!doctype html><title>Sign in</title>', 200, { 'content-type': 'text/html' })],
    ['a list', text('[]')],
    ['broken JSON', text('{"status":{"authenticated":true,"user":{"username":"u"}}')],
    ['something behind the JSON', text('{"status":{"authenticated":true,"user":{"username":"u"}}}x')],
    ['JSON that only YAML takes', text('{"status":{"authenticated":true,"user":{"username":"u"},},}')],
    ['endless YAML', text(`status: {authenticated: true, user: {username: u}}\n#${'x'.repeat(70_000)}`)],
    [
      'two statuses, of which others read the first',
      text('{"status":{"authenticated":false},"status":{"authenticated":true,"user":{"username":"u"}}}'),
    ],
    [
      'a member that is repeated in its user',
      text('{"status":{"authenticated":true,"user":{"username":"u","groups":["a"],"groups":["b"]}}}'),
    ],
    ['another kind', review({ allowed: true }, { kind: 'SubjectAccessReview' })],
    ['another group', review({ authenticated: true, user: jane }, { apiVersion: 'example.com/v1' })],
    [
      'another version than was asked for',
      review({ authenticated: true, user: jane }, { apiVersion: 'authentication.k8s.io/v1beta1' }),
    ],
    ['a status that is a text', review('yes')],
    ['a yes that is a text', review({ authenticated: 'true', user: jane })],
    ['a name that is a number', review({ authenticated: true, user: { username: 1 } })],
    [
      'groups that are a text',
      review({ authenticated: true, user: { username: 'u', groups: 'system:masters' } }),
    ],
    ['a group that is a list', review({ authenticated: true, user: { username: 'u', groups: [['g']] } })],
    ['an extra that is a text', review({ authenticated: true, user: { username: 'u', extra: { k: 'v' } } })],
    ['audiences that are a text', review({ authenticated: true, user: jane, audiences: 'api' })],
    ['a user that is a list', review({ authenticated: true, user: [] })],
    ['an error that is an object', review({ authenticated: false, error: {} })],
    ['a user without a name', review({ authenticated: true, user: { ...jane, username: '' } })],
    ['no user', review({ authenticated: true })],
    ['too much', review({ authenticated: true, user: jane, error: 'x'.repeat(1_100_000) })],
    ['a redirect', text('', 302, { location: 'https://elsewhere.example.com/' })],
    ['a refusal', text('no', 403)],
    ['a refusal that knows the token', review({ authenticated: true, user: jane }, {}, { status: 401 })],
  ])('cannot tell after %s, and asks once', async (_, response) => {
    const { failure, calls } = webhook([response])
    expect((await failure()).code).toBe('unavailable')
    expect(calls).toHaveLength(1)
  })

  it.each<[string, WebhookAnswer, number]>([
    ['500', text('', 500), 5],
    ['501', text('', 501), 5],
    ['503', text('', 503), 1],
    ['503 that asks for a wait', text('', 503, { 'retry-after': '1' }), 5],
    ['429', text('', 429), 5],
    ['400 that asks for a wait', text('', 400, { 'retry-after': '1' }), 5],
    ['400 that asks for no wait', text('', 400, { 'retry-after': '0' }), 1],
    [
      '400 that asks for a wait until a date',
      text('', 400, { 'retry-after': 'Fri, 31 Dec 1999 23:59:59 GMT' }),
      1,
    ],
    ['503 that asks for a wait as long as the limit', text('', 503, { 'retry-after': '30' }), 1],
    ['a content type that cannot be read', text('{}', 200, { 'content-type': ';' }), 5],
    ['404 of a content type that cannot be read', text('', 404, { 'content-type': 'text/' }), 5],
    ['a redirect of a content type that cannot be read', text('', 302, { 'content-type': ';' }), 1],
    ['404 that is a timeout', failed('ServerTimeout', 404), 5],
    ['403 that says when', failed('Forbidden', 403, { retryAfterSeconds: 2 }), 5],
    ['403 that says in an hour', failed('Forbidden', 403, { retryAfterSeconds: 3600 }), 1],
    ['403 that says nothing of when', failed('Forbidden', 403, { retryAfterSeconds: 0 }), 1],
    ['500 that is a refusal', failed('Forbidden', 500), 1],
    ['500 for an unknown reason', failed('Odd', 500), 5],
    ['503 that says so', failed('ServiceUnavailable', 503), 1],
    [
      '500 and a Status that nothing failed',
      Response.json({ kind: 'Status', reason: 'Gone' }, { status: 500 }),
      5,
    ],
    ['a lost connection', networkFailure('ECONNRESET'), 5],
    ['a connection that is closed without an answer', networkFailure('UND_ERR_SOCKET'), 1],
    ['a refused connection', networkFailure('ECONNREFUSED'), 1],
    ['a server that is not trusted', networkFailure('UNABLE_TO_VERIFY_LEAF_SIGNATURE'), 1],
  ])('asks again after %s as often as may help, and cannot tell', async (_, answer, count) => {
    const { failure, calls } = webhook([answer])
    expect((await failure()).code).toBe('unavailable')
    expect(calls).toHaveLength(count)
  })

  it('knows the user when a later call succeeds', async () => {
    const clock = impatientClock()
    const { ask } = webhook([text('', 500), networkFailure('ECONNRESET'), known], { clock })
    expect(await ask()).toEqual({ user: jane })
    expect(clock.waits.map(Math.round)).toEqual([550, 825])
  })

  it.each([
    ['no opinion when the webhook knows other audiences only', ['a'], { audiences: ['b'] }, ['a'], undefined],
    ['no opinion when neither side has audiences', ['a'], {}, undefined, undefined],
    [
      'those of the API when the webhook knows of none',
      ['a', 'b'],
      { audiences: [] },
      ['b', 'a', 'q'],
      ['b', 'a'],
    ],
    ['those of the webhook, in its order', ['a', 'b'], { audiences: ['c', 'b', 'a'] }, ['a'], ['b', 'a']],
    ['nothing for a request that is not restricted', undefined, { audiences: ['a'] }, ['a'], 'none'],
  ])('says %s', async (_, requested, answered, implicit, expected) => {
    const options = implicit === undefined ? {} : { implicitAudiences: implicit }
    const { ask } = webhook([review({ authenticated: true, user: jane, ...answered })], options)
    const answer = await ask(requested === undefined ? {} : { audiences: requested })
    if (expected === undefined) expect(answer).toBeUndefined()
    else expect(answer).toEqual({ user: jane, ...(expected !== 'none' && { audiences: expected }) })
  })

  it('hides why a token of other audiences is refused', async () => {
    const { ask } = webhook([review({ authenticated: false, error: 'expired', audiences: ['b'] })])
    expect(await ask({ audiences: ['a'] })).toBeUndefined()
  })

  it('is not called for an empty list of audiences, nor for a token that JSON cannot say', async () => {
    const { ask, calls } = webhook([known], { ttlSeconds: 0 })
    expect(await ask({ audiences: [] })).toBeUndefined()
    expect(await ask({}, 'a\udcff')).toBeUndefined()
    expect(calls).toHaveLength(0)
  })

  it.each<[string, WebhookAnswer, string, string]>([
    ['an error', review({ authenticated: false, error: 'expired' }), 'rejected', 'expired'],
    [
      'an error of blanks',
      review({ authenticated: false, error: ' \n' }),
      'rejected',
      'the token webhook refused the token',
    ],
    [
      '401 and a TokenReview',
      review({ authenticated: false }, {}, { status: 401 }),
      'rejected',
      'the token webhook answered with HTTP status 401: the server has asked for the client to provide credentials',
    ],
    [
      '403 and a TokenReview with an error',
      review({ authenticated: false, error: 'gone' }, {}, { status: 403 }),
      'rejected',
      'gone',
    ],
    [
      '404 and a TokenReview',
      review({ authenticated: false, error: 'gone' }, {}, { status: 404 }),
      'unavailable',
      'the token webhook answered with HTTP status 404',
    ],
    [
      '401 and a TokenReview without a status',
      review(undefined, {}, { status: 401 }),
      'unavailable',
      'the token webhook answered with HTTP status 401: the server has asked for the client to provide credentials',
    ],
    ['a text', text('you\nmay \u001b[31mnot', 403), 'unavailable', 'you may [31mnot'],
    [
      'a Status',
      Response.json({ kind: 'Status', status: 'Failure', message: 'later' }, { status: 500 }),
      'unavailable',
      'later',
    ],
    [
      'a Status that nothing failed',
      Response.json({ kind: 'Status', status: 'Success', message: 'later' }, { status: 500 }),
      'unavailable',
      'the token webhook answered with HTTP status 500',
    ],
    ['nothing', text(''), 'unavailable', 'the token webhook gave no usable answer: 0-length response'],
    [
      'a content type that cannot be read',
      text('{}', 200, { 'content-type': 'text/html; charset' }),
      'unavailable',
      'the token webhook answered with an invalid content type',
    ],
    [
      'a Status with 200',
      Response.json({ kind: 'Status', message: 'no' }),
      'unavailable',
      'the token webhook gave no usable answer: its kind must be TokenReview',
    ],
    [
      'HTML',
      text('<p>Bad gateway', 502, { 'content-type': 'text/html' }),
      'unavailable',
      'the token webhook answered with HTTP status 502',
    ],
    [
      'a redirect',
      text('', 302),
      'unavailable',
      'the token webhook answered with HTTP status 302, a redirect, which is not followed',
    ],
    [
      'a refused connection',
      networkFailure('ECONNREFUSED'),
      'unavailable',
      'the token webhook could not be reached: connection refused',
    ],
    [
      'a certificate',
      networkFailure('CERT_HAS_EXPIRED'),
      'unavailable',
      'the token webhook could not be reached: CERT_HAS_EXPIRED',
    ],
    [
      'anything that fetch throws',
      new Error(`POST ${token}`),
      'unavailable',
      'the token webhook could not be reached: POST [hidden]',
    ],
    [
      'no user',
      review({ authenticated: true }),
      'unavailable',
      'the token webhook authenticated the token without a username',
    ],
  ])('says what went wrong with %s', async (_, answer, code, message) => {
    const error = await webhook([answer]).failure()
    expect(error).toMatchObject({ code, message })
    expect(error.cause).toBeUndefined()
  })

  it('has the token in no error and no event, whatever the webhook says', async () => {
    const redact = (): readonly string[] => ['kubeconfig-token']
    const saying = [
      `no such token: ${token} (sent by kubeconfig-token)`,
      `Bearer ${token.slice(0, 30)}... is unknown`,
      token.replaceAll('.', '\n'),
    ]
    const answers = saying.flatMap((each): WebhookAnswer[] => [
      review({ authenticated: false, error: each }),
      text(each, 400),
      Response.json({ kind: 'Status', message: each }, { status: 404 }),
      review({ authenticated: false, error: each }, {}, { status: 401 }),
      new Error(each, { cause: new Error(each) }),
      () =>
        Promise.resolve({
          status: 200,
          headers: new Headers(),
          body: {
            getReader: () => ({
              read: () => Promise.reject(new Error(each)),
              cancel: () => Promise.resolve(),
            }),
          },
        }),
    ])
    for (const answer of answers) {
      const { authenticator } = webhook([answer], { redact })
      const explanation = await explain(bearerToken(authenticator), authorized(`Bearer ${token}`))
      const shown = JSON.stringify(explanation, (_, value: unknown) =>
        value instanceof Error ? [...Object.entries(value), value.message, value.stack, value.cause] : value,
      )
      expect(shown).toContain('cached(webhook)')
      for (const part of [...token.split('.'), 'kubeconfig-token', token.slice(5, 13)])
        expect(shown).not.toContain(part)
    }
  })

  it('remembers users and nobodies for two minutes, for each list of audiences, and no errors', async () => {
    const clock = impatientClock()
    for (const status of [{ authenticated: true, user: jane }, { authenticated: false }]) {
      const { ask, calls } = webhook([review(status)], { clock })
      await ask()
      clock.advance(119.9)
      await ask()
      expect(calls).toHaveLength(1)
      await ask({ audiences: ['a'] })
      expect(calls).toHaveLength(2)
      clock.advance(0.1)
      await ask()
      expect(calls).toHaveLength(3)
    }
    const { failure, ask } = webhook([review({ authenticated: false, error: 'x' }), text('', 400), known], {
      clock,
    })
    expect((await failure()).code).toBe('rejected')
    expect((await failure()).code).toBe('unavailable')
    expect(await ask()).toEqual({ user: jane })
  })

  it('sends one review for concurrent requests with the same token', async () => {
    const { ask, calls } = webhook([known])
    const tokens = Array.from({ length: 50 }, (_, index) => `token-${index}`)
    const answers = await Promise.all(Array.from({ length: 2000 }, (_, index) => ask({}, tokens[index % 50])))
    expect(answers.every((answer) => answer?.user.username === 'jane')).toBe(true)
    expect(calls).toHaveLength(50)
  })

  it('gives up when the time is up, although fetch does not', async () => {
    const clock = fixedClock()
    const { failure } = webhook([() => new Promise<Response>(() => undefined)], { clock, timeoutSeconds: 10 })
    const failing = failure()
    clock.advance(10_000)
    await Promise.resolve()
    clock.advance(1)
    expect(await failing).toMatchObject({
      code: 'unavailable',
      message: 'the token webhook did not answer in time',
    })
    expect(clock.pending).toBe(0)
  })

  it('is not called for a caller who is gone, and ends with one who goes', async () => {
    const gone = webhook([known], { ttlSeconds: 0 })
    const message = 'webhook call failed: context canceled'
    expect(await gone.failure({ signal: AbortSignal.abort() })).toMatchObject({
      code: 'unavailable',
      message,
    })
    expect(gone.calls).toHaveLength(0)
    const going = webhook([() => new Promise<Response>(() => undefined)], { ttlSeconds: 0 })
    const caller = new AbortController()
    const failing = going.failure({ signal: caller.signal })
    caller.abort()
    expect(await failing).toMatchObject({ message })
  })

  it('asks for others who still wait when the first caller goes', async () => {
    let answer: (response: Response) => void = () => undefined
    const { ask, failure, calls } = webhook([() => new Promise((resolve) => (answer = resolve))])
    const caller = new AbortController()
    const [first, second] = [failure({ signal: caller.signal }), ask()]
    caller.abort()
    expect((await first).message).toBe('the caller gave up')
    answer(known.clone())
    expect(await second).toEqual({ user: jane })
    expect(calls).toHaveLength(1)
  })

  it('tells an observer of every call', async () => {
    const events: AuthenticationEvent[] = []
    const { ask } = webhook([networkFailure('ECONNRESET'), text('', 500), known])
    await ask({ observer: (event) => void events.push(event) })
    const calls = events.filter((event) => event.type === 'tokenReviewCall')
    expect(calls.map(({ status }) => status)).toEqual([undefined, 500, 200])
    expect(calls.filter((call) => 'delegated' in call)).toEqual([])
  })

  it.each([
    [{}, ['tokenReviewCall own', 'serverCertificate']],
    [{ delegated: true }, ['tokenReviewCall delegated']],
  ])(
    'tells of a server with an old certificate, unless it is the cluster that decides: %j',
    async (options, told) => {
      const events: string[] = []
      const observer = (event: AuthenticationEvent): void => {
        if (event.type === 'tokenReviewCall')
          events.push(`${event.type} ${event.delegated ? 'delegated' : 'own'}`)
        if (event.type === 'serverCertificate') events.push(event.type)
      }
      const { failure } = webhook([networkFailure('KUBE_AUTHN_MISSING_SAN')], options)
      expect((await failure({ observer })).message).toMatch(
        /: the certificate of the server has no alternative names$/,
      )
      expect(events).toEqual(told)
    },
  )

  it('never takes a user from what is no TokenReview with one', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.string(), fc.json(), fc.string({ unit: 'binary' })), async (body) => {
        const { ask } = webhook([text(body)], { ttlSeconds: 0 })
        const answer = await ask().catch((error: unknown) => {
          expect(error).toBeInstanceOf(AuthenticationError)
        })
        expect(answer).toBeUndefined()
      }),
    )
  })

  it.each<[Partial<WebhookAuthenticatorOptions>, string]>([
    [{ url: 'http://authn.example.com' }, 'url: must be an https URL'],
    [{ url: 'https://user:pass@authn.example.com' }, 'url: must not have credentials in it'],
    [{ url: 'no url' }, 'url: must be an https URL'],
    [
      { version: 'v2' as 'v1' },
      'version: unsupported authentication webhook version "v2", supported versions are "v1", "v1beta1"',
    ],
    [{ timeoutSeconds: 31 }, 'timeoutSeconds: must be above 0 and at most 30'],
    [{ timeoutSeconds: 0 }, 'timeoutSeconds: must be above 0 and at most 30'],
    [{ ttlSeconds: -1 }, 'ttlSeconds: must be 0 or more'],
    [{ ttlSeconds: Number.NaN }, 'ttlSeconds: must be 0 or more'],
    [{ maxEntries: 0 }, 'maxEntries: must be a whole number above 0'],
    [{ maxBytes: 0.5 }, 'maxBytes: must be a whole number above 0'],
    [{ maxAttempts: 0 }, 'maxAttempts: number of webhook retry attempts must be greater than 0, but is: 0'],
    [
      { maxAttempts: null as unknown as number },
      'maxAttempts: retry backoff attempts must be a whole number',
    ],
    [{ initialBackoffSeconds: -1 }, 'initialBackoffSeconds: must be 0 or more'],
    [{ implicitAudiences: [] }, 'implicitAudiences: must not be empty; leave it out for none'],
    [
      { url: '', maxAttempts: 0 },
      'url: must be an https URL; maxAttempts: number of webhook retry attempts must be greater than 0, but is: 0',
    ],
  ])('refuses the options %j when it is made', (options, message) => {
    expect(() => webhookAuthenticator({ url, ...options })).toThrow(
      new ConfigurationError([{ path: '', message }]).message.slice(2),
    )
  })
})
