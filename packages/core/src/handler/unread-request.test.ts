import { describe, expect, it, vi } from 'vitest'
import { anonymous } from '../request/anonymous/anonymous.ts'
import type { Authenticator } from '../authenticator/authenticator.ts'
import type { Authorizer } from '../authorization/authorizer.ts'
import { authorizeRequest } from '../authorization/authorize-request.ts'
import { allow } from '../authorization/decision.ts'
import { certificateHeaders } from '../request/certificate-headers/certificate-headers.ts'
import { authenticatorChain } from '../chain/chain.ts'
import type { AuthenticationEvent } from '../authenticator/events.ts'
import { explain } from '../adapter/explain/explain.ts'
import { exactHeaders } from '../request/headers/exact.ts'
import { impersonateRequest } from '../impersonation/impersonate-request.ts'
import { incomingMessageRequest } from '../adapter/incoming-message/index.ts'
import type { AuthenticationRequest } from '../request/request.ts'
import { requestHeader } from '../request/request-header/request-header.ts'
import { tokenFile } from '../token/file/token-file.ts'
import { userInfo } from '../authenticator/user.ts'
import { authenticateRequest } from './authenticate-request.ts'

const deputy = userInfo({ username: 'deputy', groups: ['system:authenticated', 'system:masters'] })

/** A request of a deputy, cut before the header that says who it is for. */
function cutRequest(path = '/'): AuthenticationRequest {
  return incomingMessageRequest({
    method: 'POST',
    url: path,
    rawHeaders: ['Authorization', 'Bearer deputy', ...Array.from({ length: 2000 }, () => 'B')],
    headers: { authorization: 'Bearer deputy', b: 'B' },
    httpVersionMajor: 1,
  })
}

const everything: Authorizer = { name: 'everything', authorize: vi.fn(() => allow()) }
const known: Authenticator = { name: 'known', authenticate: vi.fn(() => ({ user: deputy })) }

describe('a request of which headers are missing', () => {
  it.each([
    {
      by: 'authenticateRequest',
      decide: async () => {
        const outcome = await authenticateRequest(known)(cutRequest())
        return 'failure' in outcome ? outcome.failure : undefined
      },
    },
    {
      by: 'impersonateRequest',
      decide: async () => {
        const outcome = await impersonateRequest(everything)(cutRequest(), deputy)
        return 'failure' in outcome ? outcome.failure : undefined
      },
    },
    {
      by: 'impersonateRequest with modes',
      decide: async () => {
        const impersonate = impersonateRequest(everything, { mode: 'constrained' })
        const outcome = await impersonate(cutRequest(), undefined)
        return 'failure' in outcome ? outcome.failure : undefined
      },
    },
    {
      by: 'authorizeRequest',
      decide: async () => {
        const outcome = await authorizeRequest(everything)(cutRequest(), deputy)
        return 'failure' in outcome ? outcome.failure : undefined
      },
    },
  ])('is a 431 of $by, which asks no authenticator', async ({ decide }) => {
    const answer = await decide()
    expect(answer).toMatchObject({ status: 431, headers: { 'content-type': 'application/json' } })
    expect(JSON.parse(answer?.content ?? '')).toMatchObject({ kind: 'Status', code: 431 })
    expect(everything.authorize).not.toHaveBeenCalled()
    expect(known.authenticate).not.toHaveBeenCalled()
  })

  it('removes identities in case the request is passed on, and does not challenge', async () => {
    const chain = authenticatorChain({ tokens: [tokenFile('deputy,deputy,1')] })
    const outcome = await authenticateRequest(chain)(cutRequest())
    if (!('failure' in outcome)) throw new Error('it was let through')
    expect(outcome.failure.headers).not.toHaveProperty('www-authenticate')
    expect(outcome.headerChanges.remove).toEqual(expect.arrayContaining(['authorization', 'x-remote-user']))
    const acting = await impersonateRequest(everything)(cutRequest(), deputy)
    expect(acting.headerChanges.remove).toContain('impersonate-user')
  })

  it('is told to an observer', async () => {
    const events: AuthenticationEvent[] = []
    const observer = (event: AuthenticationEvent): void => void events.push(event)
    await authenticateRequest(known, { observer })(cutRequest('/a?b'))
    await impersonateRequest(everything, { observer })(cutRequest(), deputy)
    await authorizeRequest(everything, { observer })(cutRequest(), deputy)

    expect(events).toMatchObject([
      { type: 'request', result: 'error', error: { code: 'rejected' } },
      {
        type: 'impersonation',
        result: 'denied',
        requester: { username: 'deputy' },
        failure: { status: 431 },
      },
      { type: 'authorization', result: 'error', failure: { status: 431 } },
    ])
  })

  it('is told as refused by explain', async () => {
    expect(await explain(known, cutRequest())).toMatchObject({
      outcome: 'rejected',
      message: 'The request has more header fields than this server reads',
      status: 431,
      advice: expect.stringContaining('maxHeadersCount = 0'),
    })
  })

  it.each([
    authenticatorChain({ tokens: [tokenFile('deputy,deputy,1')], anonymous: true }),
    requestHeader({ trusts: () => true, usernameHeaders: ['X-Remote-User'] }),
  ])('has no user for an authenticator that is asked by itself: $name', async (authenticator) => {
    await expect(async () => authenticator.authenticate(cutRequest(), {})).rejects.toThrow()
  })
})

/** A request of HTTP/2 to a server that may lose a header unseen, unless it says otherwise. */
function http2Request(
  headers: readonly string[],
  complete: boolean | 'unsaid' = false,
): AuthenticationRequest {
  const list = exactHeaders(headers)
  return {
    method: 'GET',
    path: '/',
    query: '',
    httpVersionMajor: 2,
    headers: {
      exact: true,
      ...(complete !== 'unsaid' && { complete }),
      first: (name) => list.first(name),
      all: (name) => list.all(name),
      entries: () => list.entries(),
      hasPrefix: (prefix) => list.hasPrefix(prefix),
    },
  }
}

