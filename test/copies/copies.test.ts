import type { Server } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { AuthenticateRequestOptions } from '@kube-authn/core/internal'
import type { Authenticator, TokenAuthenticator } from '@kube-authn/core'
import { fakeRequest } from '@kube-authn/testing'
import express from 'express'
import { Hono } from 'hono'
import Koa from 'koa'
import passport from 'passport'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { firstCopy as first, type Packages, secondCopy } from './second-copy.ts'

const { remove, ...second } = await secondCopy()
afterAll(remove)

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections()
})

async function listening(server: Server): Promise<string> {
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

function serverOf(app: Koa): Server {
  const listener = app.callback()
  return createServer((req, res) => void listener(req, res))
}

const bearer = { headers: { authorization: 'Bearer token' } }

/** Sends a request to an app of each framework with middlewares of these packages. */
type Ask = (
  packages: Packages,
  authenticator: Authenticator,
  options: Omit<AuthenticateRequestOptions, 'impersonationHeaders'>,
) => Promise<Response>

const adapters: readonly (readonly [name: string, ask: Ask])[] = [
  [
    'the Express adapter',
    async (packages, authenticator, options) => {
      const app = express().use(packages.express.authentication(authenticator, options))
      return fetch(await listening(createServer(app)), bearer)
    },
  ],
  [
    'the Koa adapter',
    async (packages, authenticator, options) => {
      const app = new Koa().use(packages.koa.authentication(authenticator, options))
      return fetch(await listening(serverOf(app)), bearer)
    },
  ],
  [
    'the Hono adapter',
    async (packages, authenticator, options) =>
      new Hono().use(packages.hono.authentication(authenticator, options)).request('/', bearer),
  ],
  [
    'the Passport strategy',
    async (packages, authenticator, options) => {
      const strategy = new packages.passport.Strategy(authenticator, options)
      const app = express().use(passport.authenticate(strategy, { session: false }))
      return fetch(await listening(createServer(app)), bearer)
    },
  ],
  [
    'authenticateRequest',
    async ({ adapter }, authenticator, options) => {
      const outcome = await adapter.authenticateRequest(
        authenticator,
        options,
      )(adapter.fetchRequest(new Request('http://localhost/', bearer)))
      if (!('failure' in outcome)) throw new Error('accepted')
      return outcome.failure.getResponse()
    },
  ],
]

/** Ways to put a token authenticator into a chain. */
const chains: readonly (readonly [
  name: string,
  chain: (packages: Packages, tokens: TokenAuthenticator) => Authenticator,
])[] = [
  ['authenticatorChain', ({ core }, tokens) => core.authenticatorChain({ tokens: [tokens] })],
  [
    'a chain with anonymous requests',
    ({ core }, tokens) => core.authenticatorChain({ tokens: [tokens], anonymous: true }),
  ],
  [
    'union',
    ({ core }, tokens) =>
      core.bearerToken(
        core.union<TokenAuthenticator>({ name: 'other', authenticateToken: () => undefined }, tokens),
      ),
  ],
  [
    'failFast',
    ({ core }, tokens) =>
      core.bearerToken(
        core.failFast<TokenAuthenticator>({ name: 'other', authenticateToken: () => undefined }, tokens),
      ),
  ],
  ['addGroups', ({ core }, tokens) => core.bearerToken(core.addGroups(['a'], tokens))],
  ['audienceAgnostic', ({ core }, tokens) => core.bearerToken(core.audienceAgnostic(['a'], tokens))],
  ['cached', ({ core, tokenCache }, tokens) => core.bearerToken(tokenCache.cached(tokens))],
]

const copies = [
  ['the first copy', first, second],
  ['the second copy', second, first],
] as const

const whenever = [
  ['at once', <T>(throwing: () => T) => throwing],
  [
    'later',
    <T>(throwing: () => T) =>
      async (): Promise<T> => {
        await Promise.resolve()
        return throwing()
      },
  ],
] as const

describe.each(adapters)('%s', (_name, ask) => {
  describe.each(copies)('of %s', (_copy, own, other) => {
    describe.each(chains)('with %s', (_chain, chainOf) => {
      it.each(whenever)(
        'answers 401 with a challenge to what the other copy rejected %s',
        async (_when, when) => {
          const authenticateToken = when((): undefined => {
            throw other.core.rejected('the token is revoked')
          })
          for (const composing of [own, other]) {
            const chain = chainOf(composing, { name: 'revoking', authenticateToken })
            const response = await ask(own, chain, { unavailableStatus: 503, audiences: ['a'] })
            expect(response.status).toBe(401)
            expect(response.headers.get('www-authenticate')).toContain('Bearer')
          }
        },
      )

      it('answers 503 where the other copy could not tell', async () => {
        const authenticateToken = (): undefined => {
          throw other.core.unavailable('down')
        }
        const chain = chainOf(own, { name: 'down', authenticateToken })
        expect((await ask(own, chain, { unavailableStatus: 503, audiences: ['a'] })).status).toBe(503)
      })
    })
  })
})

describe.each(copies)('an error of %s', (_copy, own, other) => {
  it('is an instance of the class of either copy', () => {
    const errors = [
      [own.core.rejected('bad'), other.core.AuthenticationError],
      [new own.core.ConfigurationError([]), other.core.ConfigurationError],
      [
        new own.adapter.StatusError({ status: 404, reason: 'NotFound', message: 'none' }),
        other.adapter.StatusError,
      ],
      [new own.authorization.AuthorizationError('down'), other.authorization.AuthorizationError],
    ] as const
    for (const [error, type] of errors) expect(error instanceof type).toBe(true)
  })

  it('ends a union of the other when it is final', async () => {
    const chain = other.core.union<Authenticator>(
      {
        name: 'twins',
        authenticate: () => {
          throw own.core.rejected('twins', { isFinal: true })
        },
      },
      { name: 'jane', authenticate: () => ({ user: own.core.userInfo({ username: 'jane' }) }) },
    )
    expect(await other.adapter.authenticateRequest(chain)(fakeRequest())).toMatchObject({
      failure: { status: 401 },
    })
  })

  it('is the answer of the other, where it is a status', async () => {
    const authorize = other.authorization.authorizeRequest(own.authorization.alwaysAllow())
    const outcome = await authorize(fakeRequest(), own.core.userInfo({ username: 'jane' }), {
      attributes: () => {
        throw new own.adapter.StatusError({ status: 404, reason: 'NotFound', message: 'no such thing' })
      },
    })
    expect(outcome).toMatchObject({ failure: { status: 404, message: 'no such thing' } })
  })
})

describe.each(copies)('what a middleware of %s found out', (_copy, own, other) => {
  const jane = own.core.userInfo({ username: 'jane', groups: ['a'] })
  const authenticator = own.core.authenticatorChain({
    tokens: [{ name: 'jane', authenticateToken: () => ({ user: jane }) }],
  })
  const onlyJane = {
    name: 'onlyJane',
    authorize: ({ user }: { readonly user?: { readonly username: string } }) =>
      user?.username === 'jane' ? other.authorization.allow() : other.authorization.deny('not jane'),
  }

  it('is known to those of the other, in Express', async () => {
    const app = express()
      .use(own.express.authentication(authenticator))
      .use(other.express.authorization(onlyJane))
      .get('/', (req, res) => void res.send(other.express.getUser(req).username))
    const response = await fetch(await listening(createServer(app)), bearer)
    expect([response.status, await response.text()]).toEqual([200, 'jane'])
  })

  it('is known to those of the other, in Koa', async () => {
    const app = new Koa()
      .use(own.koa.authentication(authenticator))
      .use(other.koa.authorization(onlyJane))
      .use((ctx) => {
        ctx.body = other.koa.getUser(ctx).username
      })
    const response = await fetch(await listening(serverOf(app)), bearer)
    expect([response.status, await response.text()]).toEqual([200, 'jane'])
  })

  it('is known to those of the other, in Hono', async () => {
    const requests = new Set<unknown>()
    const observer = (event: object): void => {
      if ('request' in event) requests.add(event.request)
    }
    const app = new Hono()
      .use(own.hono.authentication(authenticator, { observer }))
      .use(other.hono.authorization(onlyJane, { observer }))
      .get('/', (c) => c.text(other.hono.getUser(c).username))
    const response = await app.request('/', bearer)
    expect([response.status, await response.text()]).toEqual([200, 'jane'])
    expect(requests.size).toBe(1)
  })

  it('is known to the accessors of the other, in Passport', async () => {
    const app = express()
      .use(passport.authenticate(new own.passport.Strategy(authenticator), { session: false }))
      .get('/', (req, res) => void res.send(other.passport.getUser(req).username))
    const response = await fetch(await listening(createServer(app)), bearer)
    expect([response.status, await response.text()]).toEqual([200, 'jane'])
  })

  const impersonator = { name: 'impersonator', authorize: () => other.authorization.allow() }
  const asBob = { headers: { ...bearer.headers, 'Impersonate-User': 'bob' } }

  it('becomes another user by impersonation of the other, in Express', async () => {
    const app = express()
      .use(own.express.authentication(authenticator))
      .use(other.express.impersonation(impersonator))
      .get('/', (req, res) => void res.send(own.express.getUser(req).username))
    const response = await fetch(await listening(createServer(app)), asBob)
    expect([response.status, await response.text()]).toEqual([200, 'bob'])
  })

  it('becomes another user by impersonation of the other, in Koa', async () => {
    const app = new Koa()
      .use(own.koa.authentication(authenticator))
      .use(other.koa.impersonation(impersonator))
      .use((ctx) => {
        ctx.body = own.koa.getUser(ctx).username
      })
    const response = await fetch(await listening(serverOf(app)), asBob)
    expect([response.status, await response.text()]).toEqual([200, 'bob'])
  })

  it('becomes another user by impersonation of the other, in Hono', async () => {
    const app = new Hono()
      .use(own.hono.authentication(authenticator))
      .use(other.hono.impersonation(impersonator))
      .get('/', (c) => c.text(own.hono.getUser(c).username))
    const response = await app.request('/', asBob)
    expect([response.status, await response.text()]).toEqual([200, 'bob'])
  })

  it('is no user of a request that asks to act as another, without impersonation', async () => {
    const app = express()
      .use(own.express.authentication(authenticator))
      .use(other.express.authorization({ name: 'all', authorize: () => other.authorization.allow() }))
      .get('/', (req, res) => void res.send(other.express.getUser(req).username))
    expect((await fetch(await listening(createServer(app)), asBob)).status).toBe(403)
    const hono = new Hono()
      .use(own.hono.authentication(authenticator))
      .use(other.hono.authorization({ name: 'all', authorize: () => other.authorization.allow() }))
      .get('/', (c) => c.text(other.hono.getUser(c).username))
    expect((await hono.request('/', asBob)).status).toBe(403)
  })

  it('does not show in the request', async () => {
    let shown: readonly (symbol | string)[] = []
    const app = express()
      .use(own.express.authentication(authenticator))
      .get('/', (req, res) => {
        shown = Reflect.ownKeys({ ...req }).filter((key) => typeof key === 'symbol')
        res.end()
      })
    await fetch(await listening(createServer(app)), bearer)
    expect(shown.map(String).filter((key) => key.includes('kube-authn'))).toEqual([])
  })
})
