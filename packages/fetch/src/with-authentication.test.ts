import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import {
  type Authentication,
  type Authenticator,
  authenticatorChain,
  ConfigurationError,
  type Observer,
  type UserInfo,
  userInfo,
} from '@kube-authn/core'
import { StatusError } from '@kube-authn/core/adapter'
import { allow, alwaysAllow, alwaysDeny, type Authorizer, deny } from '@kube-authn/core/authorization'
import { tokenFile } from '@kube-authn/core/token-file'
import { describe, expect, expectTypeOf, it, vi } from 'vitest'
import {
  getAuthentication,
  getUser,
  withAuthentication,
  withAuthorization,
  withImpersonation,
} from './index.ts'

const chain = authenticatorChain({ tokens: [tokenFile(Buffer.from('good,jane,1,"a,b"\ntök,joe,2\n'))] })

const asJane = (init: RequestInit = {}): Request =>
  new Request('http://localhost/a?b', {
    ...init,
    headers: { authorization: 'Bearer good', 'x-remote-user': 'root', 'x-kept': 'yes' },
  })

/** A request whose headers cannot be changed, as on Deno and Workers. */
function immutable<Req extends Request>(request: Req): Req {
  for (const method of ['delete', 'set', 'append'] as const) {
    Object.defineProperty(request.headers, method, {
      value: () => {
        throw new TypeError('immutable')
      },
    })
  }
  return request
}

