import { describe, expect, it } from 'vitest'
import {
  authorized,
  fails,
  jane,
  knows,
  later,
  noOpinion,
  passwords,
  request,
  requests,
  settled,
  tokens,
} from '../../../test/fakes.ts'
import type { Authenticator } from '../../authenticator/authenticator.ts'
import { bearerToken } from '../../request/bearer-token.ts'
import { authenticatorChain } from '../../chain/chain.ts'
import { ConfigurationError, rejected, unavailable } from '../../authenticator/errors.ts'
import { authenticateRequest } from '../../handler/authenticate-request.ts'
import type { AuthenticationRequest } from '../../request/request.ts'
import { userInfo } from '../../authenticator/user.ts'
import { explain } from './explain.ts'
import type { ExplainedStep, Explanation } from './explanation.ts'
import { cached } from '../../token/cache/cached.ts'
import { union } from '../../authenticator/union.ts'

const SECRET = 'c2VjcmV0'

const refusedAnswers = {
  'no name': { user: userInfo({ username: '' }) },
  'other audiences': { user: userInfo({ username: 'jane' }), audiences: ['b'] },
  malformed: { user: { username: 'jane', groups: 'devs' } },
  'no user': { name: 'jane' },
  text: 'jane',
}

/** As undici reports it. */
const refusedConnection = new TypeError(SECRET, {
  cause: Object.assign(new Error(`connect ECONNREFUSED ${SECRET}`), { code: 'ECONNREFUSED' }),
})

/** The tree, as text: `name outcome [steps]`. */
function outline({ authenticator, outcome, steps }: ExplainedStep): string {
  return `${authenticator} ${outcome}${steps.length === 0 ? '' : ` [${steps.map(outline).join(', ')}]`}`
}

describe.each([
  ['at once', <T>(answer: T): T => answer],
  ['later', later],
])('explain, of authenticators that answer %s', (_, when) => {
  it.each([
    ['a user', knows(jane), 'requests authenticated'],
    ['no opinion', noOpinion, 'requests noOpinion'],
    ['a bad credential', fails(rejected('bad')), 'requests rejected'],
    ['an outage', fails(unavailable('down')), 'requests unavailable'],
    ['a broken authenticator', fails(new TypeError('secret')), 'requests unavailable'],
  ])('says that there is %s', async (_name, answer, expected) => {
    expect(outline(await explain(requests(when(answer)), request()))).toBe(expected)
  })

  it('reports every outcome, in the order they were asked', async () => {
    const authenticator = union(
      requests(when(noOpinion), 'certificate'),
      bearerToken(
        union(tokens(when(fails(rejected('expired'))), 'first'), tokens(when(noOpinion), 'second')),
      ),
      requests(when(knows(jane)), 'last'),
    )
    const explanation = await explain(authenticator, authorized('Bearer t'))
    expect(outline(explanation)).toBe(
      'union authenticated [certificate noOpinion, bearerToken rejected [union rejected [first rejected, second noOpinion]], last authenticated]',
    )
    expect(explanation.user).toBe(jane)
    expect(explanation.steps[1]?.message).toBe('expired')
    expect(explanation.steps[1]).not.toHaveProperty('user')
    expect(explanation.steps[0]).not.toHaveProperty('message')
  })
})

