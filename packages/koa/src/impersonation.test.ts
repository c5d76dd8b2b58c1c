import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { authenticatorChain, type UserInfo } from '@kube-authn/core'
import { auditLog } from '@kube-authn/audit'
import { type Attributes, allow, type Authorizer, deny } from '@kube-authn/core/authorization'
import { tokenFile } from '@kube-authn/core/token-file'
import Koa from 'koa'
import { afterEach, describe, expect, expectTypeOf, it, vi } from 'vitest'
import { authentication, authorization, getAuthentication, getUser, impersonation } from './index.ts'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

async function listen(app: Koa): Promise<string> {
  const server = app.listen(0, '127.0.0.1')
  servers.push(server)
  await new Promise((resolve) => server.once('listening', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const chain = authenticatorChain({ tokens: [tokenFile('clark-token,clark,1\njane-token,jane,2\n')] })

/** Clark may impersonate any user; all users but clark may do anything but delete. */
const authorizer: Authorizer = {
  name: 'test',
  authorize({ user, verb }: Attributes) {
    if (verb.startsWith('impersonate')) return user.username === 'clark' ? allow() : deny('not clark')
    return user.username !== 'clark' && verb !== 'delete' ? allow() : deny('no')
  },
}

/** Refuses with what is thrown. */
function statusOf(step: () => unknown): unknown {
  try {
    step()
  } catch (error) {
    return (error as { status?: number }).status
  }
  return undefined
}

const as = (token: string, user?: string): RequestInit => ({
  headers: { authorization: `Bearer ${token}`, ...(user !== undefined && { 'impersonate-user': user }) },
})

describe('impersonation and authorization in Koa', () => {
  const lines: string[] = []
  const observer = auditLog({ write: (event) => lines.push(JSON.stringify(event)) })

  function app(): Koa {
    const made = new Koa()
    made
      .use(authentication(chain, { observer }))
      .use(impersonation(authorizer, { observer }))
      .use(
        authorization(authorizer, {
          observer,
          attributes: (ctx) => ({ verb: String(ctx.query['verb'] ?? 'get'), resource: 'things' }),
        }),
      )
      .use((ctx) => {
        expectTypeOf(ctx.state.user).toEqualTypeOf<UserInfo>()
        const { user, requester } = getAuthentication(ctx)
        ctx.body = [
          ctx.state.user.username,
          user.username,
          requester?.username ?? null,
          ctx.get('impersonate-user'),
        ]
      })
    return made
  }

  it('makes the request the other user’s, keeps the requester, and removes the header', async () => {
    const response = await fetch(await listen(app()), as('clark-token', 'superman'))
    expect(await response.json()).toEqual(['superman', 'superman', 'clark', ''])
    await vi.waitFor(() => expect(lines.at(-1)).toContain('ResponseComplete'))
    expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({
      stage: 'ResponseComplete',
      user: { username: 'clark' },
      impersonatedUser: { username: 'superman' },
      responseStatus: { code: 200 },
    })
  })

  it.each([
    { what: 'who may not impersonate', path: '/', init: as('jane-token', 'superman'), status: 403 },
    { what: 'who may not do it', path: '/?verb=delete', init: as('jane-token'), status: 403 },
    { what: 'with an unknown token', path: '/', init: as('wrong', 'superman'), status: 401 },
    { what: 'who may', path: '/', init: as('jane-token'), status: 200 },
  ])('responds with $status to a user $what', async ({ path, init, status }) => {
    const response = await fetch(`${await listen(app())}${path}`, init)
    expect(response.status).toBe(status)
    if (status !== 200) expect(await response.json()).toMatchObject({ kind: 'Status', code: status })
  })

  it('is a 500 where authentication was left out', async () => {
    const made = new Koa()
    made.use(authorization(authorizer)).use((ctx) => {
      ctx.body = 'passed'
    })
    expect((await fetch(await listen(made))).status).toBe(500)
  })

  it('leaves a request without user and without the wish that was not granted, where onFailure lets it pass', async () => {
    const made = new Koa()
    made
      .use(authentication(chain))
      .use(impersonation(authorizer, { onFailure: async (_error, _ctx, next) => next() }))
      .use((ctx) => {
        ctx.body = [ctx.state.user ?? null, ctx.headers, ctx.req.rawHeaders, statusOf(() => getUser(ctx))]
      })
    const text = await (await fetch(await listen(made), as('jane-token', 'superman'))).text()
    expect(JSON.parse(text)).toMatchObject([null, {}, expect.anything(), 403])
    expect(text).not.toMatch(/impersonate|superman/i)
  })

  it('hands a refused request to onFailure', async () => {
    const made = new Koa()
    const onFailure = (error: Error, ctx: Koa.ParameterizedContext): void => {
      ctx.status = 418
      ctx.body = error.message
    }
    made
      .use(authentication(chain))
      .use(impersonation(authorizer, { onFailure }))
      .use(authorization(authorizer, { onFailure }))
    const origin = await listen(made)
    expect((await fetch(origin, as('jane-token', 'superman'))).status).toBe(418)
    expect((await fetch(origin, as('clark-token'))).status).toBe(418)
  })
})