describe('withAuthentication', () => {
  it('calls the handler with the user, and with the request without its credential', async () => {
    const GET = withAuthentication(chain, (request, { user, authentication }) => {
      expectTypeOf(user).toEqualTypeOf<UserInfo>()
      expectTypeOf(authentication).toEqualTypeOf<Authentication>()
      return Response.json({
        user,
        same: user === getUser(request) && authentication === getAuthentication(request),
        headers: [...request.headers.keys()],
      })
    })
    const response = await GET(asJane())
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual({
      user: { username: 'jane', uid: '1', groups: ['a', 'b', 'system:authenticated'], extra: {} },
      same: true,
      headers: ['x-kept'],
    })
  })

  it.each([
    ['no credential', {}],
    ['a wrong token', { authorization: 'Bearer bad' }],
    ['two Authorization headers, which Fetch joins', { authorization: 'Bearer good, Bearer good' }],
    ['a proxy’s header', { 'x-remote-user': 'root' }],
  ])('answers %s with one opaque Status, and does not call the handler', async (_what, headers) => {
    const handler = vi.fn(() => new Response())
    const response = await withAuthentication(chain, handler)(new Request('http://localhost/', { headers }))
    expect([response.status, response.headers.get('cache-control')]).toEqual([401, 'no-cache, private'])
    expect(response.headers.get('www-authenticate')).toMatch(/^Bearer realm="kubernetes-master"/)
    expect(await response.json()).toMatchObject({ kind: 'Status', message: 'Unauthorized', code: 401 })
    expect(handler).not.toHaveBeenCalled()
  })

  it('passes on all further arguments, typed, as route handlers of Next.js need', async () => {
    interface Route {
      readonly params: Promise<{ readonly id: string }>
    }
    const GET = withAuthentication(chain, async (_request, { user }, { params }: Route) => {
      return Response.json([user.username, (await params).id])
    })
    expectTypeOf(GET).toEqualTypeOf<(request: Request, route: Route) => Promise<Response>>()
    const response = await GET(asJane(), { params: Promise.resolve({ id: '7' }) })
    expect(await response.json()).toEqual(['jane', '7'])
    // @ts-expect-error -- an argument is missing
    await expect(GET(asJane())).rejects.toThrow(TypeError)
  })

  it('keeps the type of a handler without further arguments', () => {
    expectTypeOf(withAuthentication(chain, () => new Response())).toEqualTypeOf<
      (request: Request) => Promise<Response>
    >()
  })

  it('works in the hook of SvelteKit', async () => {
    interface Event {
      request: Request
      readonly locals: { user?: UserInfo }
    }
    interface Input {
      readonly event: Event
      readonly resolve: (event: Event) => Promise<Response>
    }
    const protect = withAuthentication(chain, (request, { user }, { event, resolve }: Input) => {
      event.request = request
      event.locals.user = user
      return resolve(event)
    })
    const handle = (input: Input): Promise<Response> => protect(input.event.request, input)
    const resolve = async ({ request, locals }: Event): Promise<Response> =>
      Response.json([locals.user?.username, request.headers.get('authorization')])
    const response = await handle({ event: { request: immutable(asJane()), locals: {} }, resolve })
    expect(await response.json()).toEqual(['jane', null])
    expect((await handle({ event: { request: new Request('http://a/'), locals: {} }, resolve })).status).toBe(
      401,
    )
  })

  it('gives the handler a copy where headers are immutable, with the body and the user', async () => {
    const POST = withAuthentication(chain, async (request) =>
      Response.json([await request.text(), getUser(request).username, request.headers.get('authorization')]),
    )
    const response = await POST(immutable(asJane({ method: 'POST', body: 'hi' })))
    expect(await response.json()).toEqual(['hi', 'jane', null])
  })

  it('gives the handler a copy of the class of the request', async () => {
    class FrameworkRequest extends Request {
      readonly nextUrl = new URL(this.url)
    }
    const GET = withAuthentication(chain, (request: FrameworkRequest) =>
      Response.json([
        request.nextUrl.pathname,
        getUser(request).username,
        request.headers.get('authorization'),
      ]),
    )
    expectTypeOf(GET).parameter(0).toEqualTypeOf<FrameworkRequest>()
    const response = await GET(immutable(new FrameworkRequest(asJane())))
    expect(await response.json()).toEqual(['/a', 'jane', null])
  })

  it.each(['good', 'bad'])('lets no request pass that cannot be copied: %s', async (token) => {
    const request = immutable(asJane({ method: 'POST', body: 'hi' }))
    await request.text()
    const handler = vi.fn(() => new Response())
    const observer = vi.fn<Observer>()
    const handle = withAuthentication(chain, handler, { observer })
    if (token === 'good') await expect(handle(request)).rejects.toThrow(TypeError)
    else expect((await withAuthentication(chain, handler)(new Request(request.url))).status).toBe(401)
    expect(handler).not.toHaveBeenCalled()
  })

  it('lets no request pass whose class makes something else of a copy', async () => {
    class Odd extends Request {
      constructor(input: Request) {
        super(input)
        // oxlint-disable-next-line no-constructor-return -- as odd as it is meant to be
        return new Request(input)
      }
    }
    const request = immutable(asJane())
    Object.setPrototypeOf(request, Odd.prototype)
    await expect(withAuthentication(chain, () => new Response())(request)).rejects.toThrow(TypeError)
  })

  it('adds warnings and the audit id to responses whose headers are immutable, and leaves others alone', async () => {
    const warning: Authenticator = {
      name: 'warning',
      authenticate: (_request, context) => {
        context.warn?.('renew it')
        return { user: userInfo({ username: 'jane' }) }
      },
    }
    const observer: Observer = (event) => void (event.type === 'received' && event.auditId(() => 'an-id'))
    const ask = (response: Response): Promise<Response> =>
      withAuthentication(warning, () => response, { observer })(new Request('http://localhost/'))
    const redirect = await ask(Response.redirect('http://localhost/b'))
    expect([redirect.status, redirect.headers.get('warning'), redirect.headers.get('audit-id')]).toEqual([
      302,
      '299 - "renew it"',
      'an-id',
    ])
    const own = await ask(new Response('a', { headers: { 'Audit-ID': 'own' } }))
    expect([await own.text(), own.headers.get('audit-id')]).toEqual(['a', 'own'])
    const failed = Response.error()
    expect(await ask(failed)).toBe(failed)
  })

  it.each([
    ['an answer', () => new Response('', { status: 201 }), 201],
    ['an error', () => Promise.reject(new Error('broken')), 500],
  ])('tells the observer of %s', async (_what, handler, status) => {
    const observer = vi.fn<Observer>()
    await withAuthentication(chain, handler, { observer })(asJane()).catch(() => undefined)
    const statuses = observer.mock.calls.flatMap(([event]) => (event.type === 'response' ? event.status : []))
    expect(statuses).toEqual([status])
  })

  it('lets another handler respond to refused requests, without a user', async () => {
    const open = (request: Request): Response => Response.json([...request.headers.keys()])
    const GET = withAuthentication(chain, () => new Response('private'), {
      onFailure: (error, request) => {
        expectTypeOf(error).toEqualTypeOf<StatusError>()
        expect(() => getUser(request)).toThrow('withAuthentication did not run')
        return open(request)
      },
    })
    const response = await GET(
      new Request('http://localhost/', { headers: { 'x-remote-user': 'root', a: '' } }),
    )
    expect(await response.json()).toEqual(['a'])
  })

  it('leaves the refusal to the caller if onFailure throws it', async () => {
    const onFailure = (error: StatusError): never => {
      throw error
    }
    const observer = vi.fn<Observer>()
    const GET = withAuthentication(chain, () => new Response(), { onFailure, observer })
    await expect(GET(new Request('http://localhost/'))).rejects.toBeInstanceOf(StatusError)
    expect(observer).toHaveBeenLastCalledWith(expect.objectContaining({ type: 'response', status: 401 }))
  })

  it('knows no user of a copy of the request, nor of a request it has not seen', () => {
    expect(() => getUser(asJane())).toThrow('withAuthentication did not run for this request')
    expect(() => getUser(asJane())).not.toThrow(StatusError)
  })

  it('reads the client certificate that Cloudflare saw', async () => {
    const seen: unknown[] = []
    const authenticator: Authenticator = {
      name: 'certificates',
      authenticate: (request) => {
        seen.push(request.tlsClientAuth?.())
        return undefined
      },
    }
    const tlsClientAuth = { certPresented: '1' }
    await withAuthentication(
      authenticator,
      () => new Response(),
    )(Object.assign(new Request('http://localhost/'), { cf: { tlsClientAuth } }))
    expect(seen).toEqual([tlsClientAuth])
  })

  it('keeps a decision running on Workers, whose execution context is one of the arguments', async () => {
    vi.stubGlobal('WebSocketPair', {})
    const waitUntil = vi.fn()
    const later: Authenticator = { ...chain, authenticate: async (...given) => chain.authenticate(...given) }
    const fetch = withAuthentication(
      later,
      (_request, { user }, env: { readonly name: string }, _ctx: object) =>
        Response.json([env.name, user.username]),
    )
    const response = await fetch(asJane(), { name: 'worker' }, { waitUntil })
    expect(await response.json()).toEqual(['worker', 'jane'])
    expect(waitUntil).toHaveBeenCalledTimes(1)
  })

  it('sees no header of Node that an earlier handler removed', async () => {
    const statusOf = async (left: Readonly<Record<string, string>>): Promise<number> => {
      const incoming = new IncomingMessage(new Socket())
      incoming.httpVersionMajor = 1
      incoming.rawHeaders.push('Authorization', 'Bearer good', 'X-Kept', 'yes')
      incoming.headers = { authorization: 'Bearer good', 'x-kept': 'yes' }
      const env = { incoming, outgoing: new ServerResponse(incoming) }
      const GET = withAuthentication<Request, [typeof env]>(chain, () => new Response())
      return (await GET(new Request('http://localhost/', { headers: left }), env)).status
    }
    expect(await statusOf({ authorization: 'Bearer good', 'x-kept': 'yes' })).toBe(200)
    expect(await statusOf({ 'x-kept': 'yes' })).toBe(401)
  })

  it('takes no connection from an argument that is parsed data', async () => {
    const forged = {
      incoming: {
        rawHeaders: ['authorization', 'Bearer good'],
        headers: {},
        httpVersionMajor: 1,
        once: true,
      },
      outgoing: { statusCode: 200, once: true },
    }
    const handle = withAuthentication(chain, (_request, _context, _body: object) => new Response())
    expect((await handle(new Request('http://localhost/'), forged)).status).toBe(401)
  })

  it.each([
    ['no authenticator', () => withAuthentication(undefined as never, () => new Response())],
    ['no handler', () => withAuthentication(chain, undefined as never)],
    ['an unknown option', () => withAuthentication(chain, () => new Response(), { realms: 'a' } as never)],
    ['no authorizer', () => withAuthorization(undefined as never, () => new Response())],
    ['no handler to authorize', () => withAuthorization(alwaysAllow(), undefined as never)],
    ['no handler to impersonate', () => withImpersonation(alwaysAllow(), undefined as never)],
  ])('refuses %s at once', (_what, make) => {
    expect(make).toThrow(ConfigurationError)
  })
})