describe('explain', () => {
  it('never repeats a credential', async () => {
    const chain = authenticatorChain({
      passwords: [passwords(noOpinion)],
      tokens: [tokens(noOpinion)],
      anonymous: true,
    })
    for (const authorization of [
      `Bearer ${SECRET}`,
      `Basic ${btoa(`jane:${SECRET}`)}`,
      `Bearer  ${SECRET}`,
    ]) {
      const explanation = JSON.stringify(await explain(chain, authorized(authorization)))
      expect(explanation).not.toContain(SECRET)
      expect(explanation).not.toContain(btoa(`jane:${SECRET}`))
    }
  })

  it('does not show what a broken authenticator threw', async () => {
    const explanation = await explain(requests(fails(new Error(SECRET))), request())
    expect(explanation.message).toBe('Internal error occurred: authentication failed unexpectedly')
    expect(JSON.stringify(explanation)).not.toContain(SECRET)
  })

  it.each([[null], [{}], ['jane']])(
    'says so when an authenticator answers with %j, which is no user',
    async (answer) => {
      const broken = requests(() => answer as unknown as undefined, 'broken')
      expect(outline(await explain(union(broken, requests(noOpinion)), request()))).toBe(
        'union unavailable [broken unavailable, requests noOpinion]',
      )
    },
  )

  it('is what the handler does, in every case', async () => {
    for (const [what, answer] of Object.entries(refusedAnswers)) {
      const chain = { ...bearerToken(tokens(() => answer as never, 'mine')), audiences: ['a'] }
      const outcome = await authenticateRequest(chain)(authorized('Bearer t'))
      const explanation = await explain(chain, authorized('Bearer t'))
      expect([what, 'failure' in outcome && outcome.failure.status]).toEqual([what, 401])
      expect([what, explanation.status]).toEqual([what, 401])
      expect(['rejected', 'unavailable']).toContain(explanation.outcome)
      expect(explanation).not.toHaveProperty('user')
    }
  })

  it.each<[string, Authenticator, AuthenticationRequest, Partial<Explanation>]>([
    [
      'a request that passes',
      requests(knows(jane)),
      request(),
      {
        outcome: 'authenticated',
        user: jane,
        advice: 'Nothing to do: the request is authenticated as "jane".',
      },
    ],
    [
      'an anonymous request',
      authenticatorChain({ tokens: [tokens(noOpinion)], anonymous: true }),
      request(),
      {
        outcome: 'authenticated',
        advice:
          'The request passes without a credential, as "system:anonymous". Send "Authorization: Bearer TOKEN".',
      },
    ],
    [
      'no credential',
      authenticatorChain({ tokens: [tokens(noOpinion)], passwords: [passwords(noOpinion)] }),
      request(),
      {
        outcome: 'noOpinion',
        status: 401,
        advice:
          'The request has no credential that any authenticator knows (asked: basic, bearerToken, webSocketProtocol). ' +
          'Send "Authorization: Basic BASE64-OF-NAME:PASSWORD", or send "Authorization: Bearer TOKEN".',
      },
    ],
    [
      'no credential, where certificates are known',
      { ...requests(noOpinion, 'certs'), credentials: { schemes: [], peerCertificates: true } },
      request(),
      {
        outcome: 'noOpinion',
        advice:
          'The request has no credential that any authenticator knows (asked: certs). Present a client certificate in the TLS handshake.',
      },
    ],
    [
      'no credential, where it is not said what is looked for',
      requests(noOpinion, 'apiKey'),
      request(),
      {
        advice:
          'The request has no credential that any authenticator knows (asked: apiKey). Send a credential that apiKey looks for.',
      },
    ],
    [
      'another scheme',
      bearerToken(tokens(noOpinion)),
      authorized('Basic amFuZTpwdw=='),
      {
        outcome: 'noOpinion',
        advice:
          'The Authorization header has the scheme Basic, which no authenticator accepts (asked: bearerToken). Send "Authorization: Bearer TOKEN".',
      },
    ],
    [
      'a token without a scheme, which is not named',
      bearerToken(tokens(noOpinion)),
      authorized(SECRET),
      {
        advice:
          'The Authorization header does not begin with a scheme that any authenticator knows (asked: bearerToken). Send "Authorization: Bearer TOKEN".',
      },
    ],
    [
      'a scheme with nothing behind it',
      bearerToken(tokens(noOpinion)),
      authorized('Bearer  t'),
      {
        advice:
          'The Authorization header has the scheme Bearer, but no readable credential: exactly one space and the token must follow. Send "Authorization: Bearer TOKEN".',
      },
    ],
    [
      'two headers, of which the first counts',
      bearerToken(tokens(knows(jane))),
      request({
        headers: [
          ['Authorization', 'Basic eDp5'],
          ['Authorization', 'Bearer t'],
        ],
      }),
      {
        advice:
          'The Authorization header has the scheme Basic, which no authenticator accepts (asked: bearerToken). Only the first Authorization header counts. Send "Authorization: Bearer TOKEN".',
      },
    ],
    [
      'a token that no authenticator knows',
      bearerToken(union(tokens(noOpinion, 'file'), tokens(noOpinion, 'oidc'))),
      authorized('Bearer t'),
      {
        outcome: 'rejected',
        message: 'invalid bearer token',
        advice:
          'bearerToken refuses the credential: invalid bearer token (file, oidc do not know it). Correct that, or send another credential.',
      },
    ],
    [
      'a bad token, and which authenticator says so',
      bearerToken(union(tokens(noOpinion, 'file'), tokens(fails(rejected('expired')), 'oidc'))),
      authorized('Bearer t'),
      {
        outcome: 'rejected',
        message: 'expired',
        advice: 'oidc refuses the credential: expired. Correct that, or send another credential.',
      },
    ],
    [
      'an outage, with the reason of the network',
      bearerToken(
        union(
          tokens(fails(rejected('expired')), 'file'),
          tokens(
            fails(unavailable('the webhook could not be reached', { cause: refusedConnection })),
            'webhook',
          ),
        ),
      ),
      authorized('Bearer t'),
      {
        outcome: 'unavailable',
        advice:
          'The credential could not be checked (webhook: the webhook could not be reached: connection refused). The credential may be valid: fix the cause, and send it again.',
      },
    ],
    [
      'a fault, and not what it says',
      union(requests(fails(new TypeError(SECRET)), 'broken'), requests(noOpinion)),
      request(),
      {
        outcome: 'unavailable',
        advice:
          'broken failed with a TypeError: that is a fault in the authenticator, not in the credential. What it threw is the cause of the error that observers and onFailure receive.',
      },
    ],
    [
      'a user without a name',
      requests(() => ({ user: userInfo({ username: '' }) }), 'mine'),
      request(),
      {
        outcome: 'rejected',
        message: 'the user has no name',
        advice:
          'mine returned a user without a name, which every user must have. Check where it gets its names.',
      },
    ],
    [
      'a malformed user',
      requests(() => refusedAnswers.malformed as never, 'mine'),
      request(),
      {
        outcome: 'unavailable',
        advice: expect.stringContaining('mine returned an invalid answer: it must be') as string,
      },
    ],
    [
      'other audiences, and which were expected',
      { ...requests(knows(jane, { audiences: ['b', 'c'] })), audiences: ['a'] },
      request(),
      {
        outcome: 'rejected',
        message: 'the credential is not valid for the audiences of this server',
        advice:
          'The credential of "jane" is valid for the audiences "b", "c", but this server expects one of "a". Request a credential for one of these, or add the audience to the option audiences.',
      },
    ],
  ])('says what to do about %s', async (_, authenticator, asked, expected) => {
    expect(await explain(authenticator, asked)).toMatchObject(expected)
  })

  it('tells of Impersonate-* headers what the handler does with them', async () => {
    const asks = request({ headers: [['Impersonate-User', 'bob']] })
    expect(await explain(requests(knows(jane)), asks)).toMatchObject({
      outcome: 'authenticated',
      user: jane,
      advice:
        '"jane" asks to act as another user, which impersonation(...) decides after authentication. If it is not mounted, the request is refused with 403.',
    })
    const refused = await explain(requests(knows(jane)), asks, { impersonates: false })
    expect(refused).toMatchObject({ outcome: 'rejected', status: 403 })
    expect(refused.advice).toContain('mount impersonation(...)')
    expect(refused).not.toHaveProperty('user')
    expect(await explain(requests(knows(jane)), asks, { impersonationHeaders: 'pass' })).toMatchObject({
      outcome: 'authenticated',
      advice: 'Nothing to do: the request is authenticated as "jane".',
    })
  })

  it('tells the status that the options of the handler make', async () => {
    const down = requests(fails(unavailable('down')))
    expect(await explain(down, request(), { unavailableStatus: 503 })).toMatchObject({ status: 503 })
    expect(await explain(requests(knows(jane)), request())).not.toHaveProperty('status')
    await expect(explain(down, request(), { audiences: [] })).rejects.toThrow(ConfigurationError)
    await expect(explain({} as never, request())).rejects.toThrow(ConfigurationError)
  })

  it.each(['Bearer 0123456789abcdef', `Basic ${btoa('jane:0123456789abcdef')}`, '0123456789abcdef'])(
    'strikes out a credential that an authenticator repeats: %s',
    async (authorization) => {
      const repeats: Authenticator = {
        name: 'repeats',
        authenticate({ headers }) {
          const sent = headers.first('authorization') ?? ''
          throw rejected(`no such thing: ${sent} 0123456789abcdef ${sent.slice(0, -1)}`)
        },
      }
      const explanation = await explain(union(repeats, requests(noOpinion)), authorized(authorization))
      const text = JSON.stringify(explanation)
      expect(text).toContain('no such thing')
      expect(text).not.toContain('01234567')
      expect(text).not.toContain(authorization.slice(-12, -1))
    },
  )

  it.each<[string, unknown, string]>([
    ['nothing', undefined, 'must be the req of Express or Node'],
    ['null', null, 'must be the req of Express or Node'],
    ['a text', 'GET /', 'must be the req of Express or Node'],
    ['a function', () => {}, 'must be the req of Express or Node'],
    ['an empty object', {}, 'must be the req of Express or Node'],
    ['raw headers only', { rawHeaders: ['Accept', '*/*'] }, 'must be the req of Express or Node'],
    ['headers that are null', { rawHeaders: [], headers: null }, 'must be the req of Express or Node'],
    ['a response', new Response(), 'must be the req of Express or Node'],
    ['a promise', Promise.resolve(request()), 'is a promise; await it first'],
  ])('says so when it is given %s', async (_, given, message) => {
    const asked = explain(requests(noOpinion), given as AuthenticationRequest)
    await expect(asked).rejects.toThrow(TypeError)
    await expect(asked).rejects.toThrow(`explain(authenticator, request): request ${message}`)
  })

  it('tells the warnings', async () => {
    const { warnings } = await explain(bearerToken(tokens(noOpinion)), authorized('Bearer  t'))
    expect(warnings).toHaveLength(1)
  })

  it('asks for the audiences it is told, else for those of the chain', async () => {
    const asked: unknown[] = []
    const authenticator: Authenticator = {
      name: 'asking',
      audiences: ['api'],
      authenticate: (_, { audiences }) => void asked.push(audiences),
    }
    await explain(authenticator, request(), { audiences: ['other'] })
    await explain(authenticator, request())
    expect(asked).toEqual([['other'], ['api']])
  })

  it('is a tree of its own for each of two requests at the same time', async () => {
    const chain = bearerToken(tokens(later(knows(jane))))
    const both = await Promise.all([explain(chain, authorized('Bearer a')), explain(chain, request())])
    expect(both.map(outline)).toEqual([
      'bearerToken authenticated [tokens authenticated]',
      'bearerToken noOpinion',
    ])
  })

  it('tells who was asked when the caller gives up before they answer', async () => {
    const abort = new AbortController()
    const never = tokens(() => new Promise(() => undefined))
    const explanation = explain(bearerToken(cached(never)), authorized('Bearer t'), { signal: abort.signal })
    await settled()
    abort.abort()
    expect(outline(await explanation)).toBe('bearerToken unavailable [cached(tokens) unavailable]')
  })

  it('measures every authenticator', async () => {
    const { durationSeconds, steps } = await explain(bearerToken(tokens(noOpinion)), authorized('Bearer t'))
    expect(steps[0]?.durationSeconds).toBeGreaterThanOrEqual(0)
    expect(durationSeconds).toBeGreaterThanOrEqual(steps[0]?.durationSeconds ?? Infinity)
  })
})