const wish = ['impersonate-user', 'jane']
const proxy = requestHeader({
  trusts: ({ headers }) => headers.first('x-secret') === 's',
  usernameHeaders: ['X-Remote-User'],
})
const behindProxy = certificateHeaders(
  { format: 'client-cert', trusts: ({ headers }) => headers.first('x-secret') === 's' },
  known,
)

describe('where a header may be lost unseen', () => {
  it.each([
    { what: 'a wish', headers: wish, user: deputy, status: 505 },
    { what: 'what may have been one', headers: [], user: deputy, status: 505 },
    { what: 'an unauthenticated request', headers: [], user: undefined, status: undefined },
    {
      what: 'impersonation headers of an unauthenticated request',
      headers: wish,
      user: undefined,
      status: 500,
    },
  ])('impersonation answers $what with $status', async ({ headers, user, status }) => {
    const asked = vi.mocked(everything.authorize).mockClear()
    const outcome = await impersonateRequest(everything)(http2Request(headers), user)
    expect('failure' in outcome ? outcome.failure.status : undefined).toBe(status)
    expect(asked).not.toHaveBeenCalled()
    if (status !== 505) return
    expect(outcome).toMatchObject({
      failure: {
        body: {
          kind: 'Status',
          reason: 'HTTPVersionNotSupported',
          message: expect.stringContaining('use HTTP/1.1, or create the server with http2ServerOptions'),
        },
      },
      headerChanges: { remove: expect.arrayContaining(['impersonate-user']) },
    })
  })

  it.each([true, 'unsaid'] as const)('and not where none is lost: complete is %j', async (complete) => {
    const outcome = await impersonateRequest(everything)(http2Request(wish, complete), deputy)
    expect(outcome).toMatchObject({ user: { username: 'jane' }, requester: { username: 'deputy' } })
  })

  it.each([
    ['requestHeader, with a user', proxy, ['x-secret', 's', 'x-remote-user', 'jane']],
    ['requestHeader, without one', proxy, ['x-secret', 's']],
    ['certificateHeaders, with a certificate', behindProxy, ['x-secret', 's', 'client-cert', ':MA==:']],
    ['certificateHeaders, without one', behindProxy, ['x-secret', 's']],
  ] as const)('a proxy is not believed: %s', async (_, authenticator, headers) => {
    await expect(async () => authenticator.authenticate(http2Request(headers), {})).rejects.toMatchObject({
      code: 'rejected',
      message: expect.stringContaining('let the proxy use HTTP/1.1'),
    })
  })

  it('a proxy that is not trusted is not another user either, whatever it sends', async () => {
    const chain = authenticatorChain({
      requestHeader: proxy,
      tokens: [tokenFile('own,the-proxy,1')],
      anonymous: true,
    })
    const headers = ['x-secret', 's', 'authorization', 'Bearer own']
    expect(await authenticateRequest(chain)(http2Request(headers))).toMatchObject({
      failure: { status: 401 },
    })
  })

  it('those who are no proxy are as they were', async () => {
    expect(await proxy.authenticate(http2Request(['x-remote-user', 'jane']), {})).toBeUndefined()
    expect(await behindProxy.authenticate(http2Request(['client-cert', ':MA==:']), {})).toMatchObject({
      user: deputy,
    })
  })

  it.each([
    { conditions: undefined, path: '/', throws: true },
    { conditions: [{ path: '/' }], path: '/', throws: true },
    { conditions: [{ path: '/healthz' }], path: '/', throws: false },
  ])('a request without a credential is not anonymous: %j', async ({ conditions, path, throws }) => {
    const authenticator = anonymous(conditions === undefined ? {} : { conditions })
    const answer = Promise.resolve().then(() => authenticator.authenticate({ ...http2Request([]), path }, {}))
    if (throws) await expect(answer).rejects.toMatchObject({ code: 'rejected' })
    else expect(await answer).toBeUndefined()
    expect(
      await authenticator.authenticate(
        { ...http2Request([], true), path: conditions?.[0]?.path ?? path },
        {},
      ),
    ).toMatchObject({ user: { username: 'system:anonymous' } })
  })

  it('a good token counts as ever', async () => {
    const chain = authenticatorChain({ tokens: [tokenFile('t,jane,1')], anonymous: true })
    const authenticate = authenticateRequest(chain)
    expect(await authenticate(http2Request(['authorization', 'Bearer t']))).toMatchObject({
      authentication: { user: { username: 'jane' } },
    })
    expect(await authenticate(http2Request([]))).toMatchObject({ failure: { status: 401 } })
  })
})

it.each([
  { httpVersionMajor: 1, username: 'jane' },
  { httpVersionMajor: 2, username: ' jane\t' },
])(
  'a blank at an end of a wanted name is a part of it over HTTP/2 only: %j',
  async ({ httpVersionMajor, username }) => {
    const request = { ...http2Request(['impersonate-user', ' jane\t'], true), httpVersionMajor }
    expect(await impersonateRequest(everything)(request, deputy)).toMatchObject({ user: { username } })
  },
)

it('is logged as refused by authentication, with its own message', async () => {
  const log = vi.fn()
  await authenticateRequest(known, { log })(cutRequest('/app'))
  const reason = 'The request has more header fields than this server reads'
  expect(log.mock.calls).toEqual([
    [
      {
        level: 'warn',
        type: 'refusal',
        status: 431,
        method: 'POST',
        path: '/app',
        reason,
        message: `kube-authn: 431 POST /app: ${reason}.`,
      },
    ],
  ])
})