describe('withAuthorization', () => {
  const named: Authorizer = {
    name: 'named',
    authorize: ({ user, name }) =>
      user.username === 'jane' && name === '7' ? allow() : deny('not that one'),
  }
  const attributes = async (_request: Request, { params }: { params: Promise<{ id: string }> }) => ({
    verb: 'get',
    resource: 'invoices',
    name: (await params).id,
  })

  it('asks about the attributes of the app, which may be in a promise', async () => {
    const GET = withAuthentication(
      chain,
      withAuthorization(named, (_request, { user }) => new Response(user.username), { attributes }),
    )
    const allowed = await GET(asJane(), { params: Promise.resolve({ id: '7' }) })
    expect([allowed.status, await allowed.text()]).toEqual([200, 'jane'])
    const denied = await GET(asJane(), { params: Promise.resolve({ id: '8' }) })
    expect([denied.status, await denied.json()]).toEqual([
      403,
      expect.objectContaining({ reason: 'Forbidden' }),
    ])
    expect((await GET(asJane(), { params: Promise.reject(new Error('broken')) })).status).toBe(500)
  })

  it('knows no user outside of withAuthentication', async () => {
    const guarded = withAuthorization(alwaysAllow(), () => new Response())
    expect((await guarded(asJane(), undefined as never)).status).toBe(500)
  })

  it('does not ask about a request that is refused anyway', async () => {
    const read = vi.fn(() => ({ verb: 'get', resource: 'invoices' }))
    const guarded = withAuthorization(alwaysAllow(), () => new Response(), { attributes: read })
    const asking = new Request('http://localhost/', {
      headers: { authorization: 'Bearer good', 'impersonate-user': 'bob' },
    })
    const GET = withAuthentication(chain, guarded, { impersonationHeaders: 'later' })
    expect((await GET(asking)).status).toBe(403)
    expect(read).not.toHaveBeenCalled()
    expect((await GET(asJane())).status).toBe(200)
    expect(read).toHaveBeenCalledOnce()
  })

  it('lets onFailure respond', async () => {
    const onFailure = (error: StatusError): Response => new Response(error.body.reason, { status: 404 })
    const GET = withAuthentication(
      chain,
      withAuthorization(alwaysDeny(), () => new Response(), { onFailure }),
    )
    expect((await GET(asJane())).status).toBe(404)
  })
})

describe('withImpersonation', () => {
  const asking = (user: string): Request =>
    new Request('http://localhost/', { headers: { authorization: 'Bearer good', 'impersonate-user': user } })
  const show = (
    request: Request,
    { user, authentication }: { user: UserInfo; authentication: Authentication },
  ) => Response.json([user.username, authentication.requester?.username, [...request.headers.keys()]])
  const unlessRoot: Authorizer = {
    name: 'unless-root',
    authorize: ({ name }) => (name === 'root' ? deny('not that one') : allow()),
  }

  it('is found by withAuthentication, and gives the handler both users', async () => {
    const GET = withAuthentication(chain, withImpersonation(unlessRoot, show))
    expect(await (await GET(asking('bob'))).json()).toEqual(['bob', 'jane', []])
    expect(await (await GET(asJane())).json()).toEqual(['jane', null, ['x-kept']])
    expect((await GET(asking('root'))).status).toBe(403)
    expect((await GET(immutable(asking('bob')))).status).toBe(200)
  })

  it('takes the user away who was there before the request asked to be another one', async () => {
    const anyone: Authenticator = {
      name: 'anyone',
      authenticate: () => ({ user: userInfo({ username: 'joe' }) }),
    }
    const last = vi.fn((request: Request) => {
      expect(() => getUser(request)).toThrow(StatusError)
      return new Response()
    })
    const inner = withAuthentication(anyone, last, { impersonationHeaders: 'later' })
    const GET = withAuthentication(anyone, (request, { user }) => {
      request.headers.set('impersonate-user', 'bob')
      expect(user.username).toBe('joe')
      return inner(request)
    })
    expect((await GET(new Request('http://localhost/'))).status).toBe(200)
    expect(last).toHaveBeenCalledOnce()
  })

  it('is not found behind another handler, unless it is announced', async () => {
    const behind = withAuthorization(alwaysAllow(), withImpersonation(unlessRoot, show))
    expect((await withAuthentication(chain, behind)(asking('bob'))).status).toBe(403)
    const inner = withImpersonation(unlessRoot, show)
    const reads = (request: Request, context: { user: UserInfo; authentication: Authentication }) => {
      expect(() => context.user).toThrow(StatusError)
      expect(() => getUser(request)).toThrow(StatusError)
      return inner(request, context)
    }
    const GET = withAuthentication(chain, reads, { impersonationHeaders: 'later' })
    expect(await (await GET(asking('bob'))).json()).toEqual(['bob', 'jane', []])
  })
})
